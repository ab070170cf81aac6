"""Trees as one ONNX operator that returns a row's contributions, one number per term."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from ml.export.trees import Tree, path_contributions

__all__ = ["Credits", "leaf_credits", "sum_credits", "tree_node"]


@dataclass(frozen=True)
class Credits:
    """What each leaf of a tree adds to which term. Every array is [credits]."""

    leaf: npt.NDArray[np.int64]
    """Node numbers; every leaf occurs at least once."""
    term: npt.NDArray[np.int64]
    """Term numbers."""
    weight: npt.NDArray[np.float64]
    """Log-odds that the leaf adds to the term."""


def leaf_credits(
    tree: Tree, features: int, feature_of: npt.NDArray[np.int64] | None = None
) -> Credits:
    """The path contributions of each leaf, with features as terms; see `ml.export.trees`.

    `features` is the number of columns that the tree reads. Where columns are computed from other
    features, `feature_of` [columns] holds the number of each column's feature.
    """
    weights = path_contributions(tree, features)
    if feature_of is not None:
        summed = np.zeros((len(weights), int(feature_of.max()) + 1))
        np.add.at(summed.T, feature_of, weights.T)
        weights = summed
    shown = (weights != 0) & tree.is_leaf[:, None]
    shown[:, 0] |= tree.is_leaf  # onnxruntime needs a weight at every leaf
    leaf, feature = np.nonzero(shown)
    return Credits(leaf, feature, weights[leaf, feature])


def sum_credits(tree: Tree, term: int) -> Credits:
    """The values of all leaves, added to one term."""
    leaf = np.flatnonzero(tree.is_leaf)
    return Credits(leaf, np.full(len(leaf), term), tree.value[leaf])


def tree_node(
    trees: Sequence[Tree], credits: Sequence[Credits], terms: int, source: str, target: str
) -> onnx.NodeProto:
    """A TreeEnsembleRegressor from `source` [rows, features] to contributions [rows, terms].

    A tree without a split is left out, because its value is part of the bias. Where no tree has a
    split, one tree that adds 0 keeps the operator valid.
    """
    grown = [(tree, each) for tree, each in zip(trees, credits, strict=True) if len(tree.left) > 1]
    grown = grown or [(_nothing(), sum_credits(_nothing(), 0))]
    sizes = np.array([len(tree.feature) for tree, _ in grown])
    whole = {
        name: np.concatenate([getattr(tree, name) for tree, _ in grown])
        for name in ("feature", "threshold", "missing_left", "left", "right", "is_leaf")
    }
    leaf = whole["is_leaf"]
    trees_of_nodes = np.repeat(np.arange(len(grown)), sizes)
    trees_of_credits = np.repeat(np.arange(len(grown)), [len(each.leaf) for _, each in grown])
    missing = np.where(leaf, 0, whole["missing_left"])
    return _node(
        source,
        target,
        n_targets=terms,
        nodes_treeids=trees_of_nodes,
        nodes_nodeids=np.concatenate([np.arange(size) for size in sizes]),
        nodes_featureids=np.where(leaf, 0, whole["feature"]),
        nodes_modes=["LEAF" if is_leaf else "BRANCH_LEQ" for is_leaf in leaf],
        nodes_values=np.where(leaf, np.float32(0), whole["threshold"]),
        nodes_truenodeids=np.where(leaf, 0, whole["left"]),
        nodes_falsenodeids=np.where(leaf, 0, whole["right"]),
        # without this attribute onnxruntime does not test for missing values at every split
        **({"nodes_missing_value_tracks_true": missing} if missing.any() else {}),
        target_treeids=trees_of_credits,
        target_nodeids=np.concatenate([each.leaf for _, each in grown]),
        target_ids=np.concatenate([each.term for _, each in grown]),
        target_weights=np.concatenate([each.weight for _, each in grown]).astype(np.float32),
    )


def _node(source: str, target: str, **attributes: Any) -> onnx.NodeProto:
    plain = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in attributes.items()
    }
    return helper.make_node(
        "TreeEnsembleRegressor", [source], [target], domain="ai.onnx.ml", **plain
    )


def _nothing() -> Tree:
    return Tree(
        feature=np.array([0, -1, -1]),
        threshold=np.zeros(3, dtype=np.float32),
        missing_left=np.zeros(3, dtype=bool),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        value=np.zeros(3),
        count=np.ones(3),
    )
