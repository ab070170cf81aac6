"""Trees as plain arrays, and path contributions: what each feature adds on a row's path.

At every split on a row's path, the expected value of the row's leaf changes. The change is the
contribution of the split's feature. The contributions and the root's expected value sum to the
leaf's value, so over all trees they sum exactly to the model's log-odds (Saabas 2014, "Interpreting
random forests"). A node's expected value is the mean of the leaves below it, weighted by training
rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Tree", "contributions", "expected_values", "floor32", "leaf_of", "path_contributions"]


@dataclass(frozen=True)
class Tree:
    """One fitted tree. Every array is [nodes]; node 0 is the root, children come after parents."""

    feature: npt.NDArray[np.int64]
    """The number of the feature on which the node splits; -1 at a leaf."""
    threshold: npt.NDArray[np.float32]
    """Rows with a value up to and including the threshold go left."""
    missing_left: npt.NDArray[np.bool_]
    """Whether rows with a missing value go left."""
    left: npt.NDArray[np.int64]
    """The number of the left child."""
    right: npt.NDArray[np.int64]
    """The number of the right child."""
    value: npt.NDArray[np.float64]
    """Log-odds; used at the leaves only."""
    count: npt.NDArray[np.float64]
    """Training rows that reached the node."""

    @property
    def is_leaf(self) -> npt.NDArray[np.bool_]:
        """Whether each node is a leaf: [nodes]."""
        return self.feature < 0


def floor32(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """The largest float32 that is not above each value.

    For a float32 x, x <= t holds exactly when x <= floor32(t) holds.
    """
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
        below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded.astype(np.float64) > values, below, rounded)


def expected_values(tree: Tree) -> npt.NDArray[np.float64]:
    """The expected log-odds at each node: [nodes]."""
    expected = tree.value.copy()
    for node in np.flatnonzero(~tree.is_leaf)[::-1]:  # children before their parents
        both = [tree.left[node], tree.right[node]]
        expected[node] = np.average(expected[both], weights=tree.count[both])
    return expected


def path_contributions(tree: Tree, features: int) -> npt.NDArray[np.float64]:
    """What each feature adds on the path from the root to each node: log-odds [nodes, features]."""
    expected = expected_values(tree)
    paths = np.zeros((len(expected), features))
    for node in np.flatnonzero(~tree.is_leaf):
        for child in (tree.left[node], tree.right[node]):
            paths[child] = paths[node]
            paths[child, tree.feature[node]] += expected[child] - expected[node]
    return paths


def leaf_of(tree: Tree, matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """The leaf that each row reaches: [rows]. `matrix` is [rows, features], NaN where missing."""
    node = np.zeros(len(matrix), dtype=np.int64)
    moving = np.flatnonzero(~tree.is_leaf[node])
    while moving.size:
        at = node[moving]
        value = matrix[moving, tree.feature[at]]
        goes_left = np.where(np.isnan(value), tree.missing_left[at], value <= tree.threshold[at])
        node[moving] = np.where(goes_left, tree.left[at], tree.right[at])
        moving = moving[~tree.is_leaf[node[moving]]]
    return node


def contributions(
    trees: Sequence[Tree], matrix: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float64], float]:
    """The path contributions of all trees, and the log-odds from which all rows start.

    `matrix` is [rows, features], NaN where missing. Returns log-odds [rows, features], and the sum
    of the roots' expected values.
    """
    total = np.zeros(matrix.shape)
    for tree in trees:
        total += path_contributions(tree, matrix.shape[1])[leaf_of(tree, matrix)]
    return total, float(sum(expected_values(tree)[0] for tree in trees))
