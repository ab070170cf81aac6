// The first view: what is expected, how far it can be trusted, where to go on.

import { el, range, section, table } from "./dom.js";
import { badge, cameTrue, verdict } from "./verdict.js";
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
    el("ul", { class: "said" }, [...tasks.map(expected), segmentsSaid(found), checksSaid(checks)].filter(Boolean).map((each) => el("li", {}, each))),
    section("Models", tasks.length ? el("div", { class: "cards" }, tasks.map(card)) : el("p", {}, "No champion is published: run python -m ml train.")),
    audiences.length ? section("Audiences", listed(audiences)) : null,
    found.place ? section("Where to count on a rate", best(found)) : null,
  ];
}

function expected(task) {
  const { scored } = task;
  if (!scored) return null;
  return [
    `A ${task.entity} `, el("b", {}, task.title), `: of ${count(scored.rows)} ${plural(task.entity)}, as of ${day(scored.as_of_date)}, `,
    el("strong", {}, count(scored.expected)), ` are expected to (${percent(scored.expected / scored.rows)}).`,
    task.promised.gain_top_10pct
      ? [" The likeliest tenth holds about ", el("strong", {}, percent(task.promised.gain_top_10pct, 0)), " of all that do."]
      : "",
  ].flat();
}

function segmentsSaid({ counts }) {
  if (!counts?.segments) return null;
  return [
    el("strong", {}, count(counts.reliable)), ` of ${count(counts.segments)} micro-segments are large enough to go by their own rate; `,
    `${count(counts.borderline)} are borderline, ${count(counts.too_few)} have too few customers.`,
  ];
}

/** Of all checks, those of single micro-segments among them. */
function checksSaid({ counts, counts_of_segments: segments, as_of_date: asOf }) {
  const [fail, warn, ok] = ["fail", "warn", "ok"].map((status) => counts[status] + segments[status]);
  const total = fail + warn + ok;
  if (!total) return null;
  return [
    fail + warn
      ? `Of ${count(total)} checks of ${day(asOf)} ${fail ? count(fail) : "none"} failed, and ${count(warn)} ${warn === 1 ? "is" : "are"} to be looked at: `
      : `All ${count(total)} checks of ${day(asOf)} are ok: `,
    el("a", { href: "#/health" }, "model health"), ".",
  ];
}

function card(task) {
  const found = verdict(task);
  return el(
    "article",
    { class: "card" },
    el("h3", {}, `A ${task.entity} ${task.title}`),
    el("p", {}, badge(found)),
    el("p", {}, found.says),
    el("p", {}, cameTrue(task)),
    el("p", { class: "note" }, `${capital(task.candidate_title)}, `, el("code", {}, task.model_version), task.training ? `, learned from ${count(task.training.rows)} rows up to ${day(task.training.to)}.` : "."),
  );
}

function listed(audiences) {
  return table(
    "Who could be contacted",
    [
      { title: "Audience", cell: (row) => el("a", { href: `#/audiences/${encodeURIComponent(row.audience)}` }, row.title) },
      { title: "Customers", class: "n", cell: (row) => count(row.customers) },
      { title: "To contact", class: "n", cell: (row) => count(row.customers - row.held_out) },
      { title: "Who is in it", class: "wide", cell: (row) => row.description },
    ],
    audiences,
    { captionClass: "unseen" },
  );
}

function best(found) {
  const rows = found.segments
    .filter((row) => row.reliable_rank !== null)
    .sort((a, b) => a.reliable_rank - b.reliable_rank)
    .slice(0, BEST);
  if (!rows.length) return el("p", {}, "No micro-segment is reliable: all have too few customers for an interval of ±5 points.");
  const most = Math.max(...rows.map((row) => row.wilson_high));
  return [
    el("p", {}, `The reliable micro-segments with the highest rate of ${found.place.title}, by the lower end of the interval; as of ${day(found.place.as_of_date)}, the newest date of which that is known.`),
    table(
      "The best of the reliable",
      [
        { title: "Segment", cell: (row) => el("a", { href: `#/segments/${encodeURIComponent(row.segment_id)}` }, row.segment_name) },
        { title: "Customers", class: "n", cell: (row) => count(row.customers) },
        { title: "Rate, 95 % interval below", class: "n", cell: (row) => [percent(row.rate), el("small", {}, between(row.wilson_low, row.wilson_high))] },
        { title: "On one scale", class: "wide", cell: (row) => range(row.wilson_low, row.rate, row.wilson_high, most) },
      ],
      rows,
      { captionClass: "unseen" },
    ),
  ];
}
