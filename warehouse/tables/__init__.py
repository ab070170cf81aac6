"""The tables that Python writes: each one is an SQL file in this folder, with columns and types.

dbt runs the files in the order of their numbers at the start of each build
(macros/create_python_tables.sql). So running a file again must change nothing.

- 0: schemas; 1: tables of the registry; 2: tables of scoring; 3: migrations of older warehouses;
  4: views.
- A file whose name ends in `_duckdb` or `_spark` runs only on that engine.
- A file that begins with `-- only where a.b is a table` runs only if `a.b` is a table (not a view).

The columns are documented in models/_sources.yml.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

__all__ = ["create", "insert", "script"]

FOLDER = Path(__file__).parent


def script(engine: Literal["duckdb", "spark"] = "duckdb") -> str:
    """The statements that create all tables in a new warehouse."""
    other = "_spark" if engine == "duckdb" else "_duckdb"
    files = sorted(file for file in FOLDER.glob("*.sql") if not file.stem.endswith(other))
    texts = [file.read_text(encoding="utf-8") for file in files]
    return "".join(text for text in texts if not text.startswith("-- only where "))


def create(connection: duckdb.DuckDBPyConnection, table: str, database: str) -> None:
    """Create the table `schema.name` in an attached database (given as SQL), unless it exists."""
    (file,) = FOLDER.glob(f"*_{table.replace('.', '_')}.sql")
    connection.execute(f"create schema if not exists {database}.{table.partition('.')[0]}")
    connection.execute(file.read_text(encoding="utf-8").replace(table, f"{database}.{table}"))


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Add rows to a table (given as SQL), by column name; a column without a value is null.

    Values are converted to the table's types. Raises ValueError for an unknown column name.
    """
    schema = connection.sql(f"from {table} limit 0").to_arrow_table().schema
    unknown = {name for row in rows for name in row} - set(schema.names)
    if unknown:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}: run dbt build")
    found = pa.Table.from_pylist(rows, schema=schema)  # noqa: F841 - DuckDB reads it by its name
    connection.execute(f"insert into {table} by name from found").fetchall()
