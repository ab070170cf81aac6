"""Columns whose numbers have a decimal comma: `3,50`, `1.234,50`."""

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["DECIMAL_COMMA", "CommaColumns"]

DECIMAL_COMMA = r"^\s*[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)?\s*$"
"""A number as it is written there; macros/raw/decimal_comma.sql has the same."""
NUMBER = r"^\s*[+-]?[0-9]+([.,][0-9]+)*([.,][0-9]+)?\s*$"
WITH_COMMA = r"[0-9],[0-9]"
WITH_POINT = r"^[^,]*[0-9][.][0-9][^,]*$"
GROUPS_ONLY = r"^\s*[+-]?[0-9]{1,3}([.][0-9]{3})+\s*$"


@dataclass
class _Counts:
    values: int = 0
    numbers: int = 0
    commas: int = 0
    fitting: int = 0
    groups: int = 0
    points: int = 0


@dataclass
class CommaColumns:
    """Counts, batch by batch, what the numbers of each column look like."""

    counts: dict[str, _Counts] = field(default_factory=dict)

    def see(self, table: pa.Table) -> None:
        """Count a batch of columns of text."""
        for name, column in zip(table.column_names, table.columns, strict=True):
            counts = self.counts.setdefault(name, _Counts())
            marked = pc.filter(column, pc.match_substring_regex(column, r"[0-9][.,][0-9]"))
            counts.values += _sum(pc.not_equal(column, ""))
            if len(marked) == 0:
                continue
            numbers = pc.filter(marked, pc.match_substring_regex(marked, NUMBER))
            counts.numbers += len(numbers)
            counts.commas += _sum(pc.match_substring_regex(numbers, WITH_COMMA))
            counts.fitting += _sum(pc.match_substring_regex(numbers, DECIMAL_COMMA))
            others = pc.filter(numbers, pc.invert(pc.match_substring_regex(numbers, DECIMAL_COMMA)))
            counts.points += _sum(pc.match_substring_regex(others, WITH_POINT))
            counts.groups += _sum(pc.match_substring_regex(numbers, GROUPS_ONLY))

    def names(self, is_stated: bool) -> list[str]:
        """The columns with decimal commas: every number with a mark in it is written so.

        `1.234` alone says nothing: it is a number of that kind where another column has a comma
        and no column a point. `is_stated`: the file is known to have decimal commas.
        """
        found = {
            name
            for name, each in self.counts.items()
            if each.commas and each.fitting == each.numbers and 2 * each.numbers >= each.commas
        }
        points = any(each.points for each in self.counts.values())
        if is_stated or (found and not points):
            found |= {name for name, each in self.counts.items() if 0 < each.numbers == each.groups}
        return [name for name in self.counts if name in found]


def _sum(column: pa.ChunkedArray) -> int:
    return int(pc.sum(column).as_py() or 0)
