// The model health view: evaluation, realised performance, and monitoring checks.

import { fitted, overTime } from "./charts.js";
import { el, section, table } from "./dom.js";
import { badge, realised, verdict } from "./verdict.js";
import { capital, count, day, figure, percent, plural, shortDay } from "./words.js";

const METRICS = [
  ["roc_auc", "AUC", "probability that a positive is ranked above a negative; 0.5 is chance", figure],
  ["gain_top_10pct", "Share found in the top 10 %", "of all positives", (value) => percent(value, 0)],
  ["expected_calibration_error", "Calibration error", "mean difference between predicted and actual rate", (value) => percent(value)],
  ["base_rate", "Base rate", "share of positives", (value) => percent(value)],
];
const STATUS = { fail: { word: "failed", tone: "bad" }, warn: { word: "to look at", tone: "look" }, ok: { word: "ok", tone: "good" }, not_applicable: { word: "not applicable", tone: "none" } };
let isAll = false; // whether checks that are ok or not applicable are listed as well

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
    el("p", {}, badge(found), " ", found.text),
    el("p", {}, realised(task)),
    el(
      "div",
      { class: "halves" },
      table(
        `Evaluation after training: ${task.title}`,
        [
          { title: "Metric", cell: ([, title, meaning]) => [title, el("small", {}, meaning)] },
          { title: "Value", class: "n", cell: ([name, , , format]) => format(task.promised[name]) },
        ],
        METRICS.filter(([name]) => name in task.promised),
      ),
      task.performance.length
        ? performance(task)
        : el("div", { class: "empty" }, el("h3", {}, "AUC by date"), el("p", {}, "No date after the training data has a known outcome yet. The chart will appear here when one has.")),
    ),
    el("p", { class: "note" }, `${capital(task.candidate_title)} `, el("code", {}, task.model_version), task.training ? `, trained on ${count(task.training.rows)} rows, ${day(task.training.from)} to ${day(task.training.to)}${task.training.drawn ? ` (${task.training.drawn})` : ""}` : "", task.protocol ? `; ${task.protocol}.` : "."),
  );
}

function performance(task) {
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
        { low, high: 1, format: (value) => figure(value, 1), formatDay: shortDay, line: task.promised.roc_auc, lineText: `evaluation ${figure(task.promised.roc_auc)}` },
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
    el("p", { class: "note" }, `Dates after the training data, with 95 % intervals.${others ? " Grey: earlier champions." : ""}`),
    el(
      "details",
      {},
      el("summary", {}, "As a table"),
      table(
        "Predictions and outcomes by date",
        [
          { title: "As of", cell: (row) => shortDay(row.as_of_date) },
          { title: capital(plural(task.entity)), class: "n", cell: (row) => count(row.row_count) },
          { title: "Expected", class: "n", cell: (row) => count(row.predicted_buyers) },
          { title: "Actual", class: "n", cell: (row) => count(row.buyers) },
          { title: "AUC", class: "n", cell: (row) => [figure(row.auc), row.auc_low === null ? null : el("small", {}, `${figure(row.auc_low)} to ${figure(row.auc_high)}`)] },
          { title: "Model", class: "wide", cell: (row) => el("code", {}, row.model_version) },
        ],
        [...rows].reverse(),
      ),
    ),
  );
}

function listed({ checks, counts, counts_of_segments: segments, as_of_date: asOf }) {
  if (!checks.length) return el("p", {}, "No checks are published: run dbt build --select monitoring, then publish.");
  const holder = el("div");
  const box = el("input", { type: "checkbox", id: "all-checks", on: { change: () => ((isAll = box.checked), draw()) } });
  box.checked = isAll;
  const total = segments.fail + segments.warn + segments.ok;
  function draw() {
    const rows = isAll ? checks : checks.filter((row) => row.status === "fail" || row.status === "warn");
    holder.replaceChildren(
      rows.length
        ? table(
            "Checks, worst first",
            [
              { title: "Check", cell: (row) => [badge(STATUS[row.status] ?? { word: row.status, tone: "none" }), " ", row.check_title, el("small", {}, el("code", {}, row.subject))] },
              { title: "What, and what to do", cell: (row) => row.message },
            ],
            rows,
            { class: "checks" },
          )
        : el("p", {}, "No check failed or warned."),
    );
  }
  draw();
  return [
    el("p", {}, `As of ${day(asOf)}${total ? ", without checks of single micro-segments" : ""}: ${count(counts.fail)} failed, ${count(counts.warn)} to look at, ${count(counts.ok)} ok${counts.not_applicable ? `, ${count(counts.not_applicable)} not applicable, because there are too few events` : ""}.`),
    total && segments.fail + segments.warn
      ? el("p", {}, `Of ${count(total)} checks of single micro-segments, ${count(segments.fail + segments.warn)} failed or warned; `, el("code", {}, "python -m scoring status"), " lists them.")
      : total
        ? el("p", {}, `All ${count(total)} checks of single micro-segments are ok.`)
        : null,
    el("p", {}, box, " ", el("label", { for: "all-checks" }, "Show checks that are ok or not applicable as well")),
    holder,
  ];
}
