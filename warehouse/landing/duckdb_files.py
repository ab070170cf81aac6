"""A delivered DuckDB file: each of its tables as if it were a file of its own."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.errors import InputError
from warehouse.landing.parquet_files import ROWS, land_batches
from warehouse.landing.parts import Part

__all__ = ["land_table", "tables"]

KEPT = re.compile(
    r"BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|VARCHAR|DATE|TIMESTAMP|DECIMAL\(.*\)"
    r"|TIMESTAMP WITH TIME ZONE|TIMESTAMP_S|TIMESTAMP_MS|UTINYINT|USMALLINT|UINTEGER"
)
"""Types that come out as they are; every other becomes text as DuckDB writes it."""


def tables(path: Path, name: str) -> list[str]:
    """The tables and views of the file: `orders`, or `schema.orders` outside of `main`.

    Raises InputError when the file cannot be opened, also where a newer DuckDB wrote it.
    """
    with _opened(path, name) as connection:
        rows = connection.execute(
            "select case when table_schema = 'main' then table_name"
            " else table_schema || '.' || table_name end from information_schema.tables"
            " where table_catalog = current_database() order by 1"
        ).fetchall()
    return [table for (table,) in rows]


def land_table(path: Path, table: str, name: str, target: Path) -> tuple[Part, int]:
    """Write a table as Parquet: the part, and the rows that DuckDB counts."""
    with _opened(path, name) as connection:
        source = ".".join('"' + each.replace('"', '""') + '"' for each in table.split(".", 1))
        columns = connection.execute(f"describe {source}").fetchall()
        selected = ", ".join(_selected(column, kind) for column, kind, *_ in columns)
        ((counted,),) = connection.execute(f"select count(*) from {source}").fetchall()
        connection.execute("set timezone = 'UTC'")
        reader = connection.execute(f"select {selected} from {source}").to_arrow_reader(ROWS)
        return land_batches(reader, name, target), int(counted)


def _selected(column: str, kind: str) -> str:
    quoted = '"' + column.replace('"', '""') + '"'
    if KEPT.fullmatch(kind):
        return quoted
    if kind.endswith("[]") or kind.startswith(("STRUCT", "MAP", "UNION")):
        return f"cast(to_json({quoted}) as varchar) as {quoted}"
    return f"cast({quoted} as varchar) as {quoted}"


@contextmanager
def _opened(path: Path, name: str) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        connection = duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        reason = " ".join(str(error).split())
        if "version number" in reason or "storage version" in reason:
            raise InputError(
                f"raw file {name} was written by a newer DuckDB than {duckdb.__version__}, which"
                " cannot read it: write it with (storage_version 'v1.0.0') in attach, or export its"
                " tables as Parquet"
            ) from None
        raise InputError(f"raw file {name} cannot be opened as DuckDB ({reason})") from None
    try:
        yield connection
    except duckdb.Error as error:
        reason = " ".join(str(error).split())
        raise InputError(f"raw file {name} cannot be read as DuckDB ({reason})") from None
    finally:
        connection.close()
