"""Copy a text or CSV file without some of its records; the others are kept byte for byte."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import duckdb

from warehouse.connection import fetch

__all__ = ["write_without"]


def write_without(
    connection: duckdb.DuckDBPyConnection, source: Path, target: Path, rows: set[int]
) -> None:
    """Copy the records of `source` to `target`, except those numbered in `rows`.

    Records are numbered from 1, as in DuckDB: the header of a CSV file is not counted.
    """
    header = source.suffix == ".csv"
    with (
        source.open(encoding="utf-8", errors="surrogateescape", newline="") as old,
        target.open("w", encoding="utf-8", errors="surrogateescape", newline="") as new,
    ):
        for number, record in enumerate(_records(connection, source, old), 1 - header):
            if number not in rows:
                new.write(record)


def _records(connection: duckdb.DuckDBPyConnection, path: Path, file: TextIO) -> Iterator[str]:
    """The records of a file as they are written, each with its line ending."""
    if path.suffix != ".csv":
        yield from file
        return
    ((delimiter, quote, escape),) = fetch(
        connection, "select Delimiter, Quote, Escape from sniff_csv(?)", [str(path)]
    )
    raw_lines: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            raw_lines.append(line)
            yield line

    csv.field_size_limit(2**31 - 1)
    quote, escape = (
        each if len(each or "") == 1 else None for each in (quote, escape)
    )  # "(empty)"
    reader = csv.reader(
        lines(),
        delimiter=delimiter,
        quotechar=quote,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape in (None, quote),
        escapechar=None if escape == quote else escape,
    )
    blank = ""  # DuckDB does not count an empty line as a row
    for fields in reader:
        record, raw_lines[:] = "".join(raw_lines), []
        if fields:
            yield blank + record
            blank = ""
        else:
            blank += record
