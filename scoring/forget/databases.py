"""DuckDB files: find the copies of the warehouse, count a person's rows, rewrite without them.

A `delete` leaves the bytes in freed blocks until the blocks are reused, and a checkpoint does not
clear them. So the remaining rows are copied to a new file, which replaces the old one.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from scoring.forget.lineage import (
    EXAMPLE,
    QUOTES,
    Relation,
    condition,
    relations,
    remaining_rows,
)
from scoring.forget.replace import UNFINISHED, replace_file
from scoring.publish.public_tables import PublicTable
from scoring.publish.version_file import STORAGE, checksums
from warehouse.connection import fetch, literal, quoted
from warehouse.errors import InputError, IntegrityError
from warehouse.settings import Settings

__all__ = ["attached", "copies", "count", "rewrite"]

MAGIC = b"DUCK"
"""Bytes 8 to 12 of every DuckDB file."""
PUBLICATION = "main.publication"
"""The table of a published version with the row count and checksum of each of its tables."""
SETTLE = 0.05
"""Seconds to keep the lock after a file was replaced.

A process that opened the old file just before is refused the lock in that time.
"""


def copies(settings: Settings) -> list[list[Path]]:
    """Every DuckDB file made from the warehouse: published versions and backups.

    One list per file, with all its paths: the served version has two.
    """
    found = set()
    for origin in (settings.warehouse, settings.serving):
        found |= {path for path in origin.parent.glob(f"*{origin.name}*") if path.is_file()}
        found |= {path for path in origin.with_suffix("").rglob("*") if path.is_file()}
    names: dict[tuple[int, int], list[Path]] = {}
    for path in sorted(found - {settings.warehouse}):
        if path.suffix != UNFINISHED and _is_database(path):
            names.setdefault((path.stat().st_dev, path.stat().st_ino), []).append(path)
    return list(names.values())


def _is_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[8:] == MAGIC


@contextmanager
def attached(
    connection: duckdb.DuckDBPyConnection, path: Path, name: str, mode: str
) -> Iterator[str]:
    """Attach the database `path` as `name` until the block ends; yields `name`.

    Raises InputError when the file cannot be opened.
    """
    try:
        connection.execute(f"attach {literal(path)} as {quoted(name)} ({mode})")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"cannot open {path} ({reason}): restore or remove the file, then run again"
        ) from None
    try:
        yield name
    finally:
        connection.execute(f"detach {quoted(name)}")


def count(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> dict[str, int]:
    """The number of the person's rows in each table that has any, by table name."""
    found = {}
    for table in tables:
        where = condition(table.columns) or (EXAMPLE in table.columns and QUOTES)
        if where:
            ((rows,),) = fetch(connection, f"select count(*) from {table.sql} where {where}")
            if rows:
                found[table.name] = int(rows)
    return found


def rewrite(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    path: Path,
    changed: Iterable[str],
    finish: Callable[[str], None] | None,
    advance: Callable[[int], None],
) -> None:
    """Replace the file `path`, attached as `database`, by one without the person's rows.

    `changed` names the tables with such rows. `finish` is called with the name of the new database
    before it replaces the old one. `advance` is called with 1 after each table.

    Raises IntegrityError when the new file does not hold exactly the other rows; the old file is
    unchanged then.
    """
    oldest = f"storage_version '{STORAGE}'"
    with (
        replace_file(path) as temporary,
        attached(connection, temporary, "rewritten", oldest) as new,
    ):
        connection.execute(f"copy from database {quoted(database)} to {new} (schema)")
        tables = relations(connection, database)
        for table in tables:
            _copy(connection, table, Relation(new, table.name, table.columns))
            advance(1)
        left = count(connection, relations(connection, new))
        if left:
            raise IntegrityError(
                f"{path}: {', '.join(left)} still holds rows to erase, the file was not changed:"
                " run again"
            )
        if PUBLICATION in [table.name for table in tables]:
            _update_checksums(connection, new, changed, path.with_suffix(".parquet"))
        if finish:
            finish(new)
        connection.execute(f"checkpoint {new}")
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    time.sleep(SETTLE)


def _update_checksums(
    connection: duckdb.DuckDBPyConnection, new: str, changed: Iterable[str], parquet: Path
) -> None:
    """Update the row counts and checksums that `restore` verifies, in the Parquet copy as well."""
    tables = [
        PublicTable(schema, name) for schema, _, name in (one.partition(".") for one in changed)
    ]
    for relation, found in checksums(connection, new, tables).items():
        fetch(
            connection,
            f"update {new}.{PUBLICATION} set row_count = ?, checksum = ?"
            " where schema_name || '.' || table_name = ?",
            [found.rows, found.checksum, relation],
        )
    if parquet.is_dir():
        with replace_file(parquet / "publication.parquet") as temporary:
            target = literal(temporary)
            connection.execute(f"copy {new}.{PUBLICATION} to {target} (format parquet)")


def _copy(connection: duckdb.DuckDBPyConnection, old: Relation, new: Relation) -> None:
    remaining = remaining_rows(old.columns, old.sql)
    ((written,),) = fetch(connection, f"insert into {new.sql} {remaining}")
    ((expected,),) = fetch(connection, f"select count(*) from ({remaining})")
    if written != expected:
        raise IntegrityError(
            f"{old.name}: {written} of {expected} rows were copied, the file was not changed:"
            " run again"
        )
