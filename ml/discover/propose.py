"""Propose rules on the first window: rules from shallow trees, reduced to a few different ones.

Only the proposing rows are used here. So the number of rules that are tried does not matter: a rule
counts only after the other window has confirmed it.
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
"""Proposing rows at most, of whole customers. More rows would hardly change the strongest rules."""
FEWEST_CUSTOMERS = 20
LARGEST_SHARE = 0.5
"""A segment has at most this share of the rows."""
LEAST_LIFT = 1.2
"""The rate of a segment is at least this many times the rate of the rest, or the reverse."""
CLEAR, CLEARER = 2.0, 2.5
"""Standard errors that every condition must add: counted by row, and counted by customer."""
KEPT_IN_POOL = 30
FINALISTS = 15


@dataclass(frozen=True)
class Proposal:
    """A rule that the first window proposes, and the wider rules to fall back to."""

    rule: Rule
    is_above: bool
    """Whether the rule claims a rate above that of the rest; otherwise below."""
    parents: tuple["Proposal", ...] = ()
    """The rule without its weakest condition, then without the next weakest, and so on, as far as
    these rules are segments themselves."""


def propose(
    data: Dataset, windows: Windows, seed: int = 0, advance: Advance | None = None
) -> list[Proposal]:
    """The rules to test, at most `FINALISTS`; the strongest of each kind come first.

    `advance` is called with the trees grown and their total.
    """
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
    """The proposing rows; with more than `MOST_ROWS`, those of a random part of the customers."""
    rows = windows.proposing
    draws = np.random.default_rng(0).random(int(windows.customers.max()) + 1)
    return rows[draws[windows.customers[rows]] < MOST_ROWS / len(rows)]


def _pools(grown: Iterable[Rule], evidence: Evidence, group: Mapping[str, str]) -> list[list[Rule]]:
    """Strong and different rules by the groups of their features, the strongest first.

    There is one pool per group of features, and one for rules that mix groups. With a single pool,
    the strongest group would take every place. Pools of rules with one condition come last: most
    such rules are already known, and those that matter are tested as parents.
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
    """The rule without conditions that add too little; None where it is then not a segment."""
    rule = evidence.simplified(rule)
    while len(rule.conditions) > 1 and evidence.weakest(rule) < CLEAR:
        rule = evidence.best_parent(rule)
    return rule if rule.conditions and _is_segment(rule, evidence) else None


def _is_segment(rule: Rule, evidence: Evidence) -> bool:
    """Whether the rule is clear, large, small and different enough to be a segment."""
    return (
        evidence.weakest(rule) >= CLEAR
        and evidence.share(rule) <= LARGEST_SHARE
        and evidence.customers(rule) >= FEWEST_CUSTOMERS
        and not 1 / LEAST_LIFT < evidence.lift(rule) < LEAST_LIFT
    )


def _ranked(rules: Iterable[Rule], evidence: Evidence, by_customer: bool = False) -> list[Rule]:
    return sorted(rules, key=lambda rule: (-evidence.strength(rule, by_customer), rule.segment_id))


def _in_turn(pools: Sequence[Sequence[Rule]]) -> Iterator[Rule]:
    """The best rule of each pool, then the second best of each, and so on."""
    for place in range(max(map(len, pools), default=0)):
        yield from (pool[place] for pool in pools if place < len(pool))
