"""The column types that are published: those that every reader of the serving copy supports.

Readers are older versions of DuckDB, BI drivers, Tableau extracts, and Spark on the Parquet files.
"""

import re
from collections.abc import Sequence

import duckdb

from scoring.publish.public_tables import PublicTable
from warehouse.connection import columns, quoted
from warehouse.errors import InputError

__all__ = ["is_published", "require_types", "rows"]

TYPES = ("VARCHAR", "BIGINT", "INTEGER", "DOUBLE", "DATE", "TIMESTAMP", "BOOLEAN")
DIGITS = 18
"""The most digits of a published DECIMAL."""
WIDENED = {"FLOAT": "DOUBLE"}
"""Types that are published as another type with the same values.

Features are FLOAT by contract, and a feature table may be public, but some readers have no FLOAT.
"""


def is_published(kind: str) -> bool:
    """Whether a column of this SQL type can be published, unchanged or widened."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),\d+\)", kind)
    return int(decimal[1]) <= DIGITS if decimal else kind in TYPES or kind in WIDENED


def require_types(connection: duckdb.DuckDBPyConnection, tables: Sequence[PublicTable]) -> None:
    """Raise InputError when a column of the tables has a type that cannot be published."""
    for table in tables:
        for name, kind in columns(connection, table.relation).items():
            if not is_published(kind):
                raise InputError(
                    f"{table.relation} is public, and its column {name} is of type {kind}, which"
                    " some readers of the serving copy do not support: cast it in the model to"
                    f" {', '.join(TYPES)} or DECIMAL of up to {DIGITS} digits"
                )


def rows(connection: duckdb.DuckDBPyConnection, database: str, table: PublicTable) -> str:
    """The query for the rows of a table of `database`, cast to the published types."""
    widened = [
        f"cast({quoted(name)} as {WIDENED[kind]}) as {quoted(name)}"
        for name, kind in columns(connection, table.relation, database).items()
        if kind in WIDENED
    ]
    replaced = f" replace ({', '.join(widened)})" if widened else ""
    return f"select *{replaced} from {table.within(database)}"
