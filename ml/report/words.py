"""Format numbers, dates and words for people."""

from collections.abc import Mapping
from datetime import date
from typing import Any

__all__ = [
    "count",
    "figure",
    "infinitive",
    "interval",
    "money",
    "percent",
    "plural",
    "signed",
    "text_date",
]

NARROW = "\u202f"
"""A narrow space that does not break."""


def count(number: float | None) -> str:
    """A whole number like 12,205; a dash for None."""
    return "–" if number is None else f"{number:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage like 34.6 %; a dash for None."""
    return "–" if share is None else f"{100 * share:.{digits}f}{NARROW}%"


def figure(value: float | None, digits: int = 3) -> str:
    """A decimal number like 0.811; a dash for None."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """A number with its sign, like +0.012 or −0.012; a dash for None."""
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def money(value: float) -> str:
    """An amount like 1 or 0.25, without trailing zeros."""
    return f"{value:,.4g}"


def interval(row: Mapping[str, Any] | None, digits: int = 3) -> str:
    """The interval of a metric's row like `0.786 to 0.836`; empty where it has none."""
    if not row or row["value_low"] is None:
        return ""
    return f"{figure(row['value_low'], digits)} to {figure(row['value_high'], digits)}"


def plural(noun: str) -> str:
    """The plural of a regular noun: customers, entities."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def infinitive(title: str) -> str:
    """A task's title after "expected to": `buys within 30 days` becomes `buy within 30 days`."""
    verb, space, rest = title.partition(" ")
    irregular = {"is": "be", "has": "have", "does": "do", "goes": "go"}
    if verb in irregular:
        verb = irregular[verb]
    elif verb.endswith("ies"):
        verb = f"{verb[:-3]}y"
    elif verb.endswith(("ches", "shes", "sses", "xes")):
        verb = verb[:-2]
    elif verb.endswith("s"):
        verb = verb[:-1]
    return f"{verb}{space}{rest}"


def text_date(day: date | None) -> str:
    """A date like 6 November 2025; a dash for None."""
    return "–" if day is None else f"{day.day} {day:%B %Y}"
