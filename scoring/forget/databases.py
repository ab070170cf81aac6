"""DuckDB files: which there are, what they hold of a person, and the same file without it.

Deleting leaves the bytes in freed blocks until they happen to be used again, and a checkpoint does
not clear them. So the rest is copied into a new file, which takes the old one's place.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from scoring.forget.lineage import EXAMPLE, QUOTES, Relation, condition, relations, rest
from scoring.forget.replace import UNFINISHED, replace_file
from scoring.publish.public_tables import Table
from scoring.publish.version_file import STORAGE, sums
from warehouse.connection import fetch, quoted
from warehouse.errors import InputError, IntegrityError
from warehouse.settings import Settings

__all__ = ["attached", "copies", "count", "rewrite"]

MAGIC = b"DUCK"
"""Bytes 8 to 12 of every DuckDB file."""
PUBLICATION = "main.publication"
"""What a published version says it holds, table by table."""
SETTLE = 0.05
"""Seconds. Who opened the old file just before it was replaced is refused its lock meanwhile."""


def copies(settings: Settings) -> list[list[Path]]:
    """Every DuckDB file that is made from the warehouse: published, kept or set aside.

    One list a file, with all its names: the version that is served has two.
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
    """The database `path` under a name, until the block ends."""
    text = str(path).replace("'", "''")
    try:
        connection.execute(f"attach '{text}' as {quoted(name)} ({mode})")
    except duckdb.Error as error:
        raise InputError(f"cannot open {path}: {str(error).splitlines()[0]}") from None
    try:
        yield name
    finally:
        connection.execute(f"detach {quoted(name)}")


def count(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> dict[str, int]:
    """The person's rows in each table that has any."""
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
    """Put a file without the person's rows in the place of `path`, attached as `database`.

    `changed` names the tables with such rows; `finish` gets the new database's name before it takes
    its place. Raises IntegrityError when the new file does not hold exactly the other rows; then
    nothing has changed.
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
            raise IntegrityError(f"{path}: {', '.join(left)} still holds rows to be erased")
        if PUBLICATION in [table.name for table in tables]:
            _note_sums(connection, new, changed, path.with_suffix(".parquet"))
        if finish:
            finish(new)
        connection.execute(f"checkpoint {new}")
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
    time.sleep(SETTLE)


def _note_sums(
    connection: duckdb.DuckDBPyConnection, new: str, changed: Iterable[str], parquet: Path
) -> None:
    """Have a version say what it holds now, or nobody could restore it; as Parquet, too."""
    tables = [Table(schema, name) for schema, _, name in (one.partition(".") for one in changed)]
    for relation, held in sums(connection, new, tables).items():
        fetch(
            connection,
            f"update {new}.{PUBLICATION} set row_count = ?, checksum = ?"
            " where schema_name || '.' || table_name = ?",
            [held.rows, held.checksum, relation],
        )
    if parquet.is_dir():
        with replace_file(parquet / "publication.parquet") as temporary:
            target = str(temporary).replace("'", "''")
            connection.execute(f"copy {new}.{PUBLICATION} to '{target}' (format parquet)")


def _copy(connection: duckdb.DuckDBPyConnection, old: Relation, new: Relation) -> None:
    kept = rest(old.columns, old.sql)
    ((written,),) = fetch(connection, f"insert into {new.sql} {kept}")
    ((wanted,),) = fetch(connection, f"select count(*) from ({kept})")
    if written != wanted:
        raise IntegrityError(f"{old.name}: {written} rows written, not {wanted}: run again")
