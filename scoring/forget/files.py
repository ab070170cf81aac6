"""CSV, Parquet and text files: find a person's rows, and rewrite a file without them.

From our own files (published Parquet, delivered audiences) every row of the person is erased. Raw
files belong to the user; `people` in source_catalog says which of their columns name a customer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml

from scoring.forget.lineage import EXAMPLE, OWNED, QUOTES, condition, mark_known, remaining_rows
from scoring.forget.records import write_without
from scoring.forget.replace import replace_file
from warehouse.connection import fetch, quoted
from warehouse.errors import InputError, IntegrityError
from warehouse.settings import PROJECT_ROOT

__all__ = [
    "FoundFile",
    "open_file",
    "own_files",
    "people_of",
    "raw_files",
    "rewrite_file",
]

SUFFIXES = (".csv", ".parquet", ".txt")
Rules = list[str | int | dict[str, str]]


@dataclass(frozen=True)
class FoundFile:
    """A file with rows of the person."""

    path: Path
    sql: str
    """The file as a table function of DuckDB."""
    columns: tuple[str, ...]
    where: str
    """The SQL condition that is true for the person's rows."""
    rows: int
    """The number of the person's rows."""


def own_files(connection: duckdb.DuckDBPyConnection, *folders: Path) -> Iterator[FoundFile]:
    """The files in our folders with rows of the person. Raises InputError as `open_file` does."""
    for path in _files(*folders):
        sql, columns = open_file(connection, path)
        where = condition(columns) or (EXAMPLE in columns and QUOTES)
        if where and (rows := _count(connection, sql, where)):
            yield FoundFile(path, sql, columns, where, rows)


def raw_files(connection: duckdb.DuckDBPyConnection, raw: Path) -> list[FoundFile]:
    """The raw files with rows of the person; keys found in them are added to the traced keys.

    Raises InputError as `open_file` does.
    """
    opened = [
        (path, *open_file(connection, path), rules)
        for source, rules in people_of().items()
        for path in _files(raw / source)
    ]
    for _, sql, columns, rules in opened:
        if where := _names(columns, rules):
            mark_known(connection, str(_id(columns, rules)), sql)
            for key in OWNED[:4]:
                if key in columns:
                    _add_keys(connection, key, sql, where)
    found = []
    for path, sql, columns, rules in opened:
        where = _belongs(columns, rules)
        if where and (rows := _count(connection, sql, where)):
            found.append(FoundFile(path, sql, columns, where, rows))
    return found


def open_file(
    connection: duckdb.DuckDBPyConnection, path: Path, suffix: str = ""
) -> tuple[str, tuple[str, ...]]:
    """The file as a table function of DuckDB, read as staging reads it, and its columns.

    `suffix` is the file type (.csv, .parquet, .txt); by default that of the path. Raises InputError
    when the file cannot be read.
    """
    text = "'" + str(path).replace("'", "''") + "'"
    sql = {
        ".parquet": f"read_parquet({text})",
        ".csv": f"read_csv({text}, header = true, all_varchar = true)",
        ".txt": f"read_csv({text}, header = false, columns = {{'line': 'varchar'}},"
        " auto_detect = false, delim = chr(1), quote = '', escape = '')",
    }[suffix or path.suffix]
    try:
        rows = fetch(connection, f"select column_name from (describe from {sql})")
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"cannot read {path} ({reason}): correct the file or move it away, then run again"
        ) from None
    return sql, tuple(name for (name,) in rows)


def rewrite_file(connection: duckdb.DuckDBPyConnection, file: FoundFile) -> None:
    """Replace the file by one without the person's rows.

    The other lines of a text or CSV file are kept byte for byte. Raises IntegrityError when the new
    file does not hold exactly the other rows; the old file is unchanged then.
    """
    with replace_file(file.path) as temporary:
        if file.path.suffix == ".parquet":
            target = str(temporary).replace("'", "''")
            remaining = f"from {file.sql} where not coalesce({file.where}, false)"
            if EXAMPLE in file.columns:
                remaining = remaining_rows(file.columns, file.sql)
            connection.execute(
                f"copy ({remaining}) to '{target}' (format parquet, compression zstd)"
            )
        else:
            numbers = fetch(
                connection,
                "select row_number from (select row_number() over () as row_number, *"
                f" from {file.sql}) where {file.where}",
            )
            write_without(connection, file.path, temporary, {number for (number,) in numbers})
        sql, _ = open_file(connection, temporary, file.path.suffix)
        erased = 0 if EXAMPLE in file.columns else file.rows
        rows = _count(connection, file.sql, "true") - erased
        if _count(connection, sql, "true") != rows or _count(connection, sql, file.where):
            raise IntegrityError(
                f"{file.path} could not be rewritten, it is unchanged: erase its rows by hand"
            )


def people_of() -> dict[str, Rules]:
    """For each source, the rules of dbt_project.yml that say how its files name customers."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Rules] = {}
    for source, entry in project["vars"]["source_catalog"].items():
        each = entry.get("people", {}).values()
        found[source] = [
            rule for rules in each for rule in (rules if isinstance(rules, list) else [rules])
        ]
    return found


def _files(*folders: Path) -> list[Path]:
    return sorted(
        {
            path
            for folder in folders
            for path in folder.rglob("*")
            if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size
        }
    )


def _belongs(columns: tuple[str, ...], rules: Rules) -> str | None:
    """The condition for the person's rows: with their id, or without an id but with their key."""
    names = _names(columns, rules)
    keys = [key for rule in rules if isinstance(rule, dict) for key in rule if key in columns]
    owned = " or ".join(_in(key, key) for key in dict.fromkeys(keys))
    if names is None or not owned:
        return names or owned or None
    return f"({names} or ({_id(columns, rules)} is null and ({owned})))"


def _names(columns: tuple[str, ...], rules: Rules) -> str | None:
    """The condition for rows with the person's id; None when the file has no customer column."""
    value = _id(columns, rules)
    return _in(value, "customer_id") if value else None


def _id(columns: tuple[str, ...], rules: Rules) -> str | None:
    """The customer id of a row as SQL, the same as in macros/raw/erased_rows.sql."""
    headers = {column.strip().lower(): column for column in columns}
    for rule in rules:
        if isinstance(rule, int) and columns == ("line",):
            return f"string_split_regex(trim(line), '\\s+')[{rule}]"
        if isinstance(rule, str) and rule.lower() in headers:
            value = f"nullif(trim(cast({quoted(headers[rule.lower()])} as varchar)), '')"
            return f"regexp_replace({value}, '^([0-9]+)\\.0+$', '\\1')"
    return None


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
