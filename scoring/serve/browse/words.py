"""Names and descriptions of tables as people say them."""

import re

__all__ = ["table_title", "what_a_row_is"]


def table_title(name: str) -> str:
    """`likely_buyers` is "Likely buyers"."""
    return name.replace("_", " ").capitalize()


def what_a_row_is(description: str) -> str:
    """The first sentence of a model's description, "One row per" as "Every"."""
    first = re.split(r"(?<=\.)\s", description.strip(), maxsplit=1)[0]
    return re.sub(r"^One row per ", "Every ", first)
