// The audiences view: sizes, first members, and the effect of campaigns.

import { el, section, table } from "./dom.js";
import { capital, count, day, percent, points } from "./words.js";

const VERDICTS = { adds: "the campaign worked", takes_away: "the campaign did harm, do not contact this audience", unclear: "may be chance" };

export async function show(subject, options, ask) {
  return subject ? one(await ask(`v1/audiences/${encodeURIComponent(subject)}`)) : all(await ask("v1/audiences"));
}

function all({ audiences }) {
  return [
    el("h1", {}, "Audiences"),
    el("p", { class: "lead" }, "Customers with consent who could be contacted. Some are held out, so that the effect of a campaign can be measured."),
    audiences.length
      ? el("div", { class: "cards" }, audiences.map(card))
      : el("p", {}, "No audience is published. An audience is a model in models/activation."),
  ];
}

function card(row) {
  return el(
    "article",
    { class: "card" },
    el("h2", {}, el("a", { href: `#/audiences/${encodeURIComponent(row.audience)}` }, row.title)),
    el("p", { class: "big" }, el("strong", {}, count(row.customers)), el("span", {}, row.customers === 1 ? "customer" : "customers")),
    el("p", {}, row.description),
    el("p", {}, sizes(row)),
    row.lift.length ? row.lift.map((each) => el("p", {}, effect(each))) : el("p", { class: "note" }, "The effect of a campaign is not known yet: no delivery has reached the end of its outcome window."),
  );
}

function sizes(row) {
  if (!row.customers) return "The audience is empty at the moment.";
  const share = percent(row.held_out / row.customers, 0);
  return `${count(row.customers - row.held_out)} to contact, ${count(row.held_out)} (${share}) held out; as of ${day(row.as_of_date)}.`;
}

function effect(row) {
  return [
    el("b", {}, `${capital(row.title)}: ${VERDICTS[row.verdict] ?? row.verdict}. `),
    `${percent(row.contacted_rate)} of ${count(row.contacted)} contacted, ${percent(row.held_out_rate)} of ${count(row.held_out)} held out: `,
    `${points(row.effect)} (${points(row.effect_low)} to ${points(row.effect_high)}), about ${count(row.added_responders)} customers.`,
  ];
}

function one({ audience: row, members }) {
  // The unit of the priority is only in its description, which comes from the model's YAML.
  const isShare = /probability/i.test(row.priority);
  const priority = (value) => (value === null ? "–" : isShare ? percent(value) : count(value));
  return [
    el("p", { class: "back" }, el("a", { href: "#/audiences" }, "All audiences")),
    el("h1", {}, row.title),
    el("p", { class: "lead" }, row.description),
    el("p", {}, sizes(row), " To deliver it: ", el("code", {}, `python -m scoring activate --audience ${row.audience}`), "."),
    section("Effect of campaigns", row.lift.length
      ? row.lift.map((each) => el("p", {}, effect(each)))
      : el("p", {}, "Not known yet: no delivery has reached the end of its outcome window, or too few customers were held out.")),
    members.length
      ? section(
          "First members",
          el("p", { class: "note" }, members.length < row.customers ? `The first ${members.length} of ${count(row.customers)}, ordered by: ` : "Ordered by: ", row.priority.replace(/\.$/, "").toLowerCase(), "."),
          table(
            `Customers of ${row.title}`,
            [
              { title: "Customer", cell: (each) => el("a", { href: `#/customers/${encodeURIComponent(each.customer_id)}` }, each.customer_id) },
              { title: isShare ? "Probability" : "Priority", class: "n", cell: (each) => priority(each.priority) },
              { title: "Reason", cell: (each) => each.reason ?? "–" },
              { title: "Contact", cell: (each) => (each.is_holdout ? "held out" : "yes") },
            ],
            members,
            { captionClass: "visually-hidden", rowClass: (each) => (each.is_holdout ? "faint" : null) },
          ),
        )
      : null,
  ];
}
