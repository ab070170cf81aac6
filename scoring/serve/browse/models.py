"""What each champion is, predicts and promised, what came true, and what the checks say."""

from collections.abc import Sequence

from scoring.bundle import Bundle
from scoring.serve.browse.tables import Facts, Tables, counts
from scoring.status import CHECKS, WORST_FIRST

__all__ = ["checks", "tasks"]

PREDICTIONS = ("predictions.customer_predictions", "predictions.session_predictions")
PERFORMANCE = "monitoring.task_performance"
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
WITHIN_95 = 1.959963984540054
"""Standard errors to either side of a 95 % interval."""
NEWEST = "where as_of_date = (select max(as_of_date) from {0})"


def tasks(tables: Tables) -> Facts:
    """Every task with a champion."""
    scored = {row["task"]: row for table in PREDICTIONS for row in _scored(tables, table)}
    checked = tables.rows(CHECKS, f"select status, subject_type, subject from {{0}} {NEWEST}")
    return {
        "tasks": [
            {
                "task": bundle.task,
                "title": bundle.facts.get("title", bundle.task),
                "entity": bundle.facts.get("entity", "entity"),
                "outcome": bundle.facts.get("label"),
                "model_version": bundle.model_version,
                "candidate": bundle.facts.get("candidate"),
                "training": _training(bundle),
                "protocol": bundle.facts.get("protocol"),
                "promised": bundle.facts.get("metrics") or {},
                "scored": scored.get(bundle.task),
                "performance": _performance(tables, bundle),
                "checks": _of(checked, "task", f"{bundle.task}, "),
                "segment_checks": _of(checked, "segment", f"{bundle.task}, "),
                "feature_checks": _of(checked, "feature", f"{bundle.relation.partition('.')[2]}."),
            }
            for bundle in tables.bundles
        ]
    }


def _training(bundle: Bundle) -> Facts | None:
    """What it learned from; what each date and outcome was drawn to is the bundle's own affair."""
    known: Facts | None = bundle.facts.get("training")
    return known and {name: fact for name, fact in known.items() if name != "strata"}


def checks(tables: Tables) -> Facts:
    """The newest run's, the worst first. Those of single micro-segments are only counted.

    They name segments that may be too small to be shown.
    """
    rows = tables.rows(
        CHECKS,
        "select status, check_name, subject_type, subject, observed_date, value, expected_low,"
        f" expected_high, message, as_of_date from {{0}} {NEWEST} order by {WORST_FIRST}",
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


def _scored(tables: Tables, table: str) -> list[Facts]:
    rows = tables.rows(
        table,
        'select task, max(as_of_date) as as_of_date, count(*) as "rows",'
        " sum(probability) as expected, max(scored_at) as scored_at,"
        f" quantile_cont(probability, {list(SHARES)}) as quantiles from {{0}} group by task",
    )
    for row in rows:
        row["quantiles"] = [
            {"share": share, "probability": probability}
            for share, probability in zip(SHARES, row["quantiles"], strict=True)
        ]
    return rows


def _performance(tables: Tables, bundle: Bundle) -> list[Facts]:
    """By date, of every model the task has had; the error of an AUC as its 95 % interval."""
    rows = tables.rows(
        PERFORMANCE,
        "select as_of_date, model_version, row_count, buyers, predicted_buyers, auc, auc_error,"
        " brier from {0} where task = $1 order by as_of_date, model_version",
        [bundle.task],
    )
    for row in rows:
        error, auc = row.pop("auc_error"), row["auc"]
        known = auc is not None and error is not None
        row["auc_low"] = max(0.0, auc - WITHIN_95 * error) if known else None
        row["auc_high"] = min(1.0, auc + WITHIN_95 * error) if known else None
        row["is_champion"] = row["model_version"] == bundle.model_version
    return rows


def _of(checked: Sequence[Facts], kind: str, start: str) -> dict[str, int]:
    """Of the checks of such subjects that begin so; a comma follows the name of a task."""
    return counts(
        row
        for row in checked
        if row["subject_type"] == kind and f"{row['subject']}, ".startswith(start)
    )
