"""Champions with their evaluation, newest scores and realised performance; monitoring checks."""

from collections.abc import Sequence

from scoring.serve.browse.tables import Facts, Tables, counts
from scoring.status import CHECKS

__all__ = ["checks", "tasks"]

OVERVIEW = "predictions.model_overview"
EVALUATIONS = "predictions.champion_evaluations"
PREDICTIONS = ("predictions.customer_predictions", "predictions.session_predictions")
PERFORMANCE = "monitoring.task_performance"
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WITHIN_95 = 1.959963984540054
"""Half the width of a 95 % interval, in standard errors."""
NEWEST = "where as_of_date = (select max(as_of_date) from {0})"


def tasks(tables: Tables) -> Facts:
    """All tasks with a champion, as bodies.Tasks describes them."""
    spread = {row["task"]: row["spread"] for table in PREDICTIONS for row in _spread(tables, table)}
    checked = tables.rows(CHECKS, f"select status, subject_type, subject from {{0}} {NEWEST}")
    return {
        "tasks": [
            {
                "task": model["task"],
                "title": model["task_title"],
                "entity": model["entity"] or "entity",
                "outcome": model["outcome"],
                "is_headline": model["is_headline"],
                "model_version": model["model_version"],
                "candidate": model["candidate"],
                "candidate_title": model["candidate_title"],
                "training": {
                    "rows": model["training_rows"],
                    "buyers": model["training_buyers"],
                    "from": model["training_from"],
                    "to": model["training_to"],
                    "drawn": model["drawn"],
                },
                "protocol": model["protocol"],
                "promised": _promised(tables, model),
                "scored": _scored(model, spread.get(model["task"], [])),
                "performance": _performance(tables, model),
                "checks": _counts_of(checked, "task", f"{model['task']}, "),
                "segment_checks": _counts_of(checked, "segment", f"{model['task']}, "),
                "feature_checks": _counts_of(checked, "feature", f"{model['feature_table']}."),
            }
            for model in tables.rows(OVERVIEW, "select * from {0} order by task")
        ]
    }


def checks(tables: Tables) -> Facts:
    """The checks of the newest run, worst first.

    Checks of single micro-segments are only counted, because such a segment may be too small to be
    shown.
    """
    rows = tables.rows(
        CHECKS,
        "select status, check_name, check_title, subject_type, subject, observed_date, value,"
        " expected_low, expected_high, message, as_of_date"
        f" from {{0}} {NEWEST} order by check_rank",
    )
    day = rows[0]["as_of_date"] if rows else None
    listed: list[Facts] = []
    of_segments: list[Facts] = []
    for row in rows:
        del row["as_of_date"]
        (of_segments if row["subject_type"] == "segment" else listed).append(row)
    return {
        "as_of_date": day,
        "counts": counts(listed),
        "counts_of_segments": counts(of_segments),
        "checks": listed,
    }


def _promised(tables: Tables, model: Facts) -> dict[str, float]:
    rows = tables.rows(
        EVALUATIONS,
        "select metric, value from {0} where task = $1 order by metric",
        [model["task"]],
    )
    return {row["metric"]: row["value"] for row in rows}


def _scored(model: Facts, spread: Sequence[float]) -> Facts | None:
    """The totals of the newest scores of a task; None without scores."""
    if model["scored_as_of_date"] is None:
        return None
    return {
        "task": model["task"],
        "as_of_date": model["scored_as_of_date"],
        "rows": model["rows_scored"],
        "expected": model["expected_buyers"],
        "scored_at": model["scored_at"],
        "quantiles": [
            {"share": share, "probability": probability}
            for share, probability in zip(SHARES, spread, strict=False)
        ],
    }


def _spread(tables: Tables, table: str) -> list[Facts]:
    """The quantiles of the probability at SHARES, for each task in a table of predictions."""
    return tables.rows(
        table,
        f"select task, quantile_cont(probability, {list(SHARES)}) as spread from {{0}}"
        " group by task",
    )


def _performance(tables: Tables, model: Facts) -> list[Facts]:
    """The performance by date and model; the AUC has a 95 % interval from its standard error."""
    rows = tables.rows(
        PERFORMANCE,
        "select as_of_date, model_version, row_count, buyers, predicted_buyers, auc, auc_error,"
        " brier from {0} where task = $1 order by as_of_date, model_version",
        [model["task"]],
    )
    for row in rows:
        error, auc = row.pop("auc_error"), row["auc"]
        known = auc is not None and error is not None
        row["auc_low"] = max(0.0, auc - WITHIN_95 * error) if known else None
        row["auc_high"] = min(1.0, auc + WITHIN_95 * error) if known else None
        row["is_champion"] = row["model_version"] == model["model_version"]
    return rows


def _counts_of(checked: Sequence[Facts], kind: str, start: str) -> dict[str, int]:
    """The counts of the checks with this subject_type whose subject begins with `start`.

    A subject that is only a task name is compared as if a comma followed it.
    """
    return counts(
        row
        for row in checked
        if row["subject_type"] == kind and f"{row['subject']}, ".startswith(start)
    )
