"""The one normal form of ids, for Python; for dbt it is the macro clean_id.

A table of floats writes customer 17850 as 17850.0, and a spreadsheet keeps the zeros of 000123 as
="000123". A CSV file that we deliver has an apostrophe before an id that a spreadsheet would
compute ('=1+2). Staging, marts, requests and erasure all mean the same customer.
"""

import re

__all__ = ["normal_id", "normal_id_sql"]

SPACES = "".join(map(chr, (0x20, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)))
"""What `trim` of DuckDB takes off: every space of Unicode."""
WHOLE_FLOAT = r"^([0-9]+)\.0+$"
FORMULA = r"^=\"(.*)\"$"
MARKED = r"^'([=+@\-])"


def normal_id(text: str) -> str:
    """The id in its normal form; empty for a text without an id."""
    bare = re.sub(FORMULA, r"\1", text, flags=re.S).strip(SPACES)
    return re.sub(MARKED, r"\1", re.sub(WHOLE_FLOAT, r"\1", bare))


def normal_id_sql(value: str) -> str:
    """The same for an SQL expression of any type, null for a value without an id."""
    text = f"regexp_replace(cast({value} as varchar), '{FORMULA}', '\\1', 's')"
    whole = f"regexp_replace(trim({text}), '{WHOLE_FLOAT}', '\\1')"
    marked = MARKED.replace("'", "''")
    return f"nullif(regexp_replace({whole}, '{marked}', '\\1'), '')"
