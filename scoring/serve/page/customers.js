// A customer's card: what is expected, why, and which micro-segment that is read beside.

import { el, svg } from "./dom.js";
import { between, capital, count, day, figure, moment, percent, spaced } from "./words.js";

export async function show(subject, options, ask) {
  const found = subject ? await Promise.all([ask(`v1/customers/${encodeURIComponent(subject)}`).catch(missing), ask("v1/tasks")]) : [];
  const [answer, overall] = found;
  const hint = el("p", { class: "note", id: "customer-help" }, "As in ", el("code", {}, "marts.customers"), ", such as C0000042. ", el("a", { href: "#/audiences" }, "Audiences"), " list who comes first.");
  const input = el("input", { id: "customer", name: "customer", type: "search", value: subject, autocomplete: "off", spellcheck: "false", required: true, maxlength: 200, "aria-describedby": "customer-help" });
  return [
    el("h1", {}, subject && !answer.error ? `Customer ${subject}` : "Customers"),
    el(
      "form",
      {
        class: "search", role: "search",
        on: {
          submit: (event) => {
            event.preventDefault();
            const wanted = input.value.trim();
            if (wanted) location.hash = `/customers/${encodeURIComponent(wanted)}`;
          },
        },
      },
      el("label", { for: "customer" }, "Customer id"),
      input,
      el("button", { class: "main", id: "show-customer" }, "Show"),
      hint,
    ),
    answer?.error ? el("p", { class: "alert", role: "alert" }, `No prediction of “${subject}” is published. Is it written as in the tables, capitals and all?`) : null,
    answer && !answer.error
      ? answer.predictions.map((each) => card(each, overall.tasks.find((task) => task.task === each.task)))
      : null,
  ].filter(Boolean).flat();
}

function missing(error) {
  if (error.status === 404) return { error: error.message };
  throw error;
}

function card(said, task) {
  const scored = task?.scored;
  const average = scored ? scored.expected / scored.rows : null;
  const id = `h-${said.task}`;
  return el(
    "section",
    { "aria-labelledby": id, class: "customer" },
    el("h2", { id }, capital(said.title)),
    el(
      "div",
      { class: "halves" },
      el(
        "div",
        {},
        el("p", { class: "big" }, el("strong", {}, percent(said.probability)), el("span", {}, "probability")),
        average ? el("p", {}, beside(said.probability, average), " ", rank(said.probability, scored.quantiles)) : null,
        average ? scale(said.probability, average) : null,
        el("h3", {}, "Why"),
        reasons(said.reasons),
        el("p", { class: "note" }, `As of ${day(said.as_of_date)}, by `, el("code", {}, said.model_version), said.scored_at ? `, scored ${moment(said.scored_at)}.` : "."),
      ),
      said.micro_segment ? segment(said.micro_segment) : null,
    ),
  );
}

/** What a probability means beside everybody's. */
function beside(probability, average) {
  const times = probability / average;
  const mean = `the average customer (${percent(average)})`;
  if (times >= 1.15) return `That is ${figure(times, 1)} times ${mean}.`;
  if (times > 0.87) return `That is about ${mean}.`;
  return times > 0.05 ? `That is ${figure(times, 2)} times ${mean}.` : `That is next to nothing beside ${mean}.`;
}

function rank(probability, quantiles) {
  const below = quantiles.filter((each) => probability >= each.probability).at(-1);
  if (!below) return "Nine of ten customers are likelier to.";
  if (below.share >= 0.9) return `Among the likeliest ${figure(100 * (1 - below.share), 0)} of 100 customers.`;
  return `Likelier than ${figure(100 * below.share, 0)} of 100 customers.`;
}

function scale(probability, average) {
  const at = (x) => 100 * Math.min(1, x);
  return el(
    "div",
    { class: "scale", role: "img", "aria-label": `On a scale from 0 to 100 %: this customer ${percent(probability)}, the average ${percent(average)}` },
    svg(
      "svg",
      { viewBox: "0 0 100 10", preserveAspectRatio: "none" },
      svg("rect", { class: "whole", x: 0, y: 3, width: 100, height: 4 }),
      svg("rect", { class: "part", x: 0, y: 3, width: at(probability), height: 4 }),
      svg("rect", { class: "average", x: Math.max(0, at(average) - 0.3), y: 0, width: 0.6, height: 10 }),
    ),
    el("p", { class: "note", "aria-hidden": "true" }, el("span", { class: "average-key" }), `the line is the average, ${percent(average)}`),
  );
}

function reasons(found) {
  if (!found.length) return el("p", {}, "Nothing moved it from the average.");
  const most = Math.max(...found.map((each) => Math.abs(each.contribution)), 1e-9);
  return el(
    "ol",
    { class: "reasons" },
    found.map((each) => {
      const raises = each.contribution > 0;
      const words = (each.text ?? spaced(each.reason)).replace(/ \((raises|lowers) it\)$/, "");
      const share = (50 * Math.abs(each.contribution)) / most;
      return el(
        "li",
        {},
        el("span", { class: "why" }, capital(words)),
        svg(
          "svg",
          { class: "pull", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: raises ? "raises" : "lowers", x: raises ? 50 : 50 - share, y: 1, width: share, height: 8 }),
          svg("rect", { class: "axis", x: 49.8, y: 0, width: 0.4, height: 10 }),
        ),
        el("span", { class: "way" }, `${raises ? "raises" : "lowers"} it: odds ${raises ? "×" : "÷"} ${figure(Math.exp(Math.abs(each.contribution)), 2)}`),
      );
    }),
  );
}

const WORTH = {
  reliable: "The segment is large enough to go by.",
  borderline: "The segment is borderline: read its interval, not its rate.",
  too_few: "The segment has too few customers to go by its rate; its best estimate borrows from those around it.",
};

function segment(row) {
  const where = new URLSearchParams({ outcome: row.outcome, as_of_date: row.segment_as_of_date });
  return el(
    "div",
    { class: "card" },
    el("h3", {}, "Micro-segment"),
    el("p", {}, el("a", { href: `#/segments/${encodeURIComponent(row.segment_id)}?${where}` }, row.segment_name)),
    el("p", {}, `Of ${count(row.customers)} such customers ${count(row.buyers)} did, counted from ${day(row.segment_as_of_date)} on: ${percent(row.rate)} (95 % interval ${between(row.wilson_low, row.wilson_high)}). ${WORTH[row.verdict]}`),
    el("p", {}, `Best estimate ${percent(row.eb_rate)} (${between(row.eb_low, row.eb_high)}).`),
  );
}
