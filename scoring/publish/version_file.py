"""One version of what BI reads: the public tables of a warehouse, in a DuckDB file of their own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from scoring.publish.public_tables import Table
from scoring.publish.published_types import rows as rows_of
from warehouse.connection import columns, fetch, quoted
from warehouse.errors import IntegrityError
from warehouse.steps import step

__all__ = ["STORAGE", "Sum", "read", "sums", "write", "write_parquet"]

STORAGE = "v1.0.0"
"""The oldest DuckDB that can read the file."""
COPY = "the copy"
"""The name of the file within a connection; no warehouse has a space in its own."""
RUN_ID = "run_id"


@dataclass(frozen=True)
class Sum:
    """What a table holds: its rows, and a checksum that their order does not change."""

    rows: int
    checksum: str


def sums(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    tables: Sequence[Table],
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, Sum]:
    """Rows and checksum of each table, by relation."""
    found = {}
    for table in tables:
        ((rows, checksum),) = fetch(
            connection,
            "select count(*), coalesce(sum(hash(whole_row)), 0)"
            f" from ({rows_of(connection, database, table)}) as whole_row",
        )
        found[table.relation] = Sum(rows, str(checksum))
        advance(1)
    return found


def write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    version: str,
    published_at: datetime,
    tables: Sequence[Table],
    wanted: Mapping[str, Sum],
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Copy the tables from the connection's warehouse to the new file `path`.

    Raises IntegrityError unless the finished file, opened again, holds exactly what is wanted.
    """
    ((database,),) = fetch(connection, "select current_database()")
    place = str(path).replace("'", "''")
    copy = quoted(COPY)
    attach = f"attach '{place}' as {copy} (read_write, storage_version '{STORAGE}')"
    fetch(connection, attach)
    try:
        for schema in sorted({table.schema for table in tables}):
            fetch(connection, f"create schema {copy}.{quoted(schema)}")
        for table in tables:
            rows = rows_of(connection, database, table)
            fetch(connection, f"create table {table.within(COPY)} as {rows}")
            _comment(connection, table)
            advance(1)
        _note(connection, version, published_at, tables, wanted)
        fetch(connection, f"checkpoint {copy}")
    finally:
        fetch(connection, f"detach {copy}")
    step("tables copied")
    fetch(connection, f"attach '{place}' as {copy} (read_only)")
    try:
        found = sums(connection, COPY, tables, advance)
    finally:
        fetch(connection, f"detach {copy}")
    _compare(path, wanted, found)
    step("version checked")


def write_parquet(version: Path, folder: Path) -> None:
    """Write a version's tables to `folder`, `<schema>/<table>.parquet` each."""
    with duckdb.connect(str(version), read_only=True) as connection:
        rows = fetch(connection, "select schema_name, table_name from publication")
        for schema, name in [("main", "publication"), *rows]:
            path = folder / ("" if schema == "main" else schema) / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            place = str(path).replace("'", "''")
            fetch(
                connection,
                f"copy {quoted(schema)}.{quoted(name)} to '{place}' (format parquet)",
            )


def read(path: Path, check: bool = False) -> tuple[str, dict[str, Sum]]:
    """A version's name, and what it says it holds; with `check` it is counted and summed, too.

    Raises IntegrityError when that is not so, or the file cannot be read.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = fetch(
                connection,
                "select version, schema_name, table_name, row_count, checksum from publication",
            )
            tables = [Table(row[1], row[2]) for row in rows]
            said = {
                table.relation: Sum(row[3], row[4]) for table, row in zip(tables, rows, strict=True)
            }
            if check:
                ((database,),) = fetch(connection, "select current_database()")
                _compare(path, said, sums(connection, str(database), tables))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise IntegrityError(f"{path} is no version that was published: {reason}") from None
    return str(rows[0][0]), said


def _comment(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    there = {
        row[0]
        for row in fetch(
            connection,
            "select column_name from duckdb_columns()"
            " where database_name = ? and schema_name = ? and table_name = ?",
            [COPY, table.schema, table.name],
        )
    }
    where = table.within(COPY)
    notes = {f"table {where}": table.description}
    for name, text in table.columns.items():
        if name in there:
            notes[f"column {where}.{quoted(name)}"] = text
    for what, text in notes.items():
        if text:
            fetch(
                connection, f"comment on {what} is '{text.strip().replace(chr(39), chr(39) * 2)}'"
            )


def _note(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    published_at: datetime,
    tables: Sequence[Table],
    wanted: Mapping[str, Sum],
) -> None:
    """The table `publication`: one row a table, with the scoring runs its rows come from."""
    note = f"{quoted(COPY)}.main.publication"
    fetch(
        connection,
        f"create table {note} (version varchar, published_at timestamp, schema_name varchar,"
        " table_name varchar, row_count bigint, checksum varchar, run_ids varchar)",
    )
    fetch(
        connection,
        f"comment on table {note} is 'One row per published table: its version, when it was"
        " published (UTC), its rows, their checksum and the scoring runs they come from.'",
    )
    for table in tables:
        held = wanted[table.relation]
        values: list[Any] = [version, published_at, table.schema, table.name]
        values += [held.rows, held.checksum, _run_ids(connection, table)]
        fetch(connection, f"insert into {note} values (?, ?, ?, ?, ?, ?, ?)", values)


def _run_ids(connection: duckdb.DuckDBPyConnection, table: Table) -> str | None:
    if RUN_ID not in columns(connection, table.relation):
        return None
    ((ids,),) = fetch(
        connection,
        f"select string_agg(distinct {RUN_ID}, ', ' order by {RUN_ID}) from {table.within(COPY)}",
    )
    return None if ids is None else str(ids)


def _compare(path: Path, wanted: Mapping[str, Sum], found: Mapping[str, Sum]) -> None:
    for relation, held in wanted.items():
        if found[relation] != held:
            raise IntegrityError(
                f"{relation} in {path} is not what was published: {found[relation].rows} rows"
                f" (checksum {found[relation].checksum}), not {held.rows} ({held.checksum})"
            )
