"""scikit-learn's classic trees as plain arrays."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ml.trees import Tree, floor32

__all__ = ["plain_tree"]


def plain_tree(fitted: Any, value: npt.NDArray[np.float64]) -> Tree:
    """The fitted `tree_` of a scikit-learn tree, with `value` [nodes] in its leaves."""
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
