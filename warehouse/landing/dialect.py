"""How a text file is written: stated in `source_catalog`, or found by one rule, never guessed.

The rule reads the header and a sample that is spread over the whole file. What it finds is checked
on every record while the file is read: a character that the encoding does not have, a quote that
does not fit or records without the fields of the header end in another dialect or in an error.
"""

import codecs
import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from warehouse.errors import InputError, UsageError
from warehouse.landing.text_stream import compression_of, sample

__all__ = ["BOMS", "NEXT_ENCODING", "Dialect", "find_dialect", "not_written_so", "stated_for"]

DELIMITERS = (",", ";", "\t", "|")
NEXT_ENCODING = {"utf-8": "windows-1252", "windows-1252": "latin-1"}
"""What a file is read as when a byte of it is none of the encoding's."""
BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
EXCEL = re.compile(r"sep=(.)\r?\n?")
"""A first line by which Excel is told the delimiter; it is no header."""
STATEMENTS = {
    "delimiter",
    "encoding",
    "quote",
    "escape",
    "decimal",
    "header",
    "header_line",
    "names",
}


@dataclass(frozen=True)
class Dialect:
    """How the records and fields of a text file are written."""

    encoding: str = "utf-8"
    compression: str | None = None
    delimiter: str | None = ","
    """None: every line is one value, the column `line`."""
    quote: str | None = '"'
    escape: str | None = None
    """A character that takes the meaning from the next one; quotes may always be doubled."""
    header: bool = True
    header_line: int = 1
    """The record that holds the header; what is before it is no data."""
    names: tuple[str, ...] = ()
    """Names in place of the header's."""
    decimal: str | None = None
    """`,` where it is stated; without a statement it is found column by column."""
    is_quote_stated: bool = False

    def fields(self, record: str) -> list[str]:
        """The values of one record."""
        if self.delimiter is None:
            return [record]
        rows = csv.reader(
            [record],
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
        )
        csv.field_size_limit(2**31 - 1)
        return next(rows, [])

    def facts(self) -> dict[str, Any]:
        """As the index has it."""
        return {
            "encoding": self.encoding,
            "compression": self.compression,
            "delimiter": self.delimiter,
            "quote": self.quote,
            "escape": self.escape,
        }


def find_dialect(path: Path, stated: Mapping[str, Any]) -> Dialect:
    """The dialect of a text file; what is stated wins.

    Raises UsageError for a statement that cannot be, InputError for a file that cannot be opened.
    """
    _check(path, stated)
    compression = compression_of(path)
    pieces = sample(path, compression)
    encoding = str(stated.get("encoding") or _encoding(pieces[0]))
    encoding = codecs.lookup(encoding).name
    encoding = {"utf-8-sig": "utf-8", "iso8859-1": "latin-1", "cp1252": "windows-1252"}.get(
        encoding, encoding
    )
    texts = [piece.decode(encoding, errors="replace") for piece in pieces]
    texts[0] = texts[0].removeprefix("\ufeff")
    found = Dialect(encoding, compression)
    if names := stated.get("names"):
        found = replace(found, names=tuple(names))
    is_lines = Path(path.name.removesuffix(".gz").removesuffix(".zst")).suffix == ".txt"
    excel = EXCEL.match(texts[0])
    if "delimiter" in stated:
        found = replace(found, delimiter=stated["delimiter"] or None)
    elif is_lines:
        found = replace(found, delimiter=None)
    elif excel:
        found = replace(found, delimiter=excel[1])
    if found.delimiter is None:
        found = replace(found, quote=None, header=False, names=found.names or ("line",))
    if excel and not is_lines:
        found = replace(found, header_line=2)
    if "quote" in stated:
        found = replace(found, quote=stated["quote"] or None, is_quote_stated=True)
    if "header_line" in stated:
        found = replace(found, header_line=int(stated["header_line"]))
    if "header" in stated:
        found = replace(found, header=_has_header(stated["header"], texts[0]))
    if "decimal" in stated:
        found = replace(found, decimal=stated["decimal"])
    if "escape" in stated:
        found = replace(found, escape=stated["escape"] or None)
    elif found.quote and any(_escapes(text, found) for text in texts):
        found = replace(found, escape="\\")
    if found.delimiter == "," and "delimiter" not in stated and not excel:
        found = replace(found, delimiter=_delimiter(path.name, texts, found))
    return found


def _check(path: Path, stated: Mapping[str, Any]) -> None:
    unknown = set(stated) - STATEMENTS
    if unknown:
        raise UsageError(
            f"dialect of {path.name} in source_catalog (dbt_project.yml) states"
            f" {', '.join(sorted(unknown))}: known are {', '.join(sorted(STATEMENTS))}"
        )
    for name in ("delimiter", "quote", "escape", "decimal"):
        if len(str(stated.get(name) or "")) > 1:
            raise UsageError(
                f"dialect of {path.name} in source_catalog (dbt_project.yml): {name} must be one"
                f" character, not {stated[name]!r}"
            )
    if stated.get("header") is False and not stated.get("names"):
        raise UsageError(
            f"dialect of {path.name} in source_catalog (dbt_project.yml): a file without a header"
            " needs names, a list of its columns"
        )
    try:
        codecs.lookup(str(stated.get("encoding") or "utf-8"))
    except LookupError:
        raise UsageError(
            f"dialect of {path.name} in source_catalog (dbt_project.yml): no encoding is called"
            f" {stated['encoding']!r}"
        ) from None


def _encoding(head: bytes) -> str:
    """By the byte order mark, or by where the zero bytes of UTF-16 are; else UTF-8 is tried."""
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    zeros = [head[place:4096:2].count(0) for place in (0, 1)]
    half = min(len(head), 4096) // 2
    if half and zeros[1] > half * 0.4 and zeros[0] < half * 0.1:
        return "utf-16-le"
    if half and zeros[0] > half * 0.4 and zeros[1] < half * 0.1:
        return "utf-16-be"
    return "utf-8"


def _has_header(stated: bool | str, text: str) -> bool:
    """A text stands for: the first line is a header where it holds this text."""
    if isinstance(stated, str):
        return stated in (text.splitlines() or [""])[0]
    return stated


def _escapes(text: str, dialect: Dialect) -> bool:
    """Whether a backslash before a quote takes the quote's meaning: no field ends behind it."""
    quote = re.escape(dialect.quote or '"')
    ends = "".join(map(re.escape, DELIMITERS))
    return re.search(rf"\\{quote}(?![{ends}\r\n]|{quote}|\Z)", text) is not None


def _delimiter(name: str, texts: list[str], dialect: Dialect) -> str:
    """The delimiter by which most records of the sample have as many fields as the header.

    Raises InputError where two are as good.
    """
    best, chosen, other = (0.0, 0), ",", ""
    for delimiter in DELIMITERS:
        tried = replace(dialect, delimiter=delimiter)
        whole = [texts[0].splitlines(), *(text.splitlines()[1:-1] for text in texts[1:])]
        lines = [line for piece in whole for line in piece[:200] if line]
        header = lines[dialect.header_line - 1 : dialect.header_line]
        if not header:
            break
        width = len(tried.fields(header[0]))
        if width < 2:
            continue
        rest = lines[dialect.header_line :] or header
        same = sum(len(tried.fields(line)) == width for line in rest)
        if (found := (round(same / len(rest), 1), width)) > best:
            best, chosen, other = found, delimiter, ""
        elif found == best:
            other = delimiter
    if other:
        raise InputError(
            f"raw file {name} can be read with {chosen!r} or {other!r} between its fields: state"
            " delimiter under dialect in source_catalog (dbt_project.yml)"
        )
    return chosen


def stated_for(dialects: Mapping[str, Mapping[str, Any]], path: str) -> Mapping[str, Any]:
    """What is stated of a file: of its path below the source's folder, by the first pattern."""
    return next((each for glob, each in dialects.items() if fnmatchcase(path, glob)), {})


def not_written_so(path: str, dialect: Dialect) -> InputError:
    """The error for bytes that no character of the encoding has."""
    return InputError(
        f"raw file {path} cannot be read as {dialect.encoding}: state its encoding under dialect in"
        " source_catalog (dbt_project.yml), or export it again as UTF-8"
    )
