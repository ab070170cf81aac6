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
    """How a feature is put into words."""

    label: str
    kind: Kind
    is_whole: bool
    """Whether all values are whole numbers, so that `under 7` becomes `up to 6`."""


def words(features: Sequence[Feature], matrix: npt.NDArray[np.float32]) -> Mapping[str, Words]:
    """The wording of each feature, by name, from its label and its values in `matrix`.

    `matrix` is float32 [rows, features], NaN where missing.
    """
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


def sentence(rule: Rule, wordings: Mapping[str, Words]) -> str:
    """The rule's conditions in words, separated by commas."""
    return ", ".join(
        _phrase(condition, wordings[condition.feature]) for condition in rule.conditions
    )


def _label(feature: Feature) -> str:
    """The label from the YAML, or words made from the name where the YAML has no label."""
    if feature.label != feature.name.replace("_", " "):
        return feature.label
    words = feature.label
    if words.startswith("days since last "):
        words = words.replace("days since last", "days since the last")
    words = re.sub(r"^(\w+(?: \w+)*) count\b", lambda found: _plural(found[1]), words)
    words = re.sub(r" (\d+)d$", r" in \1 days", words)
    return re.sub(r" lifetime$", " so far", words)


def _phrase(condition: Condition, wording: Words) -> str:
    if condition.missing == "only":
        return f"{_subject(wording)} unknown"
    low, high = condition.low, condition.high
    if low is None and high is None:
        return f"{_subject(wording)} known"
    phrase = {
        "flag": _flag,
        "count": _count,
        "days since": _days_since,
        "number": _number,
    }[wording.kind](low, high, wording)
    return f"{phrase} (or unknown)" if condition.missing == "also" else phrase


def _subject(wording: Words) -> str:
    return re.sub(r"^days since (the )?", "", wording.label)


def _flag(low: float | None, high: float | None, wording: Words) -> str:
    if low is not None and low > 0:
        return wording.label
    return (
        re.sub(r"^is ", "is not ", wording.label)
        if wording.label[:3] == "is "
        else (f"not {wording.label}")
    )


def _count(low: float | None, high: float | None, wording: Words) -> str:
    if not wording.is_whole:
        return _number(low, high, wording)
    least = 0 if low is None else int(np.ceil(low))
    if high is None:
        return f"{least:,} or more {wording.label}"
    most = int(np.ceil(high)) - 1
    if most <= 0:
        return f"no {_singular(wording.label)}" if least <= 0 else f"{most} {wording.label}"
    if least == most:
        return f"{most:,} {_singular(wording.label) if most == 1 else wording.label}"
    return (
        f"up to {most:,} {wording.label}"
        if least <= 0
        else (f"{least:,} to {most:,} {wording.label}")
    )


def _days_since(low: float | None, high: float | None, wording: Words) -> str:
    return f"{_subject(wording)} {_between(low, high, wording.is_whole, ' days')} ago"


def _number(low: float | None, high: float | None, wording: Words) -> str:
    return f"{wording.label} {_between(low, high, wording.is_whole, '')}"


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
    """The shortest decimal number that is this float32, with a thousands separator."""
    text = np.format_float_positional(np.float32(value), trim="-")
    whole, point, part = text.partition(".")
    return f"{int(whole):,}{point}{part}" if whole not in ("", "-0") else text


def _plural(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return noun if noun.endswith("s") else f"{noun}s"


def _singular(label: str) -> str:
    """The label with its first noun in the singular: "orders in 90 days", "order in 90 days"."""
    noun, space, rest = label.partition(" ")
    if noun.endswith("ies"):
        return f"{noun[:-3]}y{space}{rest}"
    return f"{noun[:-1]}{space}{rest}" if noun.endswith("s") else label
