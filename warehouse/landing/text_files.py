"""A delivered text file becomes Parquet: every record, every field as text, counted twice.

pyarrow reads the values, our own scan (records.py) finds the records; block by block both must
count the same. The settings of the reader are all stated: it guesses, skips and pads nothing.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from warehouse.errors import InputError
from warehouse.landing.decimals import CommaColumns
from warehouse.landing.dialect import BOMS, NEXT_ENCODING, Dialect, not_written_so
from warehouse.landing.headers import column_names, find_header, looks_like_header
from warehouse.landing.parts import OWN_COLUMNS, Part, PartWriter
from warehouse.landing.records import Records, Scanner
from warehouse.landing.text_stream import damaged, sample, utf8_blocks

__all__ = ["CopyWithout", "TextFacts", "land_text"]

LONGEST = 64 << 20
"""Bytes of the longest record; what is longer is a quote that was not closed."""
RAGGED_SHARE = 0.5
"""Where more of the records do not fit the header, the file is not what its header says."""


@dataclass
class TextFacts:
    """What was found in a text file."""

    dialect: Dialect
    parts: list[Part]
    newline: str = ""
    counted: int = 0
    """Records by our own scan, headers and blank lines aside."""
    ragged: int = 0
    blank_lines: int = 0
    headers: int = 0


@dataclass
class CopyWithout:
    """Copies a text file without some of its records, all other bytes as they are."""

    target: Path
    records: set[int]
    """Their numbers, from 1."""
    spans: list[tuple[int, int]] = field(default_factory=list)

    def begin(self, path: Path, dialect: Dialect) -> None:
        """Begin anew: the file is read in this dialect."""
        self.dialect = dialect
        head = sample(path, dialect.compression)[0]
        mark = next((mark for mark in BOMS if head.startswith(mark)), b"")
        self.target.write_bytes(b"")
        self._write(mark)

    def see(self, records: Records, numbers: npt.NDArray[np.int64], before: int) -> None:
        """Note which of the records of a block, `before` of which come first, are left out."""
        for place, number in enumerate(numbers, before + 1):
            if place in self.records:
                begin = int(records.ends[number - 1]) if number else 0
                self.spans.append((begin, int(records.ends[number])))

    def end(self, block: bytes) -> None:
        """Write what is kept of a block."""
        kept, place = [], 0
        for begin, end in sorted(self.spans):
            kept.append(block[place:begin])
            place = end
        self.spans.clear()
        text = b"".join([*kept, block[place:]])
        self._write(
            text.decode().encode(self.dialect.encoding, errors="surrogatepass")
            if self.dialect.encoding != "utf-8"
            else text
        )

    def _write(self, content: bytes) -> None:
        if content and self.dialect.compression:
            content = pa.compress(content, self.dialect.compression, asbytes=True)
        with self.target.open("ab") as file:
            file.write(content)


class _OtherDialect(Exception):
    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect


def land_text(
    path: Path, name: str, target: Path, dialect: Dialect, copy: CopyWithout | None = None
) -> TextFacts:
    """Write a text file as Parquet: `target` with the number of the part before its ending.

    `name` is the path people know. Each row has the columns of the header as text, `_file`,
    `_record` (from 1, headers and blank lines not counted) and `_ragged`: the text of a record that
    does not fit the header, whose other columns are null. A header further down begins another
    part, with its own columns. Raises InputError that names file and line when the file cannot be
    taken as it is; then nothing is left of it.
    """
    while True:
        if copy:
            copy.begin(path, dialect)
        try:
            with damaged(name), PartWriter(target, name) as writer:
                return _Landing(path, name, dialect, writer, copy).run()
        except _OtherDialect as other:
            dialect = other.dialect
        except UnicodeError:
            if dialect.encoding not in NEXT_ENCODING:
                raise not_written_so(name, dialect) from None
            dialect = replace(dialect, encoding=NEXT_ENCODING[dialect.encoding])


@dataclass
class _Landing:
    path: Path
    name: str
    dialect: Dialect
    writer: PartWriter
    copy: CopyWithout | None = None
    facts: TextFacts = field(init=False)
    scanner: Scanner = field(init=False)
    names: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    """Names of columns seen so far: lower case and as written."""
    commas: CommaColumns = field(default_factory=CommaColumns)
    lines: int = 0
    """Line ends before the block at hand."""
    records: int = 0
    """Records before what is at hand, headers and blank lines aside."""
    line_ends: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = TextFacts(self.dialect, self.writer.parts)
        self.scanner = Scanner(self.dialect)

    def run(self) -> TextFacts:
        """Read the whole file."""
        is_started = False
        try:
            for block, records in _ahead(self._blocks()):
                if not block.isascii():
                    block.decode()  # raises where it is not UTF-8
                start = 0
                if not is_started:
                    start, is_started = self._begin(block, records)
                self._refuse(block, records)
                self._segment(block, records, start)
                self._note_line_ends(block)
                if self.copy:
                    self.copy.end(block)
        except _OpenQuoteError as error:
            if self._is_escaped(error.rest):
                raise _OtherDialect(replace(self.dialect, escape="\\")) from None
            raise InputError(
                f"raw file {self.name}: a quote is not closed, in the record that begins in line"
                f" {self.lines + 1}: close it in the file, or export it again"
            ) from None
        if not is_started:
            self._begin(b"", None)
        self._end()
        return self.facts

    def _blocks(self) -> Iterator[tuple[bytes, Records]]:
        """Bytes of whole records."""
        rest = b""
        blocks = utf8_blocks(self.path, self.dialect.encoding, self.dialect.compression)
        last = next(blocks, None)
        while last is not None:
            following = next(blocks, None)
            data = rest + last
            records = self.scanner.scan(data, following is None)
            end = int(records.ends[-1]) if len(records.ends) else 0
            rest = data[end:]
            if end:
                yield data[:end], records
            if rest and (following is None or len(rest) > LONGEST):
                raise _OpenQuoteError(rest)
            last = following

    def _is_escaped(self, text: bytes) -> bool:
        """Whether a backslash may stand before a quote, a reading that was not tried yet."""
        quote = self.scanner.quote
        return self.dialect.escape is None and quote is not None and b"\\" + quote in text

    def _begin(self, block: bytes, records: Records | None) -> tuple[int, bool]:
        """Take the header: where the data begin, as the number of a record."""
        header = 0
        if records is not None:
            filled = np.flatnonzero(records.lengths)
            if self.dialect.header and len(filled) < self.dialect.header_line:
                return len(records.ends), False
            header = int(filled[self.dialect.header_line - 1]) if self.dialect.header else -1
        if not self.dialect.header:
            self._columns(list(self.dialect.names))
            return 0, records is not None
        if records is None:
            raise InputError(
                f"raw file {self.name} is empty (no line): export it again with its header line,"
                " or remove it"
            )
        fields = self.dialect.fields(_text(block, records, header))
        if self.dialect.names:
            if len(fields) != len(self.dialect.names):
                raise InputError(
                    f"raw file {self.name} has {len(fields)} columns, and names in its dialect"
                    f" (source_catalog) has {len(self.dialect.names)}"
                )
            self.known |= {each.strip().lower(): each for each in fields}
            fields = list(self.dialect.names)
        self.facts.headers += 1
        self._columns(fields)
        return header + 1, True

    def _columns(self, fields: list[str]) -> None:
        """From here on records have these columns."""
        self._close_part()
        self.names = column_names(fields)
        if clash := OWN_COLUMNS & {each.strip().lower() for each in self.names}:
            raise InputError(
                f"raw file {self.name} has a column {min(clash)}, a name that landing itself uses:"
                " rename it in the file"
            )
        self.known |= {each.strip().lower(): each for each in self.names}
        self.commas = CommaColumns()
        self.writer.begin(pa.schema([(each, pa.string()) for each in self.names]))

    def _refuse(self, block: bytes, records: Records) -> None:
        """Raise InputError where quotes do not fit: what they hold cannot be known."""
        bad = records.torn
        if not len(bad) and not self.dialect.is_quote_stated:
            bad = self.scanner.swallowing(block, records, len(self.names))
        if not len(bad):
            return
        record = block[int(records.ends[bad[0] - 1]) if bad[0] else 0 : int(records.ends[bad[0]])]
        if self._is_escaped(record):
            raise _OtherDialect(replace(self.dialect, escape="\\"))
        line = self._line(block, records, int(bad[0]))
        last = line + len(_line_starts(record.rstrip(b"\r\n")))
        raise InputError(
            f"raw file {self.name}: in line {line} a quoted value begins that takes in the lines up"
            f" to {last}: close the quote, or, if the value is right, state"
            f" quote: '{self.dialect.quote}' under dialect in source_catalog (dbt_project.yml)"
        )

    def _segment(self, block: bytes, records: Records, start: int) -> None:
        """Read the records of a block from number `start` on, until a header and behind it."""
        stop = len(records.ends)
        while start < stop:
            header = self._read(block, records, start, stop)
            if header is None:
                return
            self._read(block, records, start, header, is_searched=False)
            fields = self.dialect.fields(_text(block, records, header))
            names = [each.strip().lower() for each in fields]
            if not all(names) or len(set(names)) < len(names):
                raise InputError(
                    f"raw file {self.name} has a second header in line"
                    f" {self._line(block, records, header)} whose columns cannot be told apart"
                    f" ({', '.join(fields)}): correct it, or deliver the parts as two files"
                )
            self.facts.headers += 1
            if names != [each.strip().lower() for each in self.names]:
                self._columns(fields)
            start = header + 1

    def _read(
        self, block: bytes, records: Records, start: int, stop: int, is_searched: bool = True
    ) -> int | None:
        """Read and write the records `start` to `stop`; or the number of a header among them."""
        if start == stop:
            return None
        begin = int(records.ends[start - 1]) if start else 0
        numbers = np.arange(start, stop)
        if len(self.names) > 1:
            numbers = numbers[records.lengths[start:stop] > 0]
        data = pa.py_buffer(block)[begin : int(records.ends[stop - 1])]
        longest = int(np.max(np.diff(records.ends[start:stop], prepend=begin)))
        table, bad = _parsed(data, len(self.names), self.dialect, records, longest)
        ragged = {int(numbers[number - 1]): text for number, text in bad if number <= len(numbers)}
        good = numbers[~np.isin(numbers, list(ragged))] if ragged else numbers
        if table.num_rows != len(good) or len(ragged) != len(bad):
            raise InputError(
                f"raw file {self.name}: {len(numbers)} records were counted from line"
                f" {self._line(block, records, start)} on, and {table.num_rows + len(bad)} read:"
                " state its dialect in source_catalog (dbt_project.yml)"
            )
        if is_searched and self.dialect.delimiter and len(self.names) > 1:
            found = [n for n in ragged if self._is_header(_text(block, records, n))][:1]
            if (row := find_header(table, self.known)) is not None:
                found.append(int(good[row]))
            if found:
                return min(found)
        self._write(block, records, table, numbers, good, ragged)
        self.facts.blank_lines += stop - start - len(numbers)
        return None

    def _is_header(self, text: str) -> bool:
        return looks_like_header(self.dialect.fields(text), self.known)

    def _write(
        self,
        block: bytes,
        records: Records,
        table: pa.Table,
        numbers: npt.NDArray[np.int64],
        good: npt.NDArray[np.int64],
        ragged: dict[int, str],
    ) -> None:
        """Write the good rows and the others, whose text is all that is known of them."""
        if len(records.malformed) and len(malformed := np.intersect1d(good, records.malformed)):
            if any(self._is_escaped(_bytes(block, records, int(n))) for n in malformed):
                raise _OtherDialect(replace(self.dialect, escape="\\"))
            keep = ~np.isin(good, malformed)
            table, good = table.filter(pa.array(keep)), good[keep]
            ragged |= dict.fromkeys(map(int, malformed), "")
        place = np.arange(len(numbers)) if good is numbers else np.searchsorted(numbers, good)
        table = table.rename_columns(self.names)
        if self.dialect.decimal == "," or (self.dialect.decimal is None and self._has_commas()):
            self.commas.see(table)
        self.writer.write(table, place + self.records + 1)
        if ragged:
            order = sorted(ragged)
            texts = [_text(block, records, n).replace("\0", "\u2400") for n in order]
            self.writer.write_ragged(texts, np.searchsorted(numbers, order) + self.records + 1)
        if self.copy:
            self.copy.see(records, numbers, self.records)
        self.records += len(numbers)
        self.facts.counted += len(numbers)
        self.facts.ragged += len(ragged)

    def _has_commas(self) -> bool:
        return self.dialect.delimiter in (";", "\t", "|")

    def _close_part(self) -> None:
        if self.writer.parts:
            part = self.writer.parts[-1]
            part.decimal_comma = self.commas.names(self.dialect.decimal == ",")

    def _end(self) -> None:
        self._close_part()
        if 2 * self.facts.ragged > max(self.facts.counted, 2):
            raise InputError(
                f"raw file {self.name}: {self.facts.ragged} of {self.facts.counted} records have"
                f" more or fewer fields than the header, which has {len(self.names)}: export again,"
                " or state its dialect in source_catalog (dbt_project.yml)"
            )
        kinds = [kind for kind, found in self.line_ends.items() if found]
        self.facts.newline = kinds[0] if len(kinds) == 1 else "mixed" if kinds else ""
        self.facts.dialect = self.dialect

    def _note_line_ends(self, block: bytes) -> None:
        """Count the kinds of line ends, for the index, and all of them, for messages."""
        both = block.count(b"\r\n") if b"\r" in block else 0
        alone = block.count(b"\r") - both if b"\r" in block else 0
        feeds = block.count(b"\n") - both
        for kind, found in (("crlf", both), ("lf", feeds), ("cr", alone)):
            self.line_ends[kind] = self.line_ends.get(kind, 0) + found
        self.lines += both + alone + feeds

    def _line(self, block: bytes, records: Records, record: int) -> int:
        """The number of the line in which a record begins."""
        begin = int(records.ends[record - 1]) if record else 0
        return self.lines + len(_line_starts(block[:begin])) + 1


class _OpenQuoteError(Exception):
    """A quote is open at the end of a file, or for too long: since the record `rest` began."""

    def __init__(self, rest: bytes) -> None:
        self.rest = rest


def _parsed(
    data: pa.Buffer, width: int, dialect: Dialect, records: Records, longest: int
) -> tuple[pa.Table, list[tuple[int, str]]]:
    """The columns c0, c1 … of a block, and the number and text of each record that does not fit.

    A record's number is known only where one thread reads: that is done again where any is needed.
    """
    for use_threads in (True, False):
        bad: list[tuple[int, str]] = []

        def note(row: Any, bad: list[tuple[int, str]] = bad) -> str:
            bad.append((row.number or 0, row.text))
            return "skip"

        names = [f"c{place}" for place in range(width)]
        table = pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(
                column_names=names,
                block_size=max(2 << 20, 2 * longest + 2),
                use_threads=use_threads,
                encoding="utf8",
            ),
            parse_options=pa.csv.ParseOptions(
                delimiter=dialect.delimiter or "\x01",
                quote_char=dialect.quote or False,
                double_quote=bool(dialect.quote),
                escape_char=dialect.escape or False,
                newlines_in_values=records.has_quoted_breaks or dialect.escape is not None,
                ignore_empty_lines=width > 1,
                invalid_row_handler=note,
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        if not bad:
            break
    return table, bad


def _ahead(blocks: Iterator[tuple[bytes, Records]]) -> Iterator[tuple[bytes, Records]]:
    """The same, the next one made by another thread while this one is read."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, blocks, None)
        while (block := following.result()) is not None:
            following = thread.submit(next, blocks, None)
            yield block


def _bytes(block: bytes, records: Records, record: int) -> bytes:
    begin = int(records.ends[record - 1]) if record else 0
    return block[begin : begin + int(records.lengths[record])]


def _text(block: bytes, records: Records, record: int) -> str:
    """A record as it is written, without its line end."""
    return _bytes(block, records, record).decode()


def _line_starts(block: bytes) -> list[bytes]:
    """One for each line end."""
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[1:]
