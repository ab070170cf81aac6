"""CSV, Parquet and text files: a person's rows in them, and the same file without these rows.

Of our own files (published Parquet, delivered audiences) every row that is the person's goes. Raw
files are the user's: which of their columns names a customer says `people` in source_catalog. They
are read as landing reads them, into a folder that is gone when the erasure ends.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.forget.lineage import (
    EXAMPLE,
    OWNED,
    PERSON,
    QUOTES,
    condition,
    mark_known,
    remaining_rows,
)
from scoring.forget.replace import replace_file
from warehouse.connection import fetch, literal
from warehouse.errors import InputError, IntegrityError
from warehouse.ids import normal_id_sql
from warehouse.landing.catalog import read_catalog
from warehouse.landing.deliveries import Source, land_source
from warehouse.landing.dialect import find_dialect, stated_for
from warehouse.landing.erasures import id_of, keys_of, ragged_words
from warehouse.landing.land import source_of
from warehouse.landing.parts import Part as Landed
from warehouse.landing.text_files import CopyWithout, land_text

__all__ = ["FoundFile", "own_files", "raw_files", "rewrite_file"]

PARQUET, TEXT = ".parquet", (".csv", ".txt")
THEIR_IDS = "(select list(id) from temp.traced_keys where key = 'customer_id')"


@dataclass(frozen=True)
class Part:
    """Rows of a file, as a table function, and the condition that theirs meet."""

    sql: str
    where: str


@dataclass(frozen=True)
class FoundFile:
    """A file with rows of the person."""

    path: Path
    source: Source
    """Where it lands: our own files as if they were a source's."""
    parts: tuple[Part, ...]
    rows: int
    format: str
    """`parquet`, `duckdb`, or a kind of text."""
    is_own: bool = False


def own_files(
    connection: duckdb.DuckDBPyConnection, scratch: Path, *folders: Path
) -> Iterator[FoundFile]:
    """The files in our folders that hold the person, each table as the warehouse knows it."""
    for path in _files(*folders):
        source = Source("own", path.parent, scratch / "own")
        if path.suffix == PARQUET:
            opened = [(_parquet(path), _columns(connection, path))]
        else:
            target = source.folder / path.name / path.stem
            facts = land_text(path, str(path), target, find_dialect(path, {}))
            opened = [(_delivered(each), tuple(each.columns)) for each in facts.parts]
        parts = tuple(
            Part(sql, where)
            for sql, columns in opened
            if (where := condition(columns) or (QUOTES if EXAMPLE in columns else None))
        )
        if rows := sum(_count(connection, part.sql, part.where) for part in parts):
            yield FoundFile(path, source, parts, rows, path.suffix.removeprefix("."), is_own=True)


def raw_files(connection: duckdb.DuckDBPyConnection, raw: Path, scratch: Path) -> list[FoundFile]:
    """The raw files that hold the person, by the headers that name customers; keys are noted.

    Raises InputError when one cannot be read.
    """
    opened = []
    for name, entry in read_catalog().items():
        source = source_of(name, entry, raw, scratch)
        for delivery in land_source(source):
            if delivery.error:
                raise InputError(delivery.error)
            opened.append((source, delivery))
    for source, delivery in opened:
        for part in delivery.parts:
            if named := id_of(part.columns, source.people):
                sql = _parquet(Path(part.path))
                mark_known(connection, named, sql)
                for key in OWNED[:4]:
                    if key in part.columns:
                        _add_keys(connection, key, sql, _in(named, "customer_id"))
    found = []
    for source, delivery in opened:
        parts = tuple(
            Part(_parquet(Path(part.path)), _belongs(tuple(part.columns), source))
            for part in delivery.parts
        )
        if rows := sum(_count(connection, part.sql, part.where) for part in parts):
            path = source.raw / source.name / delivery.path
            found.append(FoundFile(path, source, parts, rows, delivery.format))
    return found


def rewrite_file(connection: duckdb.DuckDBPyConnection, file: FoundFile) -> None:
    """Put the file without the person's rows in its place.

    Lines of text and CSV are kept byte for byte. Raises IntegrityError when the new file does not
    hold exactly the other rows; then nothing has changed.
    """
    with replace_file(file.path) as temporary:
        before = sum(_count(connection, part.sql, "true") for part in file.parts)
        if file.is_own and file.format == "parquet":
            columns = _columns(connection, file.path)
            kept = remaining_rows(columns, _parquet(file.path))
            connection.execute(
                f"copy ({kept}) to {literal(temporary)} (format parquet, compression zstd)"
            )
            erased = 0 if EXAMPLE in columns else file.rows
            new = [Part(_parquet(temporary), part.where) for part in file.parts]
        else:
            erased = file.rows
            records = _records(connection, file)
            write = _write_parquet if file.format == "parquet" else _write_text
            new = write(file, temporary, records)
        after = sum(_count(connection, part.sql, "true") for part in new)
        left = sum(_count(connection, part.sql, part.where) for part in new)
        if after != before - erased or left:
            raise IntegrityError(
                f"{file.path} could not be rewritten, it is unchanged: erase its rows by hand"
            )


def _records(connection: duckdb.DuckDBPyConnection, file: FoundFile) -> set[int]:
    """The numbers of their records, from 1."""
    return {
        int(record)
        for part in file.parts
        for (record,) in fetch(connection, f"select _record from {part.sql} where {part.where}")
    }


def _write_parquet(file: FoundFile, target: Path, records: set[int]) -> list[Part]:
    first = 1
    with (
        pq.ParquetFile(file.path) as old,
        pq.ParquetWriter(target, old.schema_arrow, compression="zstd") as new,
    ):
        for batch in old.iter_batches():
            numbers = range(first, first + batch.num_rows)
            kept = pa.array([number not in records for number in numbers], pa.bool_())
            new.write_batch(batch.filter(kept))
            first += batch.num_rows
    where = file.parts[0].where.replace("_ragged is not null", "false")
    where = where.replace("_ragged", "cast(null as varchar)")
    return [Part(_parquet(target), where)]


def _write_text(file: FoundFile, target: Path, records: set[int]) -> list[Part]:
    """The file copied without these records, and then landed as the old one was."""
    source = file.source
    name = file.path.relative_to(source.raw / source.name).as_posix() if not file.is_own else ""
    dialect = find_dialect(file.path, stated_for(source.dialects, name))
    scratch = source.folder / ".rewritten" / file.path.name
    copy = CopyWithout(target, records)
    land_text(file.path, str(file.path), scratch / "old", dialect, copy)
    facts = land_text(target, str(file.path), scratch / "new", dialect)
    wheres = [part.where for part in file.parts]
    return [
        Part(_delivered(part) if file.is_own else _parquet(Path(part.path)), where)
        for part, where in zip(facts.parts, wheres, strict=True)
    ]


def _files(*folders: Path) -> list[Path]:
    return sorted(
        {
            path
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix in (PARQUET, *TEXT) and path.is_file() and path.stat().st_size
        }
    )


def _delivered(part: Landed) -> str:
    """A part of a CSV file of ours, with ids in their normal form."""
    file = _parquet(Path(part.path))
    if PERSON not in part.columns:
        return file
    return f"(select * replace ({normal_id_sql(PERSON)} as {PERSON}) from {file})"


def _columns(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    try:
        rows = fetch(connection, f"select column_name from (describe from {_parquet(path)})")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"cannot read {path} ({reason}): correct the file or move it away, then run again"
        ) from None
    return tuple(name for (name,) in rows)


def _belongs(columns: tuple[str, ...], source: Source) -> str:
    """The condition that a row is the person's: it names them, or nobody and hangs on theirs.

    A record that does not fit its header is theirs when one of its words is their id.
    """
    named = id_of(columns, source.people)
    owned = " or ".join(_in(value, key) for key, value in keys_of(columns, source.people).items())
    tests = [f"(_ragged is not null and list_has_any({ragged_words()}, {THEIR_IDS}))"]
    if named:
        tests.append(_in(named, "customer_id"))
    if owned:
        tests.append(f"({named} is null and ({owned}))" if named else f"({owned})")
    return f"({' or '.join(tests)})" if source.people else "false"


def _add_keys(connection: duckdb.DuckDBPyConnection, key: str, sql: str, where: str) -> None:
    fetch(
        connection,
        f"insert into temp.traced_keys select '{key}', cast({key} as varchar) from {sql}"
        f" where {where} and {key} is not null except select key, id from temp.traced_keys",
    )


def _in(column: str, key: str) -> str:
    return f"{column} in (select id from temp.traced_keys where key = '{key}')"


def _count(connection: duckdb.DuckDBPyConnection, sql: str, where: str) -> int:
    ((rows,),) = fetch(connection, f"select count(*) from {sql} where {where}")
    return int(rows)


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(path)})"
