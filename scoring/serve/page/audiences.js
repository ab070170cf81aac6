// Audiences: how many, who comes first, what a campaign added.

import { el, section, table } from "./dom.js";
import { capital, count, day, percent, points } from "./words.js";

const VERDICTS = { adds: "the campaign worked", takes_away: "the campaign did harm: leave them alone", unclear: "may be chance" };

export async function show(subject, options, ask) {
  return subject ? one(await ask(`v1/audiences/${encodeURIComponent(subject)}`)) : all(await ask("v1/audiences"));
}

function all({ audiences }) {
  return [
    el("h1", {}, "Audiences"),
    el("p", { class: "lead" }, "Who could be contacted, with consent, and who is held out so that what a campaign adds can be measured."),
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
    row.lift.length ? row.lift.map((each) => el("p", {}, said(each))) : el("p", { class: "note" }, "What a campaign adds is not known yet: nothing was delivered whose time is over."),
  );
}

function sizes(row) {
  if (!row.customers) return "Nobody is in it at the moment.";
  const share = percent(row.held_out / row.customers, 0);
  return `${count(row.customers - row.held_out)} to contact, ${count(row.held_out)} (${share}) held out; as of ${day(row.as_of_date)}.`;
}

function said(row) {
  return [
    el("b", {}, `${capital(row.title)}: ${VERDICTS[row.verdict] ?? row.verdict}. `),
    `${percent(row.contacted_rate)} of ${count(row.contacted)} contacted, ${percent(row.held_out_rate)} of ${count(row.held_out)} held out: `,
    `${points(row.effect)} (${points(row.effect_low)} to ${points(row.effect_high)}), about ${count(row.added_responders)} customers.`,
  ];
}

function one({ audience: row, members }) {
  // Without its unit a number says nothing; the model's YAML has it.
  const isShare = /probability/i.test(row.priority);
  const priority = (value) => (value === null ? "–" : isShare ? percent(value) : count(value));
  return [
    el("p", { class: "back" }, el("a", { href: "#/audiences" }, "All audiences")),
    el("h1", {}, row.title),
    el("p", { class: "lead" }, row.description),
    el("p", {}, sizes(row), " To deliver it: ", el("code", {}, `python -m scoring activate --audience ${row.audience}`), "."),
    section("What campaigns added", row.lift.length
      ? row.lift.map((each) => el("p", {}, said(each)))
      : el("p", {}, "Not known yet: nothing was delivered whose time is over, or too few were held out to tell.")),
    members.length
      ? section(
          "Who comes first",
          el("p", { class: "note" }, members.length < row.customers ? `The first ${members.length} of ${count(row.customers)}, by: ` : "By: ", row.priority.replace(/\.$/, "").toLowerCase(), "."),
          table(
            `Customers of ${row.title}`,
            [
              { title: "Customer", cell: (each) => el("a", { href: `#/customers/${encodeURIComponent(each.customer_id)}` }, each.customer_id) },
              { title: isShare ? "Probability" : "Priority", class: "n", cell: (each) => priority(each.priority) },
              { title: "Why", cell: (each) => each.reason ?? "–" },
              { title: "Contact", cell: (each) => (each.is_holdout ? "held out" : "yes") },
            ],
            members,
            { captionClass: "unseen", rowClass: (each) => (each.is_holdout ? "faint" : null) },
          ),
        )
      : null,
  ];
}
