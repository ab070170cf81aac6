"""How clearly rows speak for a rule: against everybody else, and against each of its parents."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Flags, Floats
from ml.data.dataset import Dataset
from ml.discover.rules import Condition, Members, Rule

__all__ = ["Evidence", "distinct", "overlap"]


OVERLAP = 0.5
"""Rules that share this much of their members (Jaccard) are one rule to a person; of rules on the
same features it is enough that one has this much of the other's."""
CAUTION = 2.0
"""Standard errors."""
FEW = 0.05
"""For this share of those who meet a condition it mentions neither missing values nor an interval
beside them."""


def overlap(one: Flags, other: Flags, of_smaller: bool = False) -> float:
    """Shared members against all of both (Jaccard's index), or against the smaller set; 0 to 1."""
    sizes = np.count_nonzero(one), np.count_nonzero(other)
    both = np.count_nonzero(one & other)
    whole = min(sizes) if of_smaller else sum(sizes) - both
    return both / whole if whole else 1.0


def distinct(rules: Iterable[Rule], members: Members, most: int | None = None) -> list[Rule]:
    """The first rules that are not nearly the same as one before, at most so many."""
    kept: dict[Rule, Flags] = {}
    for rule in rules:
        if most is not None and len(kept) == most:
            break
        who = members(rule)
        if all(
            overlap(who, others, rule.features == other.features) < OVERLAP
            for other, others in kept.items()
        ):
            kept[rule] = who
    return list(kept)


class Evidence:
    """What some rows of a Dataset say of rules."""

    def __init__(
        self, data: Dataset, rows: npt.NDArray[np.int64], customers: npt.NDArray[np.int64]
    ) -> None:
        """`customers` numbers the entity of each row of the Dataset."""
        self._members = Members(data.names, data.matrix[rows])
        self._labels = data.labels[rows]
        self._buyers = self._labels.astype(bool)
        self._surprise = _surprise(data.as_of[rows], self._labels)
        found, self._customers = np.unique(customers[rows], return_inverse=True)
        self._count = len(found)
        self._known: dict[tuple[Rule, Rule | None, bool], float] = {}

    def contrast(self, rule: Rule, parent: Rule | None = None, by_customer: bool = False) -> float:
        """Standard errors between the rate of the rule and that of the rest (of `parent`).

        With `by_customer` all rows of a customer are one observation (the sandwich of Liang and
        Zeger, 1986, Biometrika 73, 13-22). 0 where a side is empty.
        """
        key = rule, parent, by_customer
        if key not in self._known:
            self._known[key] = self._contrast(rule, parent, by_customer)
        return self._known[key]

    def weakest(self, rule: Rule, by_customer: bool = False) -> float:
        """The least clear comparison the rule must win, in the direction it claims."""
        side = np.sign(self.contrast(rule))
        against = [self.contrast(rule, parent, by_customer) for parent in (None, *rule.parents())]
        return float(min(side * found for found in against))

    def strength(self, rule: Rule, by_customer: bool = False) -> float:
        """Log-odds by which the rule wins its narrowest comparison, at the cautious end of that.

        That is two standard errors nearer to nothing: a small segment must be extreme, and a large
        one need not.
        """
        side = 1.0 if self.contrast(rule) > 0 else -1.0
        return min(
            side
            * self._log_odds(rule, parent)
            * (1 - CAUTION / max(side * self.contrast(rule, parent, by_customer), 1e-9))
            for parent in (None, *rule.parents())
        )

    def simplified(self, rule: Rule) -> Rule:
        """The rule without bounds that bind nobody and remarks on hardly anybody."""
        return Rule(tuple(c for c in map(self._simplified, rule.conditions) if c is not None))

    def best_parent(self, rule: Rule) -> Rule:
        """Without the condition that adds least to what the others say."""
        side = np.sign(self.contrast(rule))
        return min(rule.parents(), key=lambda parent: side * self.contrast(rule, parent))

    def chain(self, rule: Rule) -> Iterator[Rule]:
        """The best parent, the best parent of that, …, to a single condition."""
        while len(rule.conditions) > 1:
            rule = self.best_parent(rule)
            yield rule

    def distinct(self, rules: Iterable[Rule], most: int) -> list[Rule]:
        """As the function of this name, among these rows."""
        return distinct(rules, self._members, most)

    def customers(self, rule: Rule) -> int:
        """How many customers meet the rule at least once."""
        return len(np.unique(self._customers[self._members(rule)]))

    def share(self, rule: Rule) -> float:
        """Of the rows, 0 to 1."""
        return float(self._members(rule).mean())

    def lift(self, rule: Rule) -> float:
        """Rate of the members against the rate of the rest; infinite where the rest has none."""
        who = self._members(rule)
        rest = self._labels[~who].mean()
        return float(self._labels[who].mean() / rest) if rest else np.inf

    def _log_odds(self, rule: Rule, parent: Rule | None) -> float:
        """Of the members, less those of the rest (of `parent`); half a customer added to each."""
        inside = self._members(rule)
        outside = ~inside if parent is None else self._members(parent) & ~inside
        odds = [
            (self._labels[who].sum() + 0.5) / (np.count_nonzero(who & ~self._buyers) + 0.5)
            for who in (inside, outside)
        ]
        return float(np.log(odds[0] / odds[1]))

    def _contrast(self, rule: Rule, parent: Rule | None, by_customer: bool) -> float:
        inside = self._members(rule)
        outside = ~inside if parent is None else self._members(parent) & ~inside
        within, without = np.flatnonzero(inside), np.flatnonzero(outside)
        if not len(within) or not len(without):
            return 0.0
        a, b = self._surprise[within], self._surprise[without]
        if by_customer:
            pull = np.bincount(
                self._customers[within], (a - a.mean()) / len(a), self._count
            ) - np.bincount(self._customers[without], (b - b.mean()) / len(b), self._count)
            spread = float(pull @ pull)
        else:
            spread = float(a.var() / len(a) + b.var() / len(b))
        return float((a.mean() - b.mean()) / np.sqrt(spread)) if spread > 0 else 0.0

    def _simplified(self, condition: Condition) -> Condition | None:
        met = self._members.column(condition)
        if condition.missing == "also":
            for one in (
                replace(condition, missing="no"),
                Condition(condition.feature, missing="only"),
            ):
                left_out = np.count_nonzero(met & ~self._members.column(one))
                if left_out <= FEW * np.count_nonzero(met):
                    return self._simplified(one)
        if np.array_equal(self._members.column(wider := replace(condition, low=None)), met):
            condition = wider
        if np.array_equal(self._members.column(wider := replace(condition, high=None)), met):
            condition = wider
        return None if met.all() else condition


def _surprise(as_of: npt.NDArray[np.datetime64], labels: npt.NDArray[np.uint8]) -> Floats:
    """Each label less the rate of its date: seasons are not segments."""
    date = np.unique(as_of, return_inverse=True)[1]
    rate = np.bincount(date, labels) / np.bincount(date)
    return np.asarray(labels - rate[date])
