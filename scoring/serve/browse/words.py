"""Names of tables and labels as people say them."""

import re

__all__ = ["outcome_title", "table_title", "what_a_row_is"]


def table_title(name: str) -> str:
    """`likely_buyers` is "Likely buyers"."""
    return name.replace("_", " ").capitalize()


def outcome_title(label: str) -> str:
    """`has_purchase_30d` is "purchase within 30 days", `has_visit` "visit"."""
    words = label.removeprefix("has_").removeprefix("is_")
    days = re.fullmatch(r"(.+)_(\d+)d", words)
    return (f"{days[1]} within {days[2]} days" if days else words).replace("_", " ")


def what_a_row_is(description: str) -> str:
    """The first sentence of a model's description, "One row per" as "Every"."""
    first = re.split(r"(?<=\.)\s", description.strip(), maxsplit=1)[0]
    return re.sub(r"^One row per ", "Every ", first)
