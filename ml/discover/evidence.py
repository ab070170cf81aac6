"""How strong a rule is in some rows, compared with everyone else and with each of its parents."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Flags, Floats
from ml.data.dataset import Dataset
from ml.discover.rules import Condition, Members, Rule

__all__ = ["Evidence", "distinct", "overlap"]


OVERLAP = 0.5
"""Rules whose members overlap by this much (Jaccard) count as one rule. For rules on the same
features, the overlap is measured against the smaller one."""
CAUTION = 2.0
"""Standard errors by which an effect is reduced for caution."""
FEW = 0.05
"""A condition does not mention missing values, or an interval, that concern at most this share of
those who meet it."""


def overlap(one: Flags, other: Flags, of_smaller: bool = False) -> float:
    """Shared members / members of either (Jaccard's index), or / the smaller set; 0 to 1."""
    sizes = np.count_nonzero(one), np.count_nonzero(other)
    both = np.count_nonzero(one & other)
    whole = min(sizes) if of_smaller else sum(sizes) - both
    return both / whole if whole else 1.0


def distinct(rules: Iterable[Rule], members: Members, most: int | None = None) -> list[Rule]:
    """The rules in order, without those that overlap with an earlier one; at most `most`."""
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
    """The strength of rules in some rows of a Dataset."""

    def __init__(
        self, data: Dataset, rows: npt.NDArray[np.int64], customers: npt.NDArray[np.int64]
    ) -> None:
        """`rows` are row numbers; `customers` is a number for the entity of each Dataset row."""
        self._members = Members(data.names, data.matrix[rows])
        self._labels = data.labels[rows]
        self._buyers = self._labels.astype(bool)
        self._surprise = _surprise(data.as_of[rows], self._labels)
        found, self._customers = np.unique(customers[rows], return_inverse=True)
        self._count = len(found)
        self._known: dict[tuple[Rule, Rule | None, bool], float] = {}

    def contrast(self, rule: Rule, parent: Rule | None = None, by_customer: bool = False) -> float:
        """The difference between the rule's rate and that of the rest, in standard errors.

        The rest are all other rows, or the other rows of `parent`. With `by_customer` all rows of a
        customer are one observation (sandwich estimator: Liang and Zeger, 1986, Biometrika 73,
        13-22). 0 where a side is empty.
        """
        key = rule, parent, by_customer
        if key not in self._known:
            self._known[key] = self._contrast(rule, parent, by_customer)
        return self._known[key]

    def weakest(self, rule: Rule, by_customer: bool = False) -> float:
        """The smallest contrast of the rule in the claimed direction, over all comparisons."""
        side = np.sign(self.contrast(rule))
        against = [self.contrast(rule, parent, by_customer) for parent in (None, *rule.parents())]
        return float(min(side * found for found in against))

    def strength(self, rule: Rule, by_customer: bool = False) -> float:
        """The rule's smallest effect over all comparisons, in log-odds, reduced for caution.

        Each effect is reduced by `CAUTION` standard errors. So a small segment must be more extreme
        than a large one.
        """
        side = 1.0 if self.contrast(rule) > 0 else -1.0
        return min(
            side
            * self._log_odds(rule, parent)
            * (1 - CAUTION / max(side * self.contrast(rule, parent, by_customer), 1e-9))
            for parent in (None, *rule.parents())
        )

    def simplified(self, rule: Rule) -> Rule:
        """The rule without bounds that exclude nobody, and without parts that concern few."""
        return Rule(tuple(c for c in map(self._simplified, rule.conditions) if c is not None))

    def best_parent(self, rule: Rule) -> Rule:
        """The parent without the condition that adds least to the others."""
        side = np.sign(self.contrast(rule))
        return min(rule.parents(), key=lambda parent: side * self.contrast(rule, parent))

    def chain(self, rule: Rule) -> Iterator[Rule]:
        """The best parent, its best parent, and so on, down to a single condition."""
        while len(rule.conditions) > 1:
            rule = self.best_parent(rule)
            yield rule

    def distinct(self, rules: Iterable[Rule], most: int) -> list[Rule]:
        """The function `distinct`, applied to these rows."""
        return distinct(rules, self._members, most)

    def customers(self, rule: Rule) -> int:
        """The number of customers who meet the rule at least once."""
        return len(np.unique(self._customers[self._members(rule)]))

    def share(self, rule: Rule) -> float:
        """The share of rows that meet the rule, 0 to 1."""
        return float(self._members(rule).mean())

    def lift(self, rule: Rule) -> float:
        """Rate of members / rate of non-members; infinite where no non-member bought."""
        who = self._members(rule)
        rest = self._labels[~who].mean()
        return float(self._labels[who].mean() / rest) if rest else np.inf

    def _log_odds(self, rule: Rule, parent: Rule | None) -> float:
        """The log odds ratio of members and the rest (of `parent`); 0.5 is added to each count."""
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
    """Each label minus the rate of its date, so that seasons have no effect: [rows]."""
    date = np.unique(as_of, return_inverse=True)[1]
    rate = np.bincount(date, labels) / np.bincount(date)
    return np.asarray(labels - rate[date])
