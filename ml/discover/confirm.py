"""Confirm or drop the proposed rules on the second window, corrected for the number of tests.

A rule is compared with everyone else and, for each of its conditions, with those who meet only its
other conditions. Each comparison is Fisher's exact test in the proposed direction. The rule's
p-value is the largest of them (an intersection-union test: Berger, 1982, Technometrics 24,
295-300). All tested rules, proposals and their parents, form one family. Holm's procedure (1979,
Scand. J. Statist. 6, 65-70) keeps the probability of confirming any rule without an effect at
`ALPHA` at most.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, false_discovery_control, hypergeom

from ml.data.arrays import Flags, RowNumbers
from ml.data.dataset import Dataset
from ml.discover.evidence import distinct
from ml.discover.propose import Proposal
from ml.discover.rules import Members, Rule

__all__ = ["ALPHA", "Discovery", "Statistics", "Test", "confirm", "holm", "statistics"]

ALPHA = 0.05


@dataclass(frozen=True)
class Statistics:
    """Counts of a rule's members and of everyone in one window, with each customer once."""

    customers: int
    buyers: int
    all_customers: int
    all_buyers: int

    @property
    def rate(self) -> float:
        """Buyers / customers; 0 without customers."""
        return self.buyers / self.customers if self.customers else 0.0

    @property
    def wilson(self) -> tuple[float, float]:
        """Wilson's 95 % interval for the rate; 0 to 1 without customers."""
        if not self.customers:
            return 0.0, 1.0
        interval = binomtest(self.buyers, self.customers).proportion_ci(0.95, "wilson")
        return float(interval.low), float(interval.high)

    @property
    def base_rate(self) -> float:
        """The rate of everyone."""
        return self.all_buyers / self.all_customers

    @property
    def rest_rate(self) -> float | None:
        """The rate of non-members; None when all are members."""
        others = self.all_customers - self.customers
        return (self.all_buyers - self.buyers) / others if others else None

    @property
    def lift(self) -> float | None:
        """Rate / base rate; None when nobody bought."""
        return self.rate / self.base_rate if self.all_buyers else None

    @property
    def lift_on_rest(self) -> float | None:
        """Rate / rate of non-members; None when no non-member bought."""
        return self.rate / self.rest_rate if self.rest_rate else None


@dataclass(frozen=True)
class Test:
    """The test of a rule on the confirming window."""

    rule: Rule
    p_value: float
    nearest: Statistics
    """Counts of the least clear comparison; its `all` are the members and those compared with."""
    is_nearest_rest: bool
    """Whether the least clear comparison is with everyone else; otherwise it leaves out one
    condition."""


@dataclass(frozen=True)
class Discovery:
    """A tested rule and its result."""

    rule: Rule
    is_above: bool
    """Whether the rule claims a rate above that of non-members; otherwise below."""
    is_confirmed: bool
    reason: str
    proposed: Statistics
    confirmed: Statistics
    test: Test
    p_holm: float
    """The p-value adjusted for all tests (Holm). A rule passes at `ALPHA` or less."""
    q_value: float
    """Expected share of false discoveries up to here (Benjamini and Hochberg, 1995)."""


def confirm(
    data: Dataset, proposals: Sequence[Proposal], proposed: RowNumbers, confirming: RowNumbers
) -> list[Discovery]:
    """Test every rule; returns the confirmed ones first, and clearer ones before others.

    Of a proposal and its parents, the narrowest rule that passes is kept. `proposed` and
    `confirming` are row numbers with each customer once.
    """
    family = {
        each.rule: each.is_above for proposal in proposals for each in (proposal, *proposal.parents)
    }
    if not family:
        return []
    before = Members(data.names, data.matrix[proposed])
    after = Members(data.names, data.matrix[confirming])
    labels = data.labels[confirming]
    tests = [_test(rule, is_above, after, labels) for rule, is_above in family.items()]
    tests.sort(key=lambda test: (test.p_value, test.rule.segment_id))
    p_values = np.array([test.p_value for test in tests])
    p_holm, q_values = holm(p_values), false_discovery_control(p_values)
    passed = [test.rule for test, p in zip(tests, p_holm, strict=True) if p <= ALPHA]
    narrowest = _narrowest(proposals, passed)
    kept = distinct((rule for rule in passed if rule in narrowest), before)
    found = [
        Discovery(
            rule=test.rule,
            is_above=family[test.rule],
            is_confirmed=test.rule in kept,
            reason=_reason(test, passed, narrowest, kept),
            proposed=statistics(before(test.rule), data.labels[proposed]),
            confirmed=statistics(after(test.rule), labels),
            test=test,
            p_holm=float(adjusted),
            q_value=float(q),
        )
        for test, adjusted, q in zip(tests, p_holm, q_values, strict=True)
    ]
    return sorted(found, key=lambda one: not one.is_confirmed)


def statistics(who: Flags, labels: npt.NDArray[np.uint8]) -> Statistics:
    """Counts of the members `who` [rows] and of all rows; `labels` is [rows]."""
    return Statistics(
        customers=int(np.count_nonzero(who)),
        buyers=int(labels[who].sum()),
        all_customers=len(labels),
        all_buyers=int(labels.sum()),
    )


def holm(p_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Holm's adjusted p-values [tests] for `p_values` [tests], each at most 1."""
    order = np.argsort(p_values, kind="stable")
    times = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(times * p_values[order]))
    return adjusted


def _test(rule: Rule, is_above: bool, members: Members, labels: npt.NDArray[np.uint8]) -> Test:
    """The rule's least clear comparison."""
    who = members(rule)
    against = [np.ones(len(labels), dtype=bool), *map(members, rule.parents())]
    compared = [statistics(who[base], labels[base]) for base in against]
    p_values = [_fisher(counts, is_above) for counts in compared]
    worst = int(np.argmax(p_values))
    return Test(rule, p_values[worst], compared[worst], worst == 0)


def _fisher(counts: Statistics, is_above: bool) -> float:
    """The p-value of Fisher's exact test, one-sided: the members' buyers given all margins."""
    law = hypergeom(counts.all_customers, counts.all_buyers, counts.customers)
    p = law.sf(counts.buyers - 1) if is_above else law.cdf(counts.buyers)
    return float(min(1.0, p))


def _narrowest(proposals: Sequence[Proposal], passed: Container[Rule]) -> set[Rule]:
    """The first rule that passed of each proposal and its parents, unless another narrows it."""
    chains = ([each.rule for each in (proposal, *proposal.parents)] for proposal in proposals)
    found = (next((rule for rule in chain if rule in passed), None) for chain in chains)
    best = {rule for rule in found if rule is not None}
    return {
        rule for rule in best if not any(set(rule.conditions) < set(b.conditions) for b in best)
    }


def _reason(
    test: Test, passed: Container[Rule], narrowest: Container[Rule], kept: Container[Rule]
) -> str:
    if test.rule in kept:
        return "confirmed"
    if test.rule in narrowest:
        return "nearly the same customers as a clearer segment"
    if test.rule in passed:
        return "a narrower segment of it is confirmed"
    if test.is_nearest_rest:
        return "not different enough from the rest"
    return "a condition adds too little to the others"
