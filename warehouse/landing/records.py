"""The second, independent count: where the records of a text file end, by our own scan.

A quote counts where a field begins with it, as in every reader of CSV; a line end counts outside
quotes. The scan is of bytes in UTF-8, in numpy, block by block: its memory is that of a block.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from warehouse.landing.dialect import Dialect

__all__ = ["Records", "Scanner"]

LF, CR = 10, 13
Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """The whole records at the beginning of a block of bytes."""

    ends: Places
    """Where each ends, its line end included: `block[ends[n - 1]:ends[n]]` is record n."""
    lengths: Places
    """Bytes of each without its line end; 0 is a blank line."""
    malformed: Places
    """Numbers of records in which text follows a closing quote, or a byte is NUL."""
    torn: Places
    """Numbers of malformed records of several lines: a quote before them was not closed."""
    has_quoted_breaks: bool
    is_open: bool
    """Whether the bytes after the last record end within quotes."""


class Scanner:
    """Finds the records of one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.delimiter = (dialect.delimiter or "\0").encode()
        self.quote = dialect.quote.encode() if dialect.quote else None
        self.escape = dialect.escape.encode() if dialect.escape else None
        self._loose = self._record(is_strict=False)
        self._strict = self._record(is_strict=True)

    def _record(self, is_strict: bool) -> re.Pattern[bytes]:
        """A record with its line end, as a pattern; strict: no text after a closing quote."""
        delimiter, quote = re.escape(self.delimiter), re.escape(self.quote or b"\0")
        escape = re.escape(self.escape) if self.escape else b""
        escaped = b"|" + escape + b"." if escape else b""
        plain = b"(?:[^" + delimiter + escape + rb"\r\n]++" + escaped + b")*+"
        within = b"(?:[^" + quote + escape + b"]++|" + quote + quote + escaped + b")*+"
        field = quote + within + quote + (b"" if is_strict else plain)
        field = b"(?:" + field + b"|(?!" + quote + b")" + plain + b")"
        return re.compile(field + b"(?:" + delimiter + field + rb")*+(?:\r\n|\n|\r|\Z)", re.DOTALL)

    def scan(self, block: bytes, is_last: bool) -> Records:
        """The whole records of a block that begins with one; the last block's end is a line end."""
        data = np.frombuffer(block, np.uint8)
        breaks = self._line_ends(block, data, is_last)
        quotes = self._quotes(block, data)
        ends, malformed, torn, is_open = (
            self._quoted(block, data, quotes, breaks, is_last)
            if len(quotes)
            else (breaks + 1, np.empty(0, np.int64), np.empty(0, np.int64), False)
        )
        if is_last and not is_open and len(block) and (not len(ends) or ends[-1] < len(block)):
            ends = np.append(ends, len(block))
        starts = np.concatenate(([0], ends[:-1])).astype(np.int64)
        lengths = self._lengths(data, starts, ends)
        within = np.searchsorted(breaks, ends[-1]) if len(ends) else 0
        has_breaks = within > len(ends) - (within > 0 and breaks[within - 1] + 1 < ends[-1])
        if 0 in block and len(ends):
            nul = np.searchsorted(ends, np.flatnonzero(data == 0), side="right")
            malformed = np.union1d(malformed, nul[nul < len(ends)])
        return Records(ends, lengths, malformed, torn, bool(has_breaks), is_open)

    def _line_ends(self, block: bytes, data: npt.NDArray[np.uint8], is_last: bool) -> Places:
        """The last byte of every line end, quoted ones too: LF, CR LF, or CR alone."""
        found = np.flatnonzero(data == LF)
        if CR in block:
            alone = np.flatnonzero(data == CR)
            following = np.minimum(alone + 1, len(data) - 1)
            alone = alone[(data[following] != LF) & ((alone + 1 < len(data)) | is_last)]
            if len(alone):
                found = np.union1d(found, alone)
        if self.escape and self.escape in block and len(found):
            begins = np.where((data[found] == LF) & (data[found - 1] == CR), found - 1, found)
            escaped = self._escaped(data)
            found = found[~np.isin(begins, escaped) & ~np.isin(found, escaped)]
        return found

    def _quotes(self, block: bytes, data: npt.NDArray[np.uint8]) -> Places:
        if not self.quote or self.quote not in block:
            return np.empty(0, np.int64)
        found = np.flatnonzero(data == self.quote[0])
        if self.escape and self.escape in block:
            found = np.setdiff1d(found, self._escaped(data), assume_unique=True)
        return found

    def _escaped(self, data: npt.NDArray[np.uint8]) -> Places:
        """The bytes whose meaning the byte before takes: every second one of a run escapes."""
        assert self.escape
        places = np.flatnonzero(data == self.escape[0])
        is_start = np.diff(places, prepend=-2) != 1
        starts = np.maximum.accumulate(np.where(is_start, np.arange(len(places)), 0))
        escaped: Places = places[(np.arange(len(places)) - starts) % 2 == 0] + 1
        return escaped

    def _quoted(
        self,
        block: bytes,
        data: npt.NDArray[np.uint8],
        quotes: Places,
        breaks: Places,
        is_last: bool,
    ) -> tuple[Places, Places, Places, bool]:
        """Ends, malformed records and torn ones where there are quotes.

        Where every quote begins or ends a field, or is one of a doubled pair, a line end is outside
        quotes if the number of quotes before it is even. A record in which that is not so is
        matched by a pattern, and the counting begins again behind it.
        """
        is_edge = np.zeros(256, bool)
        is_edge[[self.delimiter[0], LF, CR]] = True
        before = np.where(quotes > 0, data[np.maximum(quotes - 1, 0)], LF)
        after = np.where(quotes + 1 < len(data), data[np.minimum(quotes + 1, len(data) - 1)], LF)
        near_before = np.diff(quotes, prepend=-2) == 1
        near_after = np.diff(quotes, append=-2) == 1
        opens = is_edge[before] | near_before
        closes = is_edge[after] | near_after
        is_even = np.arange(len(quotes)) % 2 == 0
        odd_places = [
            np.flatnonzero(np.where(is_even, ~opens, ~closes)),
            np.flatnonzero(np.where(is_even, ~closes, ~opens)),
        ]
        before_break = np.searchsorted(quotes, breaks)
        ends: list[Places] = []
        count, start, first_quote, first_break = 0, 0, 0, 0
        malformed, torn = [], []
        while True:
            odd = odd_places[first_quote % 2]
            place = np.searchsorted(odd, first_quote)
            bad = int(odd[place]) if place < len(odd) else len(quotes)
            limit = len(breaks) if bad == len(quotes) else np.searchsorted(breaks, quotes[bad])
            window = slice(first_break, int(limit))
            outside = (before_break[window] - first_quote) % 2 == 0
            found = breaks[window][outside] + 1
            ends.append(found)
            count += len(found)
            if len(found):
                start = int(found[-1])
            if bad == len(quotes):
                is_open = (len(quotes) - first_quote) % 2 == 1
                break
            match = self._loose.match(block, start)
            if match is None or (not is_last and match.end() >= len(block) - 1):
                is_open = match is None
                break
            if (strict := self._strict.match(block, start)) is None or strict.end() != match.end():
                malformed.append(count)
                if re.search(rb"[\r\n]", match[0].rstrip(b"\r\n")):
                    torn.append(count)
            if match.end() == start:
                is_open = False
                break
            start = match.end()
            ends.append(np.array([start], np.int64))
            count += 1
            first_quote = int(np.searchsorted(quotes, start))
            first_break = int(np.searchsorted(breaks, start))
        together = np.concatenate(ends) if ends else np.empty(0, np.int64)
        return together, np.array(malformed, np.int64), np.array(torn, np.int64), is_open

    def _lengths(self, data: npt.NDArray[np.uint8], starts: Places, ends: Places) -> Places:
        if not len(ends):
            return ends
        lengths = ends - starts
        last = data[ends - 1]
        has_end = (last == LF) | (last == CR)
        has_two = (last == LF) & (lengths > 1) & (data[np.maximum(ends - 2, 0)] == CR)
        return np.asarray(lengths - has_end - has_two)

    def swallowing(self, block: bytes, records: Records, width: int) -> Places:
        """Numbers of records of several lines, each of which has the delimiters of a record."""
        if width < 3 or not records.has_quoted_breaks:
            return np.empty(0, np.int64)
        data = np.frombuffer(block, np.uint8)
        ends = records.ends
        delimiters = np.flatnonzero(data == self.delimiter[0])
        cuts = np.union1d(self._line_ends(block, data, True) + 1, ends)
        cuts = cuts[cuts <= ends[-1]]
        per_line = np.diff(np.searchsorted(delimiters, cuts), prepend=0)
        record = np.searchsorted(ends, cuts)
        lines = np.bincount(record, minlength=len(ends))
        alike = np.bincount(record, per_line == width - 1, minlength=len(ends))
        return np.flatnonzero((lines > 1) & (alike == lines))
