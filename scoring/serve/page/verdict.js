// The health of a model in words.

import { el, svg } from "./dom.js";
import { count, day, figure, plural } from "./words.js";

/** {word, tone, text}: decided by the checks of all its scores, then by those of segments and features. */
export function verdict({ checks, segment_checks: segments, feature_checks: features }) {
  const total = (counts) => counts.fail + counts.warn + counts.ok;
  const own = total(checks);
  if (!own && !total(segments) && !total(features)) return { word: "Not checked", tone: "none", text: "No check covers this model." };
  const text = [
    own ? counted(checks, "of its scores") : "Its scores have not been checked yet.",
    total(segments) ? counted(segments, "of its scores in single micro-segments") : "",
    total(features) ? counted(features, "of its features") : "",
  ];
  const [word, tone] = checks.fail
    ? ["Do not rely on it", "bad"]
    : checks.warn || segments.fail || features.fail
      ? ["To look at", "look"]
      : own
        ? ["Healthy", "good"]
        : ["Not known yet", "none"];
  return { word, tone, text: text.filter(Boolean).join(" ") };
}

function counted({ fail, warn, ok }, what) {
  const total = count(fail + warn + ok);
  if (!fail && !warn) return `All ${total} checks ${what} are ok.`;
  const parts = [fail ? `${count(fail)} failed` : "", warn ? `${count(warn)} warned` : ""];
  return `Of ${total} checks ${what}, ${parts.filter(Boolean).join(" and ")}.`;
}

/** The word with a mark, so that the meaning does not depend on colour. */
export function badge({ word, tone }) {
  const shapes = {
    good: svg("path", { d: "M3 8.5 6.5 12 13 4.5" }),
    look: svg("path", { d: "M8 3v6M8 12v.5" }),
    bad: svg("path", { d: "M4 4l8 8M12 4l-8 8" }),
    none: svg("path", { d: "M3 8h10" }),
  };
  return el("span", { class: `badge ${tone}` }, svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, shapes[tone]), word);
}

/** The outcomes of its newest matured scores; without any, its evaluation. */
export function realised(task) {
  const evaluated = task.promised.roc_auc;
  const newest = task.performance.filter((row) => row.is_champion).at(-1);
  if (!newest) {
    return `The outcomes of its scores are not known yet. Its evaluation after training gave AUC ${figure(evaluated)}, on ${plural(task.entity)} not used for training.`;
  }
  const auc =
    newest.auc === null
      ? "too few to compute an AUC"
      : `AUC ${figure(newest.auc)} (${figure(newest.auc_low)} to ${figure(newest.auc_high)}), compared with ${figure(evaluated)} in the evaluation after training`;
  return `Of ${count(newest.row_count)} ${plural(task.entity)} scored as of ${day(newest.as_of_date)}, ${count(newest.predicted_buyers)} were expected to and ${count(newest.buyers)} did: ${auc}.`;
}
