"""Numbers as people read them, and the sentences that say what they mean."""

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
    """12,205."""
    return "–" if number is None else f"{number:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """34.6 %."""
    return "–" if share is None else f"{100 * share:.{digits}f}{NARROW}%"


def figure(value: float | None, digits: int = 3) -> str:
    """0.811."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def signed(value: float | None, digits: int = 3) -> str:
    """+0.012 or −0.012."""
    return "–" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def money(value: float) -> str:
    """1 or 0.25: no more digits than it has."""
    return f"{value:,.4g}"


def interval(row: Mapping[str, Any] | None, digits: int = 3) -> str:
    """`0.786 to 0.836` of a metric's row; nothing where it has no interval."""
    if not row or row["value_low"] is None:
        return ""
    return f"{figure(row['value_low'], digits)} to {figure(row['value_high'], digits)}"


def plural(noun: str) -> str:
    """Customers, entities."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def infinitive(title: str) -> str:
    """A task's title behind "expected to": `buys within 30 days` is `buy within 30 days`."""
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
    """6 November 2025."""
    return "–" if day is None else f"{day.day} {day:%B %Y}"
