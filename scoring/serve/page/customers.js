// The customers view: a customer's predictions, the reasons, and the micro-segment.

import { el, svg } from "./dom.js";
import { between, capital, count, day, figure, moment, percent, spaced } from "./words.js";

export async function show(subject, options, ask) {
  const found = subject ? await Promise.all([ask(`v1/customers/${encodeURIComponent(subject)}`).catch(missing), ask("v1/tasks")]) : [];
  const [answer, overall] = found;
  const hint = el("p", { class: "note", id: "customer-help" }, "The id as in ", el("code", {}, "marts.customers"), ", for example C0000042. ", el("a", { href: "#/audiences" }, "Audiences"), " list the ids of their first members.");
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
    answer?.error ? el("p", { class: "alert", role: "alert" }, `No prediction for “${subject}” is published. Write the id as in the tables, with the same capital letters.`) : null,
    answer && !answer.error
      ? answer.predictions.map((each) => card(each, overall.tasks.find((task) => task.task === each.task)))
      : null,
  ].filter(Boolean).flat();
}

function missing(error) {
  if (error.status === 404) return { error: error.message };
  throw error;
}

function card(prediction, task) {
  const scored = task?.scored;
  const average = scored ? scored.expected / scored.rows : null;
  const id = `h-${prediction.task}`;
  return el(
    "section",
    { "aria-labelledby": id, class: "customer" },
    el("h2", { id }, capital(prediction.title)),
    el(
      "div",
      { class: "halves" },
      el(
        "div",
        {},
        el("p", { class: "big" }, el("strong", {}, percent(prediction.probability)), el("span", {}, "probability")),
        average ? el("p", {}, comparedWithAverage(prediction.probability, average), " ", rank(prediction.probability, scored.quantiles)) : null,
        average ? scale(prediction.probability, average) : null,
        el("h3", {}, "Why"),
        reasons(prediction.reasons),
        el("p", { class: "note" }, `As of ${day(prediction.as_of_date)}, by model `, el("code", {}, prediction.model_version), prediction.scored_at ? `, scored ${moment(prediction.scored_at)}.` : "."),
      ),
      prediction.micro_segment ? segment(prediction.micro_segment) : null,
    ),
  );
}

/** A probability compared with the average of all customers, in words. */
function comparedWithAverage(probability, average) {
  const times = probability / average;
  const mean = `the average customer (${percent(average)})`;
  if (times >= 1.15) return `That is ${figure(times, 1)} times ${mean}.`;
  if (times > 0.87) return `That is about the same as ${mean}.`;
  return times > 0.05 ? `That is ${figure(times, 2)} times ${mean}.` : `That is less than one twentieth of ${mean}.`;
}

function rank(probability, quantiles) {
  const below = quantiles.filter((each) => probability >= each.probability).at(-1);
  if (!below) return "At least 90 of 100 customers have a higher probability.";
  if (below.share >= 0.9) return `Among the ${figure(100 * (1 - below.share), 0)} of 100 customers with the highest probability.`;
  return `Higher than for ${figure(100 * below.share, 0)} of 100 customers.`;
}

function scale(probability, average) {
  const at = (x) => 100 * Math.min(1, x);
  return el(
    "div",
    { class: "scale", role: "img", "aria-label": `On a scale from 0 to 100 %: this customer ${percent(probability)}, the average ${percent(average)}` },
    svg(
      "svg",
      { viewBox: "0 0 100 10", preserveAspectRatio: "none" },
      svg("rect", { class: "track", x: 0, y: 3, width: 100, height: 4 }),
      svg("rect", { class: "part", x: 0, y: 3, width: at(probability), height: 4 }),
      svg("rect", { class: "average", x: Math.max(0, at(average) - 0.3), y: 0, width: 0.6, height: 10 }),
    ),
    el("p", { class: "note", "aria-hidden": "true" }, el("span", { class: "average-key" }), `average: ${percent(average)}`),
  );
}

function reasons(found) {
  if (!found.length) return el("p", {}, "No feature moved the score from the average.");
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
          { class: "contribution", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
          svg("rect", { class: raises ? "raises" : "lowers", x: raises ? 50 : 50 - share, y: 1, width: share, height: 8 }),
          svg("rect", { class: "axis", x: 49.8, y: 0, width: 0.4, height: 10 }),
        ),
        el("span", { class: "direction" }, `${raises ? "raises" : "lowers"} the probability: odds ${raises ? "×" : "÷"} ${figure(Math.exp(Math.abs(each.contribution)), 2)}`),
      );
    }),
  );
}

const PRECISION = {
  reliable: "The segment is large enough to use this rate.",
  borderline: "The segment is borderline: use the interval, not the rate.",
  too_few: "The segment has too few customers for a reliable rate; use its best estimate, which also uses the segments around it.",
};

function segment(row) {
  const where = new URLSearchParams({ outcome: row.outcome, as_of_date: row.segment_as_of_date });
  return el(
    "div",
    { class: "card" },
    el("h3", {}, "Micro-segment"),
    el("p", {}, el("a", { href: `#/segments/${encodeURIComponent(row.segment_id)}?${where}` }, row.segment_name)),
    el("p", {}, `${count(row.buyers)} of ${count(row.customers)} customers of the segment did so from ${day(row.segment_as_of_date)} on: ${percent(row.rate)} (95 % interval ${between(row.wilson_low, row.wilson_high)}). ${PRECISION[row.verdict]}`),
    el("p", {}, `Best estimate ${percent(row.eb_rate)} (${between(row.eb_low, row.eb_high)}).`),
  );
}
