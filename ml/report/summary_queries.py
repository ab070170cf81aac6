"""The figures of the summary, one function per section; a missing table counts as empty."""

from typing import Any

import duckdb

from ml.report.read import Row, rows
from warehouse.connection import columns

__all__ = ["change", "models", "reconciliation", "segments", "top_customers"]

MOST = 5
"""Rows of each list."""


def reconciliation(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """One row per source and table, with its raw, clean, quarantined and duplicate rows."""
    return rows(
        connection,
        "select source_name, table_name, coalesce(raw_rows, 0)::bigint as raw_rows,"
        " coalesce(clean_rows, 0)::bigint as clean_rows,"
        " coalesce(quarantined_rows, 0)::bigint as quarantined_rows,"
        " coalesce(duplicate_rows, 0)::bigint as duplicate_rows"
        " from {monitoring.monitor_reconciliation} order by source_name, table_name",
    )


def segments(connection: duckdb.DuckDBPyConnection, headline: Row) -> dict[str, list[Row]]:
    """The largest segments without parts, and the best ones, for the headline's outcome and date.

    "All others" of a parent are not among the largest. The best are the reliable segments in
    descending order of the lower end of their interval, which is a cautious estimate of their rate.
    """
    found = rows(
        connection,
        "select segment_id, segment_name, parent_segment_id, customers, buyers, rate, wilson_low,"
        " wilson_high, verdict, reliable_rank, segment_id like '%/other' as is_merged"
        " from {segments.public_micro_segments}"
        " where outcome = ? and as_of_date = ? and level > 0 order by customers desc, segment_id",
        [headline["outcome"], headline["as_of_date"]],
    )
    parents = {row["parent_segment_id"] for row in found}
    finest = [row for row in found if row["segment_id"] not in parents and not row["is_merged"]]
    ranked = [row for row in found if row["reliable_rank"] is not None]
    return {
        "largest": finest[:MOST],
        "best of the reliable": sorted(ranked, key=lambda row: int(row["reliable_rank"]))[:MOST],
    }


def change(connection: duckdb.DuckDBPyConnection, headline: Row) -> Row | None:
    """The newest change of the headline's rate, at the deepest reliable level, or else the top one.

    None without a change.
    """
    found = rows(
        connection,
        "select * from {segments.purchase_rate_change} where outcome = ?"
        " order by to_as_of_date desc, verdict = 'reliable' desc,"
        " case when verdict = 'reliable' then -level else level end limit 1",
        [headline["outcome"]],
    )
    return found[0] if found else None


def models(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The champion of each task."""
    return rows(connection, "select * from {predictions.model_overview} order by task")


def top_customers(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Name (or id), probability and reasons of the customers most likely to buy, by task."""
    known = columns(connection, "predictions.customer_predictions")
    if not {"full_name", "probability"} <= set(known):
        return {}
    task = "task" if "task" in known else "''"
    who = "coalesce(full_name, customer_id)" if "customer_id" in known else "full_name"
    reasons = [name for name in ("reason_1", "reason_2", "reason_3") if name in known]
    found = rows(
        connection,
        f"select {', '.join([f'{task} as task', f'{who} as name', 'probability', *reasons])}"
        " from {predictions.customer_predictions} where probability is not null"
        f" qualify row_number() over (partition by {task} order by probability desc, {who})"
        f" <= {MOST} order by 1, probability desc, {who}",
    )
    by_task: dict[str, list[tuple[Any, ...]]] = {}
    for name, *row in (row.values() for row in found):
        by_task.setdefault(name, []).append(tuple(row))
    return by_task
