// Model health: what was promised, what came true, what the checks say.

import { fitted, overTime } from "./charts.js";
import { el, section, table } from "./dom.js";
import { badge, cameTrue, verdict } from "./verdict.js";
import { capital, count, day, figure, percent, plural, shortDay } from "./words.js";

const PROMISED = [
  ["roc_auc", "AUC", "how often one that comes true is ranked above one that does not; 0.5 is chance", figure],
  ["gain_top_10pct", "Found in the likeliest tenth", "of all that come true", (value) => percent(value, 0)],
  ["expected_calibration_error", "Calibration error", "mean gap between what was predicted and what came true", (value) => percent(value)],
  ["base_rate", "Base rate", "how many came true of all", (value) => percent(value)],
];
const STATUS = { fail: { word: "failed", tone: "bad" }, warn: { word: "to look at", tone: "look" }, ok: { word: "ok", tone: "good" } };
let isAll = false; // checks that are ok are listed, too

export async function show(subject, options, ask) {
  const [{ tasks }, checks] = await Promise.all([ask("v1/tasks"), ask("v1/checks")]);
  return [
    el("h1", {}, "Model health"),
    tasks.length ? tasks.map(model) : el("p", {}, "No champion is published: run python -m ml train."),
    section("Checks", listed(checks)),
  ].flat();
}

function model(task) {
  const found = verdict(task);
  return section(
    `A ${task.entity} ${task.title}`,
    el("p", {}, badge(found), " ", found.says),
    el("p", {}, cameTrue(task)),
    el(
      "div",
      { class: "halves" },
      table(
        `What it was measured with before it was used: ${task.title}`,
        [
          { title: "Figure", cell: ([, title, says]) => [title, el("small", {}, says)] },
          { title: "Value", class: "n", cell: ([name, , , say]) => say(task.promised[name]) },
        ],
        PROMISED.filter(([name]) => name in task.promised),
      ),
      task.performance.length
        ? course(task)
        : el("div", { class: "empty" }, el("h3", {}, "AUC by date"), el("p", {}, "There is no date yet that the model had not learned from and of which the outcome is known. It will be drawn here when there is.")),
    ),
    el("p", { class: "note" }, `${capital(task.candidate_title)} `, el("code", {}, task.model_version), task.training ? `, learned from ${count(task.training.rows)} rows, ${day(task.training.from)} to ${day(task.training.to)}${task.training.drawn ? ` (${task.training.drawn})` : ""}` : "", task.protocol ? `; ${task.protocol}.` : "."),
  );
}

function course(task) {
  const holder = el("div", { class: "holder" });
  const rows = task.performance;
  const known = rows.flatMap((row) => [row.auc_low, row.auc_high, task.promised.roc_auc]).filter((value) => typeof value === "number");
  const low = Math.min(0.5, ...known);
  fitted(holder, (width) =>
    holder.replaceChildren(
      overTime(
        rows.map((row) => ({
          at: row.as_of_date, value: row.auc, low: row.auc_low, high: row.auc_high,
          class: row.is_champion ? "main" : "before", words: `${day(row.as_of_date)}: ${figure(row.auc)}`,
        })),
        { low, high: 1, say: (value) => figure(value, 1), sayDay: shortDay, line: task.promised.roc_auc, lineText: `promised ${figure(task.promised.roc_auc)}` },
        width,
      ),
    ),
  );
  const others = rows.some((row) => !row.is_champion);
  return el(
    "div",
    {},
    el("h3", {}, "AUC by date"),
    holder,
    el("p", { class: "note" }, `Dates the model had not learned from, with 95 % intervals.${others ? " Faint: champions before." : ""}`),
    el(
      "details",
      {},
      el("summary", {}, "As a table"),
      table(
        "What came true, by date",
        [
          { title: "As of", cell: (row) => shortDay(row.as_of_date) },
          { title: capital(plural(task.entity)), class: "n", cell: (row) => count(row.row_count) },
          { title: "Expected", class: "n", cell: (row) => count(row.predicted_buyers) },
          { title: "Came true", class: "n", cell: (row) => count(row.buyers) },
          { title: "AUC", class: "n", cell: (row) => [figure(row.auc), row.auc_low === null ? null : el("small", {}, `${figure(row.auc_low)} to ${figure(row.auc_high)}`)] },
          { title: "Model", class: "wide", cell: (row) => el("code", {}, row.model_version) },
        ],
        [...rows].reverse(),
      ),
    ),
  );
}

function listed({ checks, counts, counts_of_segments: segments, as_of_date: asOf }) {
  if (!checks.length) return el("p", {}, "No check has been run: dbt build --select monitoring.");
  const holder = el("div");
  const box = el("input", { type: "checkbox", id: "all-checks", on: { change: () => ((isAll = box.checked), draw()) } });
  box.checked = isAll;
  const total = segments.fail + segments.warn + segments.ok;
  function draw() {
    const rows = isAll ? checks : checks.filter((row) => row.status !== "ok");
    holder.replaceChildren(
      rows.length
        ? table(
            "Checks, the worst first",
            [
              { title: "Check", cell: (row) => [badge(STATUS[row.status] ?? { word: row.status, tone: "none" }), " ", row.check_title, el("small", {}, el("code", {}, row.subject))] },
              { title: "What, and what to do", cell: (row) => row.message },
            ],
            rows,
            { class: "checks" },
          )
        : el("p", {}, "Nothing speaks up."),
    );
  }
  draw();
  return [
    el("p", {}, `As of ${day(asOf)}${total ? ", not counting single micro-segments" : ""}: ${count(counts.fail)} failed, ${count(counts.warn)} to be looked at, ${count(counts.ok)} ok.`),
    total && segments.fail + segments.warn
      ? el("p", {}, `Of ${count(total)} checks of single micro-segments ${count(segments.fail + segments.warn)} speak up; `, el("code", {}, "python -m scoring status"), " names them.")
      : total
        ? el("p", {}, `All ${count(total)} checks of single micro-segments are ok.`)
        : null,
    el("p", {}, box, " ", el("label", { for: "all-checks" }, "Show those that are ok, too")),
    holder,
  ];
}
