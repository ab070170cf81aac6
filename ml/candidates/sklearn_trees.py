"""scikit-learn's classic decision trees as plain arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.export.trees import Tree, floor32

__all__ = ["plain_tree", "smooth"]

PRIOR_ROWS = 2.0
"""Rows with the average outcome that are added to each leaf, so that no probability is 0 or 1."""


def smooth(model: Any, share: float) -> None:
    """Shrink the probabilities in a fitted tree's leaves towards `share`; changes the tree."""
    fitted = model.tree_
    rows = fitted.weighted_n_node_samples
    buys = (fitted.value[:, 0, 1] * rows + share * PRIOR_ROWS) / (rows + PRIOR_ROWS)
    fitted.value[:, 0, 1], fitted.value[:, 0, 0] = buys, 1 - buys


def plain_tree(fitted: Any, value: npt.NDArray[np.float64]) -> Tree:
    """The fitted `tree_` of a scikit-learn tree as a `Tree` with `value` [nodes]."""
    leaf = fitted.children_left < 0
    return Tree(
        feature=np.where(leaf, -1, fitted.feature).astype(np.int64),
        threshold=floor32(np.where(leaf, 0.0, fitted.threshold)),
        missing_left=fitted.missing_go_to_left.astype(bool) & ~leaf,
        left=np.where(leaf, 0, fitted.children_left).astype(np.int64),
        right=np.where(leaf, 0, fitted.children_right).astype(np.int64),
        value=value,
        count=np.asarray(fitted.weighted_n_node_samples, dtype=np.float64),
    )
