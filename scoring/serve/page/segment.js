// The panel of one micro-segment: its figures in words, its parts, and its figures at other dates.

import { fitted, overTime } from "./charts.js";
import { el, table } from "./dom.js";
import { between, count, day, figure, percent, points, shortDay } from "./words.js";

/** The panel next to the chart; Escape closes it. */
export function panel(found, subject, go) {
  const close = () => go({ subject: "" });
  const top = (name, ...rest) =>
    el(
      "aside",
      { class: "panel", "aria-labelledby": "segment-name", on: { keydown: (event) => event.key === "Escape" && close() } },
      el(
        "div",
        { class: "panel-top" },
        el("h2", { id: "segment-name", tabindex: "-1" }, name),
        el("button", { type: "button", class: "close-panel", "aria-label": "Close", on: { click: close } }, "×"),
      ),
      rest,
    );
  if (found.error) {
    return top(subject, el("p", {}, "No segment that may be shown has this id at this date. It may have been merged with its siblings, because it had too few customers."));
  }
  const { segment: row, place, parent, instead, parts, dates } = found;
  const to = (other) => {
    const link = el("a", { href: "#", on: { click: (event) => (event.preventDefault(), go({ subject: other.segment_id })) } }, other.segment_name);
    return link;
  };
  return top(
    row.segment_name,
    el("p", { class: "big" }, el("strong", {}, percent(row.rate)), el("span", {}, `95 % interval ${between(row.wilson_low, row.wilson_high)}`)),
    el("p", {}, `${count(row.buyers)} of ${count(row.customers)} customers made a ${place.title}, as of ${day(place.as_of_date)}.`),
    el("p", {}, el("b", {}, verdict(row)), " ", precision(row)),
    row.verdict === "too_few" && instead && instead.segment_id !== row.segment_id
      ? el("p", {}, "Use the rate of ", to(instead), ` instead: ${percent(instead.rate)}.`)
      : null,
    row.verdict === "too_few" && (!instead || instead.segment_id === row.segment_id)
      ? el("p", {}, `Use the best estimate, with care: ${percent(row.eb_rate)} (${between(row.eb_low, row.eb_high)}).`)
      : null,
    el(
      "dl",
      {},
      fact("Best estimate", `${percent(row.eb_rate)} (${between(row.eb_low, row.eb_high)}); it also uses the parent segment.`),
      parent ? fact("Compared with its parent", comparison(row, parent, to)) : null,
      fact("Share", `${percent(row.customers_share)} of all customers, ${percent(row.buyers_share)} of all buyers.`),
      row.customers_scored ? fact("Predicted by the model", predicted(row)) : null,
    ),
    dates.length > 1 ? history(dates, place) : null,
    parts.length
      ? table(
          `Its ${parts.length} parts`,
          [
            { title: "Segment", cell: to },
            { title: "Customers", class: "n", cell: (part) => count(part.customers) },
            { title: "Rate", class: "n", cell: (part) => percent(part.rate) },
          ],
          parts,
          { rowClass: (part) => (part.verdict === "too_few" ? "faint" : null) },
        )
      : null,
  );
}

const fact = (term, ...text) => [el("dt", {}, term), el("dd", {}, text)];

function verdict(row) {
  return { reliable: "Reliable.", borderline: "Borderline.", too_few: "Too few customers." }[row.verdict];
}

function precision(row) {
  const half = (row.wilson_high - row.wilson_low) / 2;
  const needed = row.customers_needed > row.customers ? `; ±2 points would need ${count(row.customers_needed)} customers` : "";
  return `The rate is known to about ±${figure(100 * half, 1)} points${needed}.`;
}

function comparison(row, parent, to) {
  if (row.customers === parent.customers) return ["The same customers as ", to(parent), "."];
  const words = row.q_value <= 0.05 ? "The difference is more than chance" : "The difference may be chance";
  const q = row.q_value < 0.001 ? "under 0.001" : figure(row.q_value, 3);
  return [`${figure(row.lift, 2)} times the rate of `, to(parent), ` (${percent(parent.rate)}). ${words} (q = ${q}).`];
}

function predicted(row) {
  const off = row.observed_minus_predicted;
  const [low, high] = [row.observed_minus_predicted_low, row.observed_minus_predicted_high];
  const words = low > 0 ? "the model was too low here" : high < 0 ? "the model was too high here" : "within chance";
  return `${percent(row.predicted_rate)} was predicted. The actual rate differs by ${points(off)} (${points(low)} to ${points(high)}): ${words}.`;
}

function history(dates, place) {
  const holder = el("div", { class: "holder" });
  const high = Math.min(1, Math.max(...dates.map((row) => row.wilson_high)) * 1.05);
  fitted(holder, (width) =>
    holder.replaceChildren(
      overTime(
        dates.map((row) => ({
          at: row.as_of_date, value: row.rate, low: row.wilson_low, high: row.wilson_high,
          class: row.as_of_date === place.as_of_date ? "main now" : "main",
          words: `${day(row.as_of_date)}: ${percent(row.rate)}`,
        })),
        { low: 0, high, format: (value) => percent(value, 0), formatDay: shortDay },
        width,
      ),
    ),
  );
  return [
    el("h3", {}, "At other dates"),
    holder,
    el(
      "details",
      {},
      el("summary", {}, "As a table"),
      table(
        "The segment by date",
        [
          { title: "As of", cell: (row) => shortDay(row.as_of_date) },
          { title: "Customers", class: "n", cell: (row) => count(row.customers) },
          { title: "Rate", class: "n", cell: (row) => percent(row.rate) },
          { title: "95 % interval", class: "n", cell: (row) => between(row.wilson_low, row.wilson_high) },
        ],
        [...dates].reverse(),
      ),
    ),
  ];
}
