"""The one normal form of ids, for Python; for dbt it is the macro clean_id.

A table of floats writes customer 17850 as 17850.0, and a spreadsheet keeps the zeros of 000123 as
="000123". Staging, marts, requests and erasure all mean the same customer.
"""

import re

__all__ = ["normal_id", "normal_id_sql"]

WHOLE_FLOAT = r"^([0-9]+)\.0+$"
FORMULA = r"^=\"(.*)\"$"


def normal_id(text: str) -> str:
    """The id in its normal form; empty for a text without an id."""
    return re.sub(WHOLE_FLOAT, r"\1", re.sub(FORMULA, r"\1", text, flags=re.S).strip(" "))


def normal_id_sql(value: str) -> str:
    """The same for an SQL expression of any type, null for a value without an id."""
    text = f"regexp_replace(cast({value} as varchar), '{FORMULA}', '\\1', 's')"
    return f"nullif(regexp_replace(trim({text}), '{WHOLE_FLOAT}', '\\1'), '')"
