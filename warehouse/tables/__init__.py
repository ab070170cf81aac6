"""The tables that Python writes: each is one SQL file of this folder, with its columns and types.

dbt runs the files by number at the start of a build (macros/create_python_tables.sql), so a file
changes nothing where it has run before.

- 0: schemas; 1: tables of the registry; 2: tables of scoring; 3: changes of the tables of an older
  warehouse; 4: views.
- A file whose name ends in `_duckdb` or `_spark` is for that engine alone.
- A file that begins `-- only where a.b is a table` runs only where `a.b` is one, and not a view.

What a column means is in models/_sources.yml.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

__all__ = ["create", "insert", "script"]

FOLDER = Path(__file__).parent


def script(engine: Literal["duckdb", "spark"] = "duckdb") -> str:
    """The statements that make all tables where there are none yet."""
    other = "_spark" if engine == "duckdb" else "_duckdb"
    files = sorted(file for file in FOLDER.glob("*.sql") if not file.stem.endswith(other))
    texts = [file.read_text(encoding="utf-8") for file in files]
    return "".join(text for text in texts if not text.startswith("-- only where "))


def create(connection: duckdb.DuckDBPyConnection, table: str, database: str) -> None:
    """Make `schema.name` in an attached database (given as SQL), unless it is there."""
    (file,) = FOLDER.glob(f"*_{table.replace('.', '_')}.sql")
    connection.execute(f"create schema if not exists {database}.{table.partition('.')[0]}")
    connection.execute(file.read_text(encoding="utf-8").replace(table, f"{database}.{table}"))


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows to a table (given as SQL), by the names of its columns; one not named is null.

    Values become the table's own types. Raises ValueError for a name that is not a column.
    """
    schema = connection.sql(f"from {table} limit 0").to_arrow_table().schema
    unknown = {name for row in rows for name in row} - set(schema.names)
    if unknown:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}: run dbt build")
    found = pa.Table.from_pylist(rows, schema=schema)  # noqa: F841 - DuckDB reads it by its name
    connection.execute(f"insert into {table} by name from found").fetchall()
