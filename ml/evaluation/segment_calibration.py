"""Calibration by micro-segment: the predicted rate and the observed rate with its interval."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from ml.evaluation.metrics import wilson_interval
from warehouse.connection import columns, fetch, qualified, quoted
from warehouse.feature_tables import FeatureTable

__all__ = ["SegmentCalibration", "segment_calibration"]

EVERYONE = "everyone"
ENDING = "_segment_id"


@dataclass(frozen=True)
class SegmentCalibration:
    """The calibration of one segment, on the rows on which the model is measured."""

    level_name: str
    segment_id: str
    segment_name: str
    customers: int
    buyers: int
    predicted: float
    """Mean probability."""
    observed: float
    """Buyers / customers."""
    wilson_low: float
    wilson_high: float
    is_inside: bool
    """Whether the predicted rate lies within the interval of the observed rate."""


def segment_calibration(
    connection: duckdb.DuckDBPyConnection, table: FeatureTable, task: str, model_version: str
) -> list[SegmentCalibration]:
    """The calibration of all rows, and of each segment in `segments.<entity>_micro_segments`.

    It is computed from the model's registry.held_out_predictions. Without such a table, the result
    is about all rows only.
    """
    relation = f"segments.{table.entity}_micro_segments"
    known = columns(connection, relation)
    found = list(_counted(connection, task, model_version, f"'{EVERYONE}'", f"'{EVERYONE}'"))
    rows = [(EVERYONE, *row) for row in found]
    if {table.entity_key, "as_of_date"} <= set(known):
        join = (
            f" inner join {qualified(connection, relation)} segments"
            f"   on segments.{quoted(table.entity_key)}::varchar = held_out.entity_id"
            "   and segments.as_of_date = held_out.as_of_date"
        )
        for column in known:
            name = column.replace(ENDING, "_segment_name")
            if column.endswith(ENDING) and name in known:
                pair = f"segments.{quoted(column)}", f"segments.{quoted(name)}"
                level = column.removesuffix(ENDING)
                counted = _counted(connection, task, model_version, *pair, join)
                rows += [(level, *row) for row in counted]
    return [_compared(*row) for row in rows if row[3]]


def _counted(
    connection: duckdb.DuckDBPyConnection,
    task: str,
    model_version: str,
    segment: str,
    name: str,
    join: str = "",
) -> Iterator[tuple[str, str, int, int, float]]:
    """By segment: its id, name, customers, buyers and mean probability."""
    yield from fetch(
        connection,
        f"select {segment}, any_value({name}), count(*), count(*) filter (where is_buyer),"
        f" avg(probability) from {qualified(connection, 'registry.held_out_predictions')} held_out"
        f" {join} where held_out.task = ? and held_out.model_version = ? and {segment} is not null"
        f" group by {segment} order by 3 desc, 1",
        [task, model_version],
    )


def _compared(
    level: str, segment: str, name: str, customers: int, buyers: int, predicted: float
) -> SegmentCalibration:
    low, high = map(float, wilson_interval(buyers, customers))
    inside = low <= predicted <= high
    return SegmentCalibration(
        level, segment, name, customers, buyers, predicted, buyers / customers, low, high, inside
    )
