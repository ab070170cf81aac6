"""A rule: up to three conditions, each an interval of one feature; and who meets it.

`low <= value < high` in float32, the type of the features, so that SQL and numpy agree on every
bound. A missing value meets a condition only where the condition says so.
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
"""Whether a customer without the value meets a condition: no, as well, or nobody else."""

MAX_CONDITIONS = 3
"""What models/segments/discovered_segment_members.sql joins, and a person still reads."""


def float32(value: float) -> float:
    """The float32 number nearest to `value`."""
    return float(np.float32(value))


@dataclass(frozen=True)
class Condition:
    """`low <= feature < high`; a bound that is None does not bind."""

    feature: str
    low: float | None = None
    high: float | None = None
    missing: Missing = "no"

    def met(self, values: npt.NDArray[np.float32]) -> Flags:
        """Which of `values` [rows], NaN where missing, meet the condition."""
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
        """The condition as text that is the same wherever it is found."""
        return f"{self.feature} [{self.low!r}, {self.high!r}) missing {self.missing}"


@dataclass(frozen=True)
class Rule:
    """Conditions that hold together, in the order of their features' names."""

    conditions: tuple[Condition, ...]

    @property
    def segment_id(self) -> str:
        """The same rule has the same id in every run."""
        text = "; ".join(condition.text() for condition in self.conditions)
        return "d" + hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def features(self) -> tuple[str, ...]:
        """What the rule looks at."""
        return tuple(condition.feature for condition in self.conditions)

    def without(self, position: int) -> "Rule":
        """The parent that leaves out one condition."""
        return Rule(self.conditions[:position] + self.conditions[position + 1 :])

    def parents(self) -> Iterator["Rule"]:
        """Each rule that leaves out one condition; none of a rule with a single one."""
        if len(self.conditions) > 1:
            yield from (self.without(position) for position in range(len(self.conditions)))


@dataclass(frozen=True)
class Members:
    """Who meets a rule, among the rows of one matrix."""

    names: Sequence[str]
    matrix: npt.NDArray[np.float32]
    """[rows, features in the order of `names`]."""
    _known: dict[Condition, Flags] = field(default_factory=dict, repr=False)

    def __call__(self, rule: Rule) -> Flags:
        """[rows]."""
        found = np.ones(len(self.matrix), dtype=bool)
        for condition in rule.conditions:
            found &= self.column(condition)
        return found

    def column(self, condition: Condition) -> Flags:
        """[rows], worked out once."""
        if condition not in self._known:
            values = self.matrix[:, self.names.index(condition.feature)]
            self._known[condition] = condition.met(values)
        return self._known[condition]
