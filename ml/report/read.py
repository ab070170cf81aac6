"""Read rows of the warehouse for summary and report; a missing table gives no rows."""

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
    """The rows of `query`, in which `{schema.name}` stands for a table; none if one is missing."""
    if not all(columns(connection, relation) for relation in NAMED.findall(query)):
        return []
    statement = NAMED.sub(lambda found: qualified(connection, found[1]), query)
    found = connection.execute(statement, list(values))
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found.fetchall()]


def headline(connection: duckdb.DuckDBPyConnection) -> Row | None:
    """The headline outcome's newest row of segment_overview, with the outcome's title, or None."""
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
    """A decimal as float, for charts and formats; other values as they are."""
    return float(value) if isinstance(value, Decimal) else value
