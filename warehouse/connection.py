"""Connections to DuckDB (waiting for the lock of the file), transactions, and names as SQL."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb

from warehouse.errors import InputError, LockedError, StorageError
from warehouse.steps import step

__all__ = [
    "columns",
    "connect",
    "fetch",
    "literal",
    "qualified",
    "quoted",
    "require_tables",
    "storage",
    "transaction",
]

LOCKED = "IO Error: Could not set lock on file"
"""The beginning of DuckDB's message when another process holds the file."""
FULL = ("No space left on device", "Disk quota exceeded", "File too large")
"""Parts of the messages of DuckDB and Python when a disk is full."""
LONGEST_PAUSE = 0.5
"""The most seconds between two attempts to open a locked file."""


@contextmanager
def connect(
    path: Path, read_only: bool = False, timeout: float = 60
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse `path`, and close it at the end of the block.

    Uncommitted changes are rolled back. While another process holds the file, it is tried again for
    at most `timeout` seconds. Raises InputError (the file does not exist or is not a DuckDB file)
    or LockedError.
    """
    if not path.is_file():
        raise InputError(f"no warehouse at {path}: run dbt build first")
    connection = _open(path, read_only, timeout)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run the block in one transaction: commit at its end, roll back after an error."""
    connection.begin()
    try:
        step("transaction begun")
        yield
        step("transaction ready")
        connection.commit()
        step("transaction committed")
    except BaseException:
        with suppress(duckdb.Error):
            connection.rollback()
        raise


@contextmanager
def storage(path: Path) -> Iterator[None]:
    """Raise StorageError with `path` in its message when the disk is full within the block."""
    try:
        yield
    except (OSError, duckdb.Error) as error:
        reason = next((reason for reason in FULL if reason in str(error)), None)
        if reason is None:
            raise
        raise StorageError(
            f"cannot write {path} ({reason.lower()}), it is unchanged: free space and run again"
        ) from None


def _open(path: Path, read_only: bool, timeout: float) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + timeout
    pause = 0.05
    while True:
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
            connection.execute("set enable_progress_bar = false")  # the bar would be on stdout
            return connection
        except duckdb.Error as error:
            if not str(error).startswith(LOCKED):
                reason = str(error).splitlines()[0]
                raise InputError(
                    f"cannot open the warehouse {path} ({reason}): restore it, or remove it and run"
                    " dbt build"
                ) from None
            if time.monotonic() >= deadline:
                raise LockedError(_held(path, timeout, str(error))) from None
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 2, LONGEST_PAUSE)


def _held(path: Path, timeout: float, message: str) -> str:
    holder = re.search(r"PID (\d+)", message)
    who = f"process {holder[1]}" if holder else "another process"
    return (
        f"{who} still holds the warehouse {path} after {timeout:g} s:"
        " close it, or wait longer with NUMEROSITY_LOCK_TIMEOUT"
    )


def fetch(
    connection: duckdb.DuckDBPyConnection,
    statement: str,
    values: Sequence[Any] | Mapping[str, Any] | None = None,
) -> list[tuple[Any, ...]]:
    """Run one statement and return all its rows.

    All rows are fetched because DuckDB 2 runs no other statement while a result is unfinished.
    """
    return connection.execute(statement, values).fetchall()


def quoted(name: str) -> str:
    """`name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """`text` as a quoted SQL string."""
    return "'" + str(text).replace("'", "''") + "'"


def qualified(connection: duckdb.DuckDBPyConnection, relation: str) -> str:
    """`schema.name` as SQL, with its database, because a file may be named like a schema."""
    ((database,),) = fetch(connection, "select current_database()")
    return ".".join(map(quoted, [database, *relation.split(".")]))


def columns(
    connection: duckdb.DuckDBPyConnection, relation: str, database: str | None = None
) -> dict[str, str]:
    """The SQL types of the columns of `schema.name`, in order; empty if there is no such relation.

    `database` is the name of an attached database; by default the current one.
    """
    schema, _, name = relation.partition(".")
    rows = fetch(
        connection,
        "select column_name, data_type from duckdb_columns()"
        " where database_name = coalesce(?, current_database())"
        " and schema_name = ? and table_name = ? order by column_index",
        [database, schema, name],
    )
    return dict(rows)


def require_tables(connection: duckdb.DuckDBPyConnection, *relations: str) -> None:
    """Raise InputError unless every `schema.name` exists."""
    for relation in relations:
        if not columns(connection, relation):
            raise InputError(f"the warehouse has no table {relation}: run dbt build first")
