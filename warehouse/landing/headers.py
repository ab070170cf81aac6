"""A second header in the middle of a file: two exports put one after the other."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["column_names", "find_header", "looks_like_header"]


def column_names(fields: Sequence[str]) -> list[str]:
    """The header's names, each of them one column: empty ones and repeated ones get a number."""
    names: list[str] = []
    taken: set[str] = set()
    for place, field in enumerate(fields):
        name = field if field.strip() else f"column{place}"
        number = 0
        while (key := name.strip().lower()) in taken:
            number += 1
            name = f"{field.strip() or 'column'}_{number}"
        taken.add(key)
        names.append(name)
    return names


def looks_like_header(fields: Sequence[str], known: Mapping[str, str]) -> bool:
    """Whether most fields, and more than one of them, are names of columns."""
    named = sum(field.strip().lower() in known for field in fields)
    return named > 1 and 2 * named > len(fields)


def find_header(table: pa.Table, known: Mapping[str, str]) -> int | None:
    """The first row that looks like a header, where there is one.

    A header has a name in more than half of its fields, so in one of any half of the columns and
    one more; of many columns four are asked.
    """
    width = table.num_columns
    asked = range(width // 2 + 1) if width < 7 else (0, 1, width // 2, width - 1)
    spelled = {
        form for low, name in known.items() for form in (low, name, low.upper(), low.title())
    }
    names = pa.array(sorted(spelled), pa.string())
    found = np.zeros(table.num_rows, bool)
    for place in asked:
        found |= pc.is_in(table.column(place), value_set=names).to_numpy()
    for row in np.flatnonzero(found):
        fields = [str(column[int(row)].as_py()) for column in table.columns]
        if looks_like_header(fields, known):
            return int(row)
    return None
