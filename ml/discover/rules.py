"""A rule: up to three conditions, each an interval of one feature; and the rows that meet it.

`low <= value < high` is compared in float32, the type of the features, so that SQL and numpy agree
on every bound. A missing value meets a condition only where the condition includes it.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Flags

__all__ = ["MAX_CONDITIONS", "Condition", "Members", "Missing", "Rule", "float32"]

Missing = Literal["no", "also", "only"]
"""Whether customers without the value meet a condition: no, they also do, or only they do."""

MAX_CONDITIONS = 3
"""The number of conditions that models/segments/discovered_segment_members.sql joins."""


def float32(value: float) -> float:
    """The float32 number that is nearest to `value`."""
    return float(np.float32(value))


@dataclass(frozen=True)
class Condition:
    """`low <= feature < high`; None stands for no bound."""

    feature: str
    low: float | None = None
    high: float | None = None
    missing: Missing = "no"

    def met(self, values: npt.NDArray[np.float32]) -> Flags:
        """Whether each of `values` [rows], NaN where missing, meets the condition: [rows]."""
        unknown = np.isnan(values)
        if self.missing == "only":
            return unknown
        found = ~unknown
        if self.low is not None:
            found &= values >= np.float32(self.low)
        if self.high is not None:
            found &= values < np.float32(self.high)
        return found | unknown if self.missing == "also" else found

    def text(self) -> str:
        """The condition as a text that is equal for equal conditions."""
        return f"{self.feature} [{self.low!r}, {self.high!r}) missing {self.missing}"


@dataclass(frozen=True)
class Rule:
    """Conditions that must all be met, in the order of their features' names."""

    conditions: tuple[Condition, ...]

    @property
    def segment_id(self) -> str:
        """An id that is the same for the same rule in every run."""
        text = "; ".join(condition.text() for condition in self.conditions)
        return "d" + hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the features, in the order of the conditions."""
        return tuple(condition.feature for condition in self.conditions)

    def without(self, position: int) -> "Rule":
        """The parent without the condition at `position`."""
        return Rule(self.conditions[:position] + self.conditions[position + 1 :])

    def parents(self) -> Iterator["Rule"]:
        """Each rule without one of the conditions; a rule with one condition has no parents."""
        if len(self.conditions) > 1:
            yield from (self.without(position) for position in range(len(self.conditions)))


@dataclass(frozen=True)
class Members:
    """The rows of one matrix that meet a rule."""

    names: Sequence[str]
    matrix: npt.NDArray[np.float32]
    """[rows, features in the order of `names`]."""
    _known: dict[Condition, Flags] = field(default_factory=dict, repr=False)

    def __call__(self, rule: Rule) -> Flags:
        """Whether each row meets the rule: [rows]."""
        found = np.ones(len(self.matrix), dtype=bool)
        for condition in rule.conditions:
            found &= self.column(condition)
        return found

    def column(self, condition: Condition) -> Flags:
        """Whether each row meets the condition: [rows]; the result is kept."""
        if condition not in self._known:
            values = self.matrix[:, self.names.index(condition.feature)]
            self._known[condition] = condition.met(values)
        return self._known[condition]
