"""The tables of discovered segments: a task's rows are replaced in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import duckdb

from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset
from ml.discover.confirm import Discovery, Statistics
from ml.discover.rules import Rule
from ml.discover.windows import Windows
from warehouse.connection import qualified, transaction

__all__ = ["TABLES", "store"]

TABLES = ("registry.discovered_segments", "registry.discovered_segment_statistics")

Row = tuple[object, ...]


def store(
    connection: duckdb.DuckDBPyConnection,
    data: Dataset,
    windows: Windows,
    discoveries: Sequence[Discovery],
    names: Mapping[Rule, str],
) -> None:
    """Replace all rows of the task; `names` are the rules in words."""
    now = datetime.now(UTC).replace(tzinfo=None)
    task = data.task.name
    conditions = [
        (task, one.rule.segment_id, names[one.rule], *row, now)
        for one in discoveries
        for row in _conditions(one)
    ]
    statistics = [
        (task, one.rule.segment_id, *row)
        for one in discoveries
        for row in _statistics(one, data, windows)
    ]
    with transaction(connection):
        for table, rows in zip(TABLES, (conditions, statistics), strict=True):
            name = qualified(connection, table)
            connection.execute(f"delete from {name} where task = ?", [task])
            if rows:
                marks = ", ".join("?" * len(rows[0]))
                connection.executemany(f"insert into {name} values ({marks})", rows)


def _conditions(found: Discovery) -> list[Row]:
    """status, reason, condition, conditions, feature, low, high, missing."""
    status = "confirmed" if found.is_confirmed else "dropped"
    conditions = found.rule.conditions
    return [
        (status, found.reason, number, len(conditions), *bounds)
        for number, bounds in enumerate(
            ((one.feature, one.low, one.high, one.missing) for one in conditions), 1
        )
    ]


def _statistics(found: Discovery, data: Dataset, windows: Windows) -> list[Row]:
    """One row a window; the one that proposed has no p-value, because it chose the rule."""
    tested = (found.test.p_value, found.p_holm, found.q_value)
    return [
        ("proposing", *_dates(data, windows.proposing), *_facts(found.proposed), None, None, None),
        ("confirming", *_dates(data, windows.confirming), *_facts(found.confirmed), *tested),
    ]


def _dates(data: Dataset, rows: RowNumbers) -> tuple[date, date]:
    dates = data.as_of[rows]
    return dates.min().item(), dates.max().item()


def _facts(counts: Statistics) -> Row:
    return (
        counts.customers,
        counts.buyers,
        counts.rate,
        *counts.wilson,
        counts.all_customers,
        counts.base_rate,
        counts.rest_rate,
        counts.lift,
        counts.lift_on_rest,
    )
