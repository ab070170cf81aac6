"""Store discovered segments: the rows of a task are replaced in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb

from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset
from ml.discover.confirm import Discovery, Statistics
from ml.discover.rules import Rule
from ml.discover.windows import Windows
from warehouse.connection import qualified, transaction
from warehouse.tables import insert

__all__ = ["TABLES", "store"]

TABLES = ("registry.discovered_segments", "registry.discovered_segment_statistics")

Row = dict[str, Any]


def store(
    connection: duckdb.DuckDBPyConnection,
    data: Dataset,
    windows: Windows,
    discoveries: Sequence[Discovery],
    names: Mapping[Rule, str],
) -> None:
    """Replace all rows of the task in the tables `TABLES`; `names` are the rules in words."""
    now = datetime.now(UTC).replace(tzinfo=None)
    task = data.task.name
    conditions: list[Row] = []
    statistics: list[Row] = []
    for one in discoveries:
        segment = {"task": task, "segment_id": one.rule.segment_id}
        named = segment | {"segment_name": names[one.rule], "discovered_at": now}
        conditions += [named | row for row in _conditions(one)]
        statistics += [segment | row for row in _statistics(one, data, windows)]
    with transaction(connection):
        for table, rows in zip(TABLES, (conditions, statistics), strict=True):
            name = qualified(connection, table)
            connection.execute(f"delete from {name} where task = ?", [task])
            insert(connection, name, rows)


def _conditions(found: Discovery) -> list[Row]:
    """One row per condition of the rule."""
    whole = {
        "status": "confirmed" if found.is_confirmed else "dropped",
        "reason": found.reason,
        "condition_count": len(found.rule.conditions),
    }
    return [
        whole | {"condition_number": number} | vars(one)
        for number, one in enumerate(found.rule.conditions, 1)
    ]


def _statistics(found: Discovery, data: Dataset, windows: Windows) -> list[Row]:
    """One row per window. The proposing window has no p-values, because it chose the rule."""
    tested = {"p_value": found.test.p_value, "p_holm": found.p_holm, "q_value": found.q_value}
    return [
        _window("proposing", data, windows.proposing, found.proposed),
        _window("confirming", data, windows.confirming, found.confirmed) | tested,
    ]


def _window(name: str, data: Dataset, rows: RowNumbers, counts: Statistics) -> Row:
    dates = data.as_of[rows]
    low, high = counts.wilson
    return {
        "window_name": name,
        "as_of_from": dates.min().item(),
        "as_of_to": dates.max().item(),
        "customers": counts.customers,
        "buyers": counts.buyers,
        "rate": counts.rate,
        "wilson_low": low,
        "wilson_high": high,
        "all_customers": counts.all_customers,
        "base_rate": counts.base_rate,
        "rest_rate": counts.rest_rate,
        "lift": counts.lift,
        "lift_on_rest": counts.lift_on_rest,
    }
