// The micro-segments view: a chart of size and rate, a table, and the panel of one segment.

import { fitted, key } from "./charts.js";
import { el, range } from "./dom.js";
import { scatter } from "./scatter.js";
import { panel } from "./segment.js";
import { between, capital, count, day, percent } from "./words.js";

const VERDICTS = { reliable: "reliable", borderline: "borderline", too_few: "too few" };
const FIRST = 60; // rows of the table that are shown at first

// The settings of the table, kept while the tab is open.
const set = { sort: "wilson_low", down: true, find: "", all: false };
let opened = ""; // the id of the open segment
let from = ""; // the id of the element it was opened from

/** The element to focus: the heading of a segment just opened, or the origin of one just closed. */
export function focus(subject) {
  const before = opened;
  opened = subject;
  if (subject === before) return null;
  return subject ? "segment-name" : from;
}

export async function show(subject, options, ask) {
  const query = new URLSearchParams();
  for (const name of ["outcome", "as_of_date"]) if (options.get(name)) query.set(name, options.get(name));
  const asked = query.size ? `?${query}` : "";
  const [found, one] = await Promise.all([
    ask(`v1/segments${asked}`),
    subject ? ask(`v1/segments/${encodeURIComponent(subject)}${asked}`).catch(missing) : null,
  ]);
  const heading = el("h1", {}, "Micro-segments");
  if (!found.place) {
    return [heading, el("p", {}, "No micro-segment is published. When an outcome has matured, run dbt build and publish.")];
  }
  const level = options.get("level");
  const rows = found.segments.filter((row) => row.level > 0 && (!level || row.level === Number(level)));
  const everyone = found.segments.find((row) => row.level === 0);
  const go = (change) => {
    const next = new URLSearchParams({ ...Object.fromEntries(options), ...change.options });
    for (const [name, value] of [...next]) if (!value) next.delete(name);
    const path = change.subject ?? subject;
    location.hash = `/segments${path ? `/${encodeURIComponent(path)}` : ""}${next.size ? `?${next}` : ""}`;
  };
  const open = (id) => {
    from = document.activeElement?.id ?? "";
    go({ subject: id });
  };


  return [
    heading,
    el(
      "p",
      { class: "lead" },
      `${percent(everyone?.rate)} of ${count(everyone?.customers)} customers made a ${found.place.title}, as of ${day(found.place.as_of_date)}. `,
      "The fewer customers a segment has, the wider is the interval of its rate, and the less reliable is the rate.",
    ),
    controls(found, level, go),
    el(
      "div",
      { class: one ? "with-panel open" : "with-panel" },
      el("div", {}, picture(rows, everyone, found.place, subject, open), listed(rows, subject, go, open)),
      one && panel(one, subject, go),
    ),
  ];
}

function missing(error) {
  if (error.status === 404) return { error: error.message };
  throw error;
}

function controls(found, level, go) {
  const { outcome, as_of_date: asOf } = found.place;
  const choice = found.choices.find((each) => each.outcome === outcome);
  const levels = [...new Map(found.segments.filter((row) => row.level > 0).map((row) => [row.level, row.level_title]))];
  const field = (id, label, values, chosen, change) =>
    el(
      "div",
      { class: "field" },
      el("label", { for: id }, label),
      el(
        "select",
        { id, on: { change: (event) => change(event.target.value) } },
        values.map(([value, text]) => el("option", { value, selected: String(value) === String(chosen) }, text)),
      ),
    );
  return el(
    "form",
    { class: "controls", "aria-label": "Filters", on: { submit: (event) => event.preventDefault() } },
    field("outcome", "Outcome", found.choices.map((each) => [each.outcome, capital(each.title)]), outcome, (value) =>
      go({ subject: "", options: { outcome: value, as_of_date: "" } })),
    field("as-of", "As of", choice.as_of_dates.map((each) => [each, day(each)]), asOf, (value) =>
      go({ subject: "", options: { as_of_date: value } })),
    field("level", "Level", [["", "All"], ...levels.map(([each, title]) => [each, `${each}: ${title}`])], level ?? "", (value) =>
      go({ subject: "", options: { level: value } })),
  );
}

function picture(rows, everyone, place, chosen, open) {
  const holder = el("div", { class: "holder" });
  const bubble = el("p", { class: "bubble", "aria-hidden": "true", hidden: true });
  const tip = (row, at) => {
    bubble.hidden = !row;
    if (!row) return;
    bubble.replaceChildren(
      el("b", {}, row.segment_name),
      el("span", {}, `${count(row.buyers)} of ${count(row.customers)}: ${percent(row.rate)}, ${between(row.wilson_low, row.wilson_high)}`),
    );
    const right = at[0] > holder.clientWidth / 2;
    bubble.style.left = right ? "" : `${at[0] + 14}px`;
    bubble.style.right = right ? `${holder.clientWidth - at[0] + 14}px` : "";
    bubble.style.top = `${at[1] + 10}px`;
  };
  if (rows.length) {
    fitted(holder, (width) => {
      const focused = holder.contains(document.activeElement) && document.activeElement.id;
      const drawn = scatter(rows, { width, everyone, chosen, open, tip });
      holder.replaceChildren(drawn, bubble);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    });
  }
  const counted = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  return el(
    "figure",
    { "aria-label": "Size and rate" },
    el("p", { class: "axis-name" }, `Rate of ${place.title}, by customers in the segment`),
    holder,
    el(
      "figcaption",
      {},
      el(
        "ul",
        { class: "legend" },
        Object.entries(VERDICTS).map(([verdict, words]) => el("li", {}, key(verdict), `${words} (${counted(verdict)})`)),
      ),
      el("span", { id: "scatter-help" }, "Each point is a segment, and the line is its 95 % interval. Click a point to open it, or use Tab, the arrow keys and Enter."),
    ),
  );
}

/** The interval below the rate, for screens without room for its own column. */
const tight = (row) =>
  el("small", { class: "tight" }, between(row.wilson_low, row.wilson_high), el("span", { class: "phone" }, `, ${VERDICTS[row.verdict]}`));
const COLUMNS = [
  { name: "segment_name", title: "Segment" },
  { name: "customers", title: "Customers", class: "n", cell: (row) => count(row.customers) },
  { name: "buyers", title: "Buyers", class: "n wide", cell: (row) => count(row.buyers) },
  { name: "rate", title: "Rate", class: "n", cell: (row) => [percent(row.rate), tight(row)] },
  { name: "wilson_low", title: "95 % interval", class: "n wide", cell: (row) => between(row.wilson_low, row.wilson_high) },
  { name: "eb_rate", title: "Best estimate", class: "n wide", cell: (row) => percent(row.eb_rate) },
  { name: "verdict", title: "Verdict", class: "roomy", cell: (row) => VERDICTS[row.verdict] },
];
const ORDER = { reliable: 2, borderline: 1, too_few: 0 };

function listed(rows, chosen, go, open) {
  const holder = el("div");
  const find = el("input", {
    id: "find", type: "search", value: set.find, placeholder: "for example: active 25-34",
    on: { input: () => ((set.find = find.value), draw()) },
  });
  const matches = el("p", { class: "note", role: "status" });

  function draw() {
    const words = set.find.toLowerCase().split(/\s+/).filter(Boolean);
    const fitting = rows.filter((row) => words.every((word) => row.segment_name.toLowerCase().includes(word)));
    const value = (row) => (set.sort === "verdict" ? ORDER[row.verdict] : row[set.sort]);
    const compare = (a, b) => (typeof value(a) === "string" ? value(a).localeCompare(value(b)) : value(a) - value(b));
    const sorted = [...fitting].sort((a, b) => (set.down ? compare(b, a) : compare(a, b)));
    const shown = set.all ? sorted : sorted.slice(0, FIRST);
    const most = Math.max(...rows.map((row) => row.wilson_high), 0.01);
    matches.textContent = fitting.length === rows.length ? "" : `${fitting.length} of ${rows.length} segments match.`;
    const head = (column) =>
      el(
        "th",
        { scope: "col", class: column.class, "aria-sort": set.sort === column.name ? (set.down ? "descending" : "ascending") : null },
        el(
          "button",
          {
            type: "button", class: "sort", id: `sort-${column.name}`,
            on: {
              click: () => {
                set.down = set.sort === column.name ? !set.down : column.name !== "segment_name";
                set.sort = column.name;
                draw();
                document.getElementById(`sort-${column.name}`).focus();
              },
            },
          },
          column.title,
        ),
      );
    const line = (row) =>
      el(
        "tr",
        { class: row.segment_id === chosen ? "own" : row.verdict === "too_few" ? "faint" : null },
        el(
          "th",
          { scope: "row" },
          el("a", {
            id: `row-${row.segment_id}`, href: `#/segments/${encodeURIComponent(row.segment_id)}`,
            on: { click: (event) => (event.preventDefault(), open(row.segment_id)) },
          }, row.segment_name),
        ),
        COLUMNS.slice(1).map((column) => el("td", { class: column.class }, column.cell(row))),
        el("td", { class: "wide" }, range(row.wilson_low, row.rate, row.wilson_high, most)),
      );
    holder.replaceChildren(
      el(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Micro-segments as a table" },
        el(
          "table",
          { id: "segments" },
          el("caption", { class: "visually-hidden" }, "Micro-segments, one row each"),
          el("thead", {}, el("tr", {}, COLUMNS.map(head), el("th", { scope: "col", class: "wide" }, "Interval as a chart"))),
          el("tbody", {}, shown.map(line)),
        ),
      ),
      ...(shown.length < sorted.length
        ? [el("p", {}, el("button", { type: "button", on: { click: () => ((set.all = true), draw()) } }, `Show all ${count(sorted.length)}`))]
        : []),
    );
  }
  draw();
  return el(
    "section",
    { class: "close", "aria-labelledby": "h-rows" },
    el("h2", { id: "h-rows" }, "Micro-segments as a table"),
    el("div", { class: "field" }, el("label", { for: "find" }, "Find by words of the name"), find),
    matches,
    holder,
    el("p", { class: "note" }, "The table is sorted by the lower end of the interval at first. The best estimate also uses the parent segment: the fewer customers a segment has, the more."),
  );
}
