"""Rows of the warehouse for summary and report; a table that is missing tells nothing."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb

from warehouse.connection import columns, qualified

__all__ = ["Row", "headline", "rows"]

Row = dict[str, Any]

NAMED = re.compile(r"\{(\w+\.\w+)\}")


def rows(
    connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()
) -> list[Row]:
    """The rows of `query`, in which `{schema.name}` is a table; none where one is missing."""
    if not all(columns(connection, relation) for relation in NAMED.findall(query)):
        return []
    statement = NAMED.sub(lambda found: qualified(connection, found[1]), query)
    found = connection.execute(statement, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found.fetchall()]


def headline(connection: duckdb.DuckDBPyConnection) -> Row | None:
    """The outcome to show first at its newest date: the row of segment_overview, with its title."""
    found = rows(
        connection,
        "select outcomes.outcome_title, overview.* from {segments.outcomes} as outcomes"
        " inner join {segments.segment_overview} as overview"
        "   on outcomes.outcome = overview.outcome"
        "   and outcomes.newest_as_of_date = overview.as_of_date"
        " where outcomes.is_headline",
    )
    return found[0] if found else None


def _plain(value: Any) -> Any:
    """Decimals as floats: charts and formats know nothing else."""
    return float(value) if isinstance(value, Decimal) else value
