"""Rules from shallow trees: every node of every tree is a rule.

In a tree of three splits, strong features hide weak ones. So each tree gets a few random features,
from one group of features (as the YAML names them) or from all, and a random part of the rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier

from ml.discover.rules import MAX_CONDITIONS, Condition, Missing, Rule
from ml.discover.snap import readable_bound
from warehouse.console import Advance

__all__ = ["grow_rules"]

TREES_IN_GROUP, TREES_ACROSS = 20, 60
TREE_ROWS = 20_000
"""Rows per tree at most; with fewer rows a tree gets `TREE_SHARE` of them."""
TREE_SHARE = 0.7
LEAF_SHARE, LEAF_ROWS = 0.01, 20
"""A node has at least this share of the tree's rows, and at least this many rows."""


def grow_rules(
    names: Sequence[str],
    groups: Sequence[str],
    matrix: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    seed: int,
    advance: Advance | None = None,
) -> list[Rule]:
    """The distinct rules of all trees on `matrix` [rows, features], in the order of the trees.

    `labels` is [rows]; `groups` holds the group of each feature. `advance` is called with the trees
    grown and their total.
    """
    rng = np.random.default_rng(seed)
    bounds = _Bounds(matrix)
    plan = list(_handfuls(groups, rng))
    found: dict[Rule, None] = {}
    sampled = min(TREE_ROWS, int(np.ceil(TREE_SHARE * len(matrix))))
    for done, handful in enumerate(plan, 1):
        rows = np.sort(rng.choice(len(matrix), sampled, replace=False))
        tree = DecisionTreeClassifier(
            max_depth=MAX_CONDITIONS,
            min_samples_leaf=max(LEAF_ROWS, int(LEAF_SHARE * sampled)),
            random_state=int(rng.integers(2**31)),
        ).fit(matrix[np.ix_(rows, handful)], labels[rows])
        for intervals in _nodes(tree.tree_, handful, bounds):
            conditions = sorted(
                (_condition(names[feature], side) for feature, side in intervals.items()),
                key=lambda condition: condition.feature,
            )
            found.setdefault(Rule(tuple(conditions)))
        if advance:
            advance(done, len(plan))
    return list(found)


def _handfuls(groups: Sequence[str], rng: np.random.Generator) -> Iterator[npt.NDArray[np.int64]]:
    """The column numbers for each tree: two or more, up to half of a group or of all features."""
    everything = np.arange(len(groups))
    pools = [np.flatnonzero(np.array(groups) == group) for group in dict.fromkeys(groups)]
    plans = [(pool, TREES_IN_GROUP) for pool in pools if len(pools) > 1]
    for pool, trees in [*plans, (everything, TREES_ACROSS)]:
        for _ in range(trees):
            size = int(rng.integers(2, max(3, len(pool) // 2 + 1) + 1))
            yield np.sort(rng.choice(pool, min(size, len(pool)), replace=False))


@dataclass(frozen=True)
class _Side:
    """The values of one feature that a path of splits allows."""

    low: float | None
    high: float | None
    missing: bool


_Intervals = Mapping[int, _Side]


class _Bounds:
    """Readable bounds of the features of a matrix; each is computed once."""

    def __init__(self, matrix: npt.NDArray[np.float32]) -> None:
        self._matrix = matrix
        self._values: dict[int, npt.NDArray[np.float32]] = {}
        self._known: dict[tuple[int, float], float] = {}

    def values(self, feature: int) -> npt.NDArray[np.float32]:
        """The feature's values, sorted and without NaN: [known rows]."""
        if feature not in self._values:
            column = self._matrix[:, feature]
            self._values[feature] = np.sort(column[~np.isnan(column)])
        return self._values[feature]

    def has_missing(self, feature: int) -> bool:
        """Whether the feature is missing in any row."""
        return len(self.values(feature)) < len(self._matrix)

    def readable(self, feature: int, threshold: float) -> float:
        """The bound b in `value < b` for a tree's threshold."""
        key = feature, threshold
        if key not in self._known:
            self._known[key] = readable_bound(self.values(feature), threshold)
        return self._known[key]


def _nodes(tree: object, handful: npt.NDArray[np.int64], bounds: _Bounds) -> Iterator[_Intervals]:
    """The intervals of every node below the root."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    thresholds, splits = tree.threshold, tree.feature  # type: ignore[attr-defined]
    missing_left = tree.missing_go_to_left  # type: ignore[attr-defined]
    open_nodes: list[tuple[int, _Intervals]] = [(0, {})]
    while open_nodes:
        node, path = open_nodes.pop()
        if path:
            yield path
        if left[node] < 0:
            continue
        feature = int(handful[splits[node]])
        before = path.get(feature, _Side(None, None, bounds.has_missing(feature)))
        goes_left = bool(missing_left[node])
        if np.isfinite(thresholds[node]):
            bound = bounds.readable(feature, float(thresholds[node]))
            high = bound if before.high is None else min(bound, before.high)
            low = bound if before.low is None else max(bound, before.low)
            below = _Side(before.low, high, before.missing and goes_left)
            above = _Side(low, before.high, before.missing and not goes_left)
        else:  # known values go to one side, missing ones to the other
            known = _Side(before.low, before.high, False)
            unknown = _Side(np.inf, np.inf, before.missing)
            below, above = (unknown, known) if goes_left else (known, unknown)
        open_nodes.append((int(right[node]), {**path, feature: above}))
        open_nodes.append((int(left[node]), {**path, feature: below}))


def _condition(feature: str, side: _Side) -> Condition:
    missing: Missing = "also" if side.missing else "no"
    if side.low == np.inf:
        return Condition(feature, missing="only")
    return Condition(feature, side.low, side.high, missing)
