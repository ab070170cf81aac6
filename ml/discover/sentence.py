"""A rule in words: "3 to 6 orders in 90 days, last visit under 9 days ago"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.discover.rules import Condition, Rule
from warehouse.feature_tables import Feature

__all__ = ["Words", "sentence", "words"]

Kind = Literal["flag", "count", "days since", "number"]


@dataclass(frozen=True)
class Words:
    """How to speak of a feature."""

    label: str
    kind: Kind
    is_whole: bool
    """Whether its values are whole numbers, so that `under 7` is `up to 6`."""


def words(features: Sequence[Feature], matrix: npt.NDArray[np.float32]) -> Mapping[str, Words]:
    """How to speak of each feature, by its name, its label and its values [rows, features]."""
    found = {}
    for feature, column in zip(features, matrix.T, strict=True):
        known = column[~np.isnan(column)]
        label = _label(feature)
        if len(known) and bool(np.isin(known, (0, 1)).all()) and "_count" not in feature.name:
            kind: Kind = "flag"
        elif label.startswith("days since "):
            kind = "days since"
        else:
            kind = "count" if "_count_" in feature.name else "number"
        found[feature.name] = Words(label, kind, bool((known == np.rint(known)).all()))
    return found


def sentence(rule: Rule, speak: Mapping[str, Words]) -> str:
    """The rule's conditions in words, between commas."""
    return ", ".join(_phrase(condition, speak[condition.feature]) for condition in rule.conditions)


def _label(feature: Feature) -> str:
    """The YAML's label, or words made of the name where the YAML has none."""
    if feature.label != feature.name.replace("_", " "):
        return feature.label
    words = feature.label
    if words.startswith("days since last "):
        words = words.replace("days since last", "days since the last")
    words = re.sub(r"^(\w+(?: \w+)*) count\b", lambda found: _plural(found[1]), words)
    words = re.sub(r" (\d+)d$", r" in \1 days", words)
    return re.sub(r" lifetime$", " so far", words)


def _phrase(condition: Condition, spoken: Words) -> str:
    if condition.missing == "only":
        return f"{_subject(spoken)} unknown"
    low, high = condition.low, condition.high
    if low is None and high is None:
        return f"{_subject(spoken)} known"
    phrase = {
        "flag": _flag,
        "count": _count,
        "days since": _days_since,
        "number": _number,
    }[spoken.kind](low, high, spoken)
    return f"{phrase} (or unknown)" if condition.missing == "also" else phrase


def _subject(spoken: Words) -> str:
    return re.sub(r"^days since (the )?", "", spoken.label)


def _flag(low: float | None, high: float | None, spoken: Words) -> str:
    if low is not None and low > 0:
        return spoken.label
    return (
        re.sub(r"^is ", "is not ", spoken.label)
        if spoken.label[:3] == "is "
        else (f"not {spoken.label}")
    )


def _count(low: float | None, high: float | None, spoken: Words) -> str:
    if not spoken.is_whole:
        return _number(low, high, spoken)
    least = 0 if low is None else int(np.ceil(low))
    if high is None:
        return f"{least:,} or more {spoken.label}"
    most = int(np.ceil(high)) - 1
    if most <= 0:
        return f"no {_singular(spoken.label)}" if least <= 0 else f"{most} {spoken.label}"
    if least == most:
        return f"{most:,} {_singular(spoken.label) if most == 1 else spoken.label}"
    return (
        f"up to {most:,} {spoken.label}"
        if least <= 0
        else (f"{least:,} to {most:,} {spoken.label}")
    )


def _days_since(low: float | None, high: float | None, spoken: Words) -> str:
    return f"{_subject(spoken)} {_between(low, high, spoken.is_whole, ' days')} ago"


def _number(low: float | None, high: float | None, spoken: Words) -> str:
    return f"{spoken.label} {_between(low, high, spoken.is_whole, '')}"


def _between(low: float | None, high: float | None, is_whole: bool, unit: str) -> str:
    if high is None and low is not None:
        return f"{_figure(low)} or more{unit}"
    if low is None and high is not None:
        return f"under {_figure(high)}{unit}"
    assert low is not None and high is not None
    if not is_whole:
        return f"{_figure(low)} to under {_figure(high)}{unit}"
    least, most = int(np.ceil(low)), int(np.ceil(high)) - 1
    return f"{least:,}{unit}" if least == most else f"{least:,} to {most:,}{unit}"


def _figure(value: float) -> str:
    """The shortest figure that is this float32, with thousands apart."""
    text = np.format_float_positional(np.float32(value), trim="-")
    whole, point, part = text.partition(".")
    return f"{int(whole):,}{point}{part}" if whole not in ("", "-0") else text


def _plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def _singular(label: str) -> str:
    """Of a label that begins with one noun: "orders in 90 days", "order in 90 days"."""
    noun, space, rest = label.partition(" ")
    if noun.endswith("ies"):
        return f"{noun[:-3]}y{space}{rest}"
    return f"{noun[:-1]}{space}{rest}" if noun.endswith("s") else label
