"""The first window proposes: rules of shallow trees, cut down to a few that differ.

Everything here looks at the proposing rows only, so it may look as often as it likes: nothing it
finds counts before the other window has confirmed it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset
from ml.discover.evidence import Evidence
from ml.discover.rules import Rule
from ml.discover.tree_rules import grow_rules
from ml.discover.windows import Windows
from warehouse.console import Advance

__all__ = ["Proposal", "propose"]

MOST_ROWS = 200_000
"""Proposing rows at most, whole customers; more would hardly change which rules stand out."""
FEWEST_CUSTOMERS = 20
LARGEST_SHARE = 0.5
"""A segment is a part: of a rule that most meet, the rest is the segment."""
LEAST_LIFT = 1.2
"""Times the rate of the rest, or the rest that many times its own."""
CLEAR, CLEARER = 2.0, 2.5
"""Standard errors by which every condition must count: at first sight, and by customer."""
KEPT_IN_POOL = 30
FINALISTS = 15


@dataclass(frozen=True)
class Proposal:
    """A rule that the first window puts forward, and what to fall back to."""

    rule: Rule
    is_above: bool
    """Whether it claims a rate above the rest's, or below."""
    parents: tuple["Proposal", ...] = ()
    """The rule without its weakest condition, that one without its weakest, …, where they are
    segments in their own right."""


def propose(
    data: Dataset, windows: Windows, seed: int = 0, advance: Advance | None = None
) -> list[Proposal]:
    """The rules to put to the test, the clearest of each kind first; at most `FINALISTS`."""
    rows = _some_customers(windows)
    group = {feature.name: feature.group for feature in data.table.features_for(data.task)}
    evidence = Evidence(data, rows, windows.customers)
    grown = grow_rules(
        data.names, list(group.values()), data.matrix[rows], data.labels[rows], seed, advance
    )
    finalists = evidence.distinct(_in_turn(_pools(grown, evidence, group)), FINALISTS)
    return [
        Proposal(
            rule,
            evidence.contrast(rule) > 0,
            tuple(
                Proposal(parent, evidence.contrast(parent) > 0)
                for parent in evidence.chain(rule)
                if _is_segment(parent, evidence)
            ),
        )
        for rule in finalists
    ]


def _some_customers(windows: Windows) -> RowNumbers:
    """The proposing rows, or those of as many customers as `MOST_ROWS` allow."""
    rows = windows.proposing
    draws = np.random.default_rng(0).random(int(windows.customers.max()) + 1)
    return rows[draws[windows.customers[rows]] < MOST_ROWS / len(rows)]


def _pools(grown: Iterable[Rule], evidence: Evidence, group: Mapping[str, str]) -> list[list[Rule]]:
    """Rules that stand out and differ, the clearest first, by what they look at.

    One pool a group of features, and one for all mixtures of groups: else the strongest group would
    have every place. Rules of one condition come last: most of them are known, and those that
    matter are tested anyway as parents.
    """
    pools: dict[tuple[bool, str], list[Rule]] = {}
    pruned = dict.fromkeys(_pruned(rule, evidence) for rule in grown)
    for rule in filter(None, pruned):
        groups = {group[feature] for feature in rule.features}
        is_single = len(rule.conditions) == 1
        pools.setdefault((is_single, groups.pop() if len(groups) == 1 else ""), []).append(rule)
    return [
        _ranked(
            (
                rule
                for rule in evidence.distinct(_ranked(rules, evidence), KEPT_IN_POOL)
                if evidence.weakest(rule, by_customer=True) >= CLEARER
            ),
            evidence,
            by_customer=True,
        )
        for _, rules in sorted(pools.items())
    ]


def _pruned(rule: Rule, evidence: Evidence) -> Rule | None:
    """The rule without conditions that do not count; None where nothing is left to claim."""
    rule = evidence.simplified(rule)
    while len(rule.conditions) > 1 and evidence.weakest(rule) < CLEAR:
        rule = evidence.best_parent(rule)
    return rule if rule.conditions and _is_segment(rule, evidence) else None


def _is_segment(rule: Rule, evidence: Evidence) -> bool:
    """Whether the rule could be worth acting on."""
    return (
        evidence.weakest(rule) >= CLEAR
        and evidence.share(rule) <= LARGEST_SHARE
        and evidence.customers(rule) >= FEWEST_CUSTOMERS
        and not 1 / LEAST_LIFT < evidence.lift(rule) < LEAST_LIFT
    )


def _ranked(rules: Iterable[Rule], evidence: Evidence, by_customer: bool = False) -> list[Rule]:
    return sorted(rules, key=lambda rule: (-evidence.strength(rule, by_customer), rule.segment_id))


def _in_turn(pools: Sequence[Sequence[Rule]]) -> Iterator[Rule]:
    """The best of each pool, the second of each, …"""
    for place in range(max(map(len, pools), default=0)):
        yield from (pool[place] for pool in pools if place < len(pool))
