// The overview: expected outcomes, model health, audiences, and the best micro-segments.

import { el, range, section, table } from "./dom.js";
import { badge, realised, verdict } from "./verdict.js";
import { between, capital, count, day, percent, plural } from "./words.js";

const BEST = 5;

export async function show(subject, options, ask) {
  const [{ tasks }, { audiences }, found, checks] = await Promise.all([
    ask("v1/tasks"),
    ask("v1/audiences"),
    ask("v1/segments"),
    ask("v1/checks"),
  ]);
  return [
    el("h1", {}, "Who will buy, and how far that can be trusted"),
    el("ul", { class: "headlines" }, [...tasks.map(expected), segmentCounts(found), checkCounts(checks)].filter(Boolean).map((each) => el("li", {}, each))),
    section("Models", tasks.length ? el("div", { class: "cards" }, tasks.map(card)) : el("p", {}, "No champion is published: run python -m ml train.")),
    audiences.length ? section("Audiences", listed(audiences)) : null,
    found.place ? section("Reliable micro-segments", best(found)) : null,
  ];
}

function expected(task) {
  const { scored } = task;
  if (!scored) return null;
  return [
    `A ${task.entity} `, el("b", {}, task.title), `: of ${count(scored.rows)} ${plural(task.entity)}, as of ${day(scored.as_of_date)}, `,
    el("strong", {}, count(scored.expected)), ` are expected to (${percent(scored.expected / scored.rows)}).`,
    task.promised.gain_top_10pct
      ? [" The 10 % with the highest probability include about ", el("strong", {}, percent(task.promised.gain_top_10pct, 0)), " of them."]
      : "",
  ].flat();
}

function segmentCounts({ counts }) {
  if (!counts?.segments) return null;
  return [
    el("strong", {}, count(counts.reliable)), ` of ${count(counts.segments)} micro-segments are large enough for a reliable rate, `,
    `${count(counts.borderline)} are borderline, ${count(counts.too_few)} have too few customers.`,
  ];
}

/** The counts of all checks, with those of single micro-segments. */
function checkCounts({ counts, counts_of_segments: segments, as_of_date: asOf }) {
  const [fail, warn, ok] = ["fail", "warn", "ok"].map((status) => counts[status] + segments[status]);
  const total = fail + warn + ok;
  if (!total) return null;
  return [
    fail + warn
      ? `Of ${count(total)} checks as of ${day(asOf)}, ${count(fail)} failed and ${count(warn)} warned. `
      : `All ${count(total)} checks as of ${day(asOf)} are ok. `,
    el("a", { href: "#/health" }, "Model health"),
  ];
}

function card(task) {
  const found = verdict(task);
  return el(
    "article",
    { class: "card" },
    el("h3", {}, `A ${task.entity} ${task.title}`),
    el("p", {}, badge(found)),
    el("p", {}, found.text),
    el("p", {}, realised(task)),
    el("p", { class: "note" }, `${capital(task.candidate_title)}, `, el("code", {}, task.model_version), task.training ? `, trained on ${count(task.training.rows)} rows up to ${day(task.training.to)}.` : "."),
  );
}

function listed(audiences) {
  return table(
    "Audiences and their sizes",
    [
      { title: "Audience", cell: (row) => el("a", { href: `#/audiences/${encodeURIComponent(row.audience)}` }, row.title) },
      { title: "Customers", class: "n", cell: (row) => count(row.customers) },
      { title: "To contact", class: "n", cell: (row) => count(row.customers - row.held_out) },
      { title: "Description", class: "wide", cell: (row) => row.description },
    ],
    audiences,
    { captionClass: "visually-hidden" },
  );
}

function best(found) {
  const rows = found.segments
    .filter((row) => row.reliable_rank !== null)
    .sort((a, b) => a.reliable_rank - b.reliable_rank)
    .slice(0, BEST);
  if (!rows.length) return el("p", {}, "No micro-segment is reliable: none has enough customers for an interval of ±5 points.");
  const most = Math.max(...rows.map((row) => row.wilson_high));
  return [
    el("p", {}, `The reliable micro-segments with the highest rate of ${found.place.title}, ordered by the lower end of the interval, as of ${day(found.place.as_of_date)}, the newest date with a known outcome.`),
    table(
      "Reliable micro-segments with the highest rates",
      [
        { title: "Segment", cell: (row) => el("a", { href: `#/segments/${encodeURIComponent(row.segment_id)}` }, row.segment_name) },
        { title: "Customers", class: "n", cell: (row) => count(row.customers) },
        { title: "Rate and 95 % interval", class: "n", cell: (row) => [percent(row.rate), el("small", {}, between(row.wilson_low, row.wilson_high))] },
        { title: "Interval as a chart", class: "wide", cell: (row) => range(row.wilson_low, row.rate, row.wilson_high, most) },
      ],
      rows,
      { captionClass: "visually-hidden" },
    ),
  ];
}
