"""The figures of the summary page, one function a section; a missing table is an empty one."""

from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.connection import columns, qualified

__all__ = [
    "QUALITY",
    "WRITTEN",
    "Segments",
    "change",
    "predictions",
    "quality",
    "reconciliation",
    "segments",
    "top_customers",
]

Rows = list[tuple[Any, ...]]

MOST = 5
"""Rows of each list."""
QUALITY = (
    "task",
    "candidate",
    "model_version",
    "protocol",
    "roc_auc",
    "average_precision",
    "base_rate",
    "expected_calibration_error",
)
WRITTEN = ("task", "as_of_date", "rows", "expected_buyers")


@dataclass(frozen=True)
class Segments:
    """Lists of segments by title; each row: name, customers, buyers, rate, low, high, verdict."""

    outcome: str
    as_of: str
    lists: dict[str, Rows]


def reconciliation(connection: duckdb.DuckDBPyConnection) -> Rows:
    """Source, table, and its raw, clean, quarantined and duplicate rows."""
    return _rows(
        connection,
        "monitoring.monitor_reconciliation",
        "select source_name, table_name, coalesce(raw_rows, 0)::bigint,"
        " coalesce(clean_rows, 0)::bigint, coalesce(quarantined_rows, 0)::bigint,"
        " coalesce(duplicate_rows, 0)::bigint from {table} order by source_name, table_name",
    )


def segments(connection: duckdb.DuckDBPyConnection) -> Segments:
    """The largest segments of the deepest level, and the best reliable ones below the first level.

    At the newest date with an outcome; of one outcome: the 30-day one where there is one. The best
    are in order of the lower end of their interval: what one can count on.
    """
    newest = _rows(
        connection,
        "segments.micro_segment_numerosity",
        "select outcome, as_of_date, max(level) from {table}"
        " group by outcome, as_of_date"
        " order by outcome like '%30d%' desc, outcome, as_of_date desc"
        " limit 1",
    )
    if not newest:
        return Segments("", "", {})
    outcome, as_of, deepest = newest[0]
    lists = {
        title: _rows(
            connection,
            "segments.micro_segment_numerosity",
            "select segment_name, customers, buyers, rate, wilson_low, wilson_high, verdict"
            f" from {{table}} where outcome = ? and as_of_date = ? and {which}"
            f" order by {order}, segment_name limit {MOST}",
            [outcome, as_of],
        )
        for title, which, order in (
            ("largest", f"level = {deepest}", "customers desc"),
            ("best of the reliable", "level > 1 and verdict = 'reliable'", "wilson_low desc"),
        )
    }
    return Segments(str(outcome), str(as_of), lists)


def change(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The newest change of the purchase rate at the finest level that tells mix from rate.

    At most one row: both dates, both rates, change, its interval, mix effect, rate effect. Of the
    30-day outcome where there is one.
    """
    return _rows(
        connection,
        "segments.purchase_rate_change",
        "select from_as_of_date, to_as_of_date, rate_before, rate_after, change, change_low,"
        " change_high, mix_effect, rate_effect from {table}"
        " order by outcome like '%30d%' desc, outcome, to_as_of_date desc,"
        " verdict = 'reliable' desc, case when verdict = 'reliable' then -level else level end"
        " limit 1",
    )


def quality(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The columns QUALITY of each task's champion."""
    if not columns(connection, "registry.evaluations"):
        return []
    figures = ", ".join(f"max(value) filter (where metric = '{metric}')" for metric in QUALITY[4:])
    evaluations = qualified(connection, "registry.evaluations")
    return _rows(
        connection,
        "registry.models",
        "select models.task, models.candidate, models.model_version, any_value(protocol),"
        f" {figures} from {{table}} models"
        f" left join {evaluations} evaluations on evaluations.task = models.task"
        "   and evaluations.model_version = models.model_version"
        "   and evaluations.candidate = models.candidate"
        " where models.status = 'champion'"
        " group by models.task, models.candidate, models.model_version order by models.task",
    )


def predictions(connection: duckdb.DuckDBPyConnection) -> Rows:
    """The columns WRITTEN: each task's newest as-of date that was scored."""
    return _rows(
        connection,
        "scoring.predictions",
        "select task, as_of_date, count(*), coalesce(sum(probability), 0) from {table}"
        " group by task, as_of_date"
        " qualify row_number() over (partition by task order by as_of_date desc) = 1"
        " order by task",
    )


def top_customers(connection: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    """By task: name (or id), probability and reasons of the most likely customers."""
    relation = "predictions.customer_predictions"
    known = columns(connection, relation)
    if not {"full_name", "probability"} <= set(known):
        return {}
    task = "task" if "task" in known else "''"
    who = "coalesce(full_name, customer_id)" if "customer_id" in known else "full_name"
    reasons = [name for name in ("reason_1", "reason_2", "reason_3") if name in known]
    found = _rows(
        connection,
        relation,
        f"select {', '.join([task, who, 'probability', *reasons])} from {{table}}"
        " where probability is not null"
        f" qualify row_number() over (partition by {task} order by probability desc, {who})"
        f" <= {MOST} order by 1, probability desc, {who}",
    )
    by_task: dict[str, Rows] = {}
    for name, *row in found:
        by_task.setdefault(name, []).append(tuple(row))
    return by_task


def _rows(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    query: str,
    values: list[Any] | None = None,
) -> Rows:
    """The rows of `query`, where {table} stands for `relation`; none where that is missing."""
    if not columns(connection, relation):
        return []
    return connection.execute(
        query.replace("{table}", qualified(connection, relation)), values or []
    ).fetchall()
