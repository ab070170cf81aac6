// What a model's health comes to, in words.

import { el, svg } from "./dom.js";
import { count, day, figure, plural } from "./words.js";

/** {word, tone, says}: checks of all its scores decide, then those of segments and features. */
export function verdict({ checks, segment_checks: segments, feature_checks: features }) {
  const total = (counts) => counts.fail + counts.warn + counts.ok;
  const own = total(checks);
  if (!own && !total(segments) && !total(features)) return { word: "Not checked", tone: "none", says: "No check has looked at it." };
  const says = [
    own ? said(checks, "of its scores") : "Nothing has been checked of its scores yet.",
    total(segments) ? said(segments, "of them in single micro-segments") : "",
    total(features) ? said(features, "of its features") : "",
  ];
  const [word, tone] = checks.fail
    ? ["Do not rely on it", "bad"]
    : checks.warn || segments.fail || features.fail
      ? ["To be looked at", "look"]
      : own
        ? ["Healthy", "good"]
        : ["Not known yet", "none"];
  return { word, tone, says: says.filter(Boolean).join(" ") };
}

function said({ fail, warn, ok }, what) {
  const total = count(fail + warn + ok);
  if (!fail && !warn) return `All ${total} checks ${what} are ok.`;
  const parts = [fail ? `${count(fail)} failed` : "", warn ? `${count(warn)} ${warn === 1 ? "is" : "are"} to be looked at` : ""];
  return `Of ${total} checks ${what} ${parts.filter(Boolean).join(" and ")}.`;
}

/** The word with a mark, which colour alone does not carry. */
export function badge({ word, tone }) {
  const shapes = {
    good: svg("path", { d: "M3 8.5 6.5 12 13 4.5" }),
    look: svg("path", { d: "M8 3v6M8 12v.5" }),
    bad: svg("path", { d: "M4 4l8 8M12 4l-8 8" }),
    none: svg("path", { d: "M3 8h10" }),
  };
  return el("span", { class: `badge ${tone}` }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, shapes[tone]), word);
}

/** What came true of its newest scores, or that nothing has yet. */
export function cameTrue(task) {
  const promised = task.promised.roc_auc;
  const newest = task.performance.filter((row) => row.is_champion).at(-1);
  if (!newest) {
    return `None of its scores has come due yet. When it was made, it ranked with AUC ${figure(promised)} on ${plural(task.entity)} it had not learned from.`;
  }
  const auc =
    newest.auc === null
      ? "too few to say how well it ranks"
      : `AUC ${figure(newest.auc)} (${figure(newest.auc_low)} to ${figure(newest.auc_high)}), where ${figure(promised)} was promised`;
  return `Of ${count(newest.row_count)} ${plural(task.entity)} scored as of ${day(newest.as_of_date)}, ${count(newest.predicted_buyers)} were expected to and ${count(newest.buyers)} did: ${auc}.`;
}
