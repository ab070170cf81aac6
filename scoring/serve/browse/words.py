"""Readable names and descriptions of tables."""

import re

__all__ = ["table_title", "what_a_row_is"]


def table_title(name: str) -> str:
    """The name as a title: "Likely buyers" for `likely_buyers`."""
    return name.replace("_", " ").capitalize()


def what_a_row_is(description: str) -> str:
    """The first sentence of a model's description, with "One row per" replaced by "Every"."""
    first = re.split(r"(?<=\.)\s", description.strip(), maxsplit=1)[0]
    return re.sub(r"^One row per ", "Every ", first)
