"""One published version: a DuckDB file with the public tables of a warehouse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from scoring.publish.public_tables import PublicTable
from scoring.publish.published_types import rows as rows_of
from warehouse.connection import columns, fetch, literal, quoted
from warehouse.errors import IntegrityError
from warehouse.steps import step

__all__ = ["STORAGE", "TableChecksum", "checksums", "read", "write", "write_parquet"]

STORAGE = "v1.0.0"
"""The storage version of the file: the oldest version of DuckDB that can read it."""
COPY = "the copy"
"""The name the file is attached as. It contains a space, so it differs from every warehouse."""
RUN_ID = "run_id"


@dataclass(frozen=True)
class TableChecksum:
    """The content of a table: its number of rows, and a checksum independent of their order."""

    rows: int
    checksum: str


def checksums(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    tables: Sequence[PublicTable],
    advance: Callable[[int], None] = lambda _: None,
) -> dict[str, TableChecksum]:
    """The rows and checksum of each table, by relation; `advance` is called with 1 per table."""
    found = {}
    for table in tables:
        ((rows, checksum),) = fetch(
            connection,
            "select count(*), coalesce(sum(hash(table_row)), 0)"
            f" from ({rows_of(connection, database, table)}) as table_row",
        )
        found[table.relation] = TableChecksum(rows, str(checksum))
        advance(1)
    return found


def write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    version: str,
    published_at: datetime,
    tables: Sequence[PublicTable],
    expected: Mapping[str, TableChecksum],
    advance: Callable[[int], None] = lambda _: None,
) -> None:
    """Copy the tables from the connection's warehouse to the new file `path`.

    `published_at` is a naive UTC datetime. Raises IntegrityError unless the finished file, opened
    again, has the `expected` content.
    """
    ((database,),) = fetch(connection, "select current_database()")
    copy, file = quoted(COPY), literal(path)
    fetch(connection, f"attach {file} as {copy} (read_write, storage_version '{STORAGE}')")
    try:
        for schema in sorted({table.schema for table in tables}):
            fetch(connection, f"create schema {copy}.{quoted(schema)}")
        for table in tables:
            rows = rows_of(connection, database, table)
            fetch(connection, f"create table {table.within(COPY)} as {rows}")
            _comment(connection, table)
            advance(1)
        _write_publication(connection, version, published_at, tables, expected)
        fetch(connection, f"checkpoint {copy}")
    finally:
        fetch(connection, f"detach {copy}")
    step("tables copied")
    fetch(connection, f"attach {file} as {copy} (read_only)")
    try:
        found = checksums(connection, COPY, tables, advance)
    finally:
        fetch(connection, f"detach {copy}")
    _compare(path, expected, found)
    step("version checked")


def write_parquet(version: Path, folder: Path) -> None:
    """Write each table of a version to `<folder>/<schema>/<table>.parquet`."""
    with duckdb.connect(str(version), read_only=True) as connection:
        rows = fetch(connection, "select schema_name, table_name from publication")
        for schema, name in [("main", "publication"), *rows]:
            path = folder / ("" if schema == "main" else schema) / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(
                connection,
                f"copy {quoted(schema)}.{quoted(name)} to {literal(path)} (format parquet)",
            )


def read(path: Path, check: bool = False) -> tuple[str, dict[str, TableChecksum]]:
    """The name of a version and its recorded content, by relation.

    With `check`, the tables are counted and summed again. Raises IntegrityError when they differ
    from the record, or the file is not a version.
    """
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = fetch(
                connection,
                "select version, schema_name, table_name, row_count, checksum from publication",
            )
            tables = [PublicTable(row[1], row[2]) for row in rows]
            recorded = {
                table.relation: TableChecksum(row[3], row[4])
                for table, row in zip(tables, rows, strict=True)
            }
            if check:
                ((database,),) = fetch(connection, "select current_database()")
                _compare(path, recorded, checksums(connection, str(database), tables))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise IntegrityError(
            f"{path} is not a published version ({reason}): publish or restore again"
        ) from None
    return str(rows[0][0]), recorded


def _comment(connection: duckdb.DuckDBPyConnection, table: PublicTable) -> None:
    """Write the descriptions of the table and its columns as comments of the database."""
    there = {
        row[0]
        for row in fetch(
            connection,
            "select column_name from duckdb_columns()"
            " where database_name = ? and schema_name = ? and table_name = ?",
            [COPY, table.schema, table.name],
        )
    }
    copied = table.within(COPY)
    comments = {f"table {copied}": table.description}
    for name, text in table.columns.items():
        if name in there:
            comments[f"column {copied}.{quoted(name)}"] = text
    for what, text in comments.items():
        if text:
            fetch(connection, f"comment on {what} is {literal(text.strip())}")


def _write_publication(
    connection: duckdb.DuckDBPyConnection,
    version: str,
    published_at: datetime,
    tables: Sequence[PublicTable],
    content: Mapping[str, TableChecksum],
) -> None:
    """Create the table `publication`: one row per published table."""
    publication = f"{quoted(COPY)}.main.publication"
    fetch(
        connection,
        f"create table {publication} (version varchar, published_at timestamp, schema_name varchar,"
        " table_name varchar, row_count bigint, checksum varchar, run_ids varchar)",
    )
    fetch(
        connection,
        f"comment on table {publication} is 'One row per published table: its version, when it was"
        " published (UTC), its rows, their checksum and the scoring runs they come from.'",
    )
    for table in tables:
        found = content[table.relation]
        values: list[Any] = [version, published_at, table.schema, table.name]
        values += [found.rows, found.checksum, _run_ids(connection, table)]
        fetch(connection, f"insert into {publication} values (?, ?, ?, ?, ?, ?, ?)", values)


def _run_ids(connection: duckdb.DuckDBPyConnection, table: PublicTable) -> str | None:
    """The scoring runs that the table's rows come from, separated by commas; None without any."""
    if RUN_ID not in columns(connection, table.relation):
        return None
    ((ids,),) = fetch(
        connection,
        f"select string_agg(distinct {RUN_ID}, ', ' order by {RUN_ID}) from {table.within(COPY)}",
    )
    return None if ids is None else str(ids)


def _compare(
    path: Path, expected: Mapping[str, TableChecksum], found: Mapping[str, TableChecksum]
) -> None:
    for relation, wanted in expected.items():
        if found[relation] != wanted:
            raise IntegrityError(
                f"{relation} in {path} is not what was published: {found[relation].rows} rows"
                f" (checksum {found[relation].checksum}), not {wanted.rows} ({wanted.checksum});"
                " publish again, or restore another version"
            )
