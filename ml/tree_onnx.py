"""Boosted trees as one ONNX operator that answers a number a feature: the row's contributions."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import helper

from ml.trees import Tree, path_contributions

__all__ = ["tree_node"]


def tree_node(trees: Sequence[Tree], features: int, source: str, target: str) -> onnx.NodeProto:
    """A TreeEnsembleRegressor from `source` [rows, features] to contributions [rows, features].

    Each leaf holds its path's contributions instead of its value. A tree without a split adds
    nothing; where none has one, a single split that adds nothing keeps the operator valid.
    """
    grown = [tree for tree in trees if not tree.is_leaf[0]] or [_nothing()]
    sizes = np.array([len(tree.feature) for tree in grown])
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    whole = {
        name: np.concatenate([getattr(tree, name) for tree in grown])
        for name in ("feature", "threshold", "missing_left", "left", "right", "is_leaf")
    }
    leaf = whole["is_leaf"]
    weights = np.concatenate([path_contributions(tree, features) for tree in grown])
    shown = (weights != 0) & leaf[:, None]
    shown[:, 0] |= leaf  # onnxruntime wants a weight at every leaf
    node, feature = np.nonzero(shown)
    tree_of = np.repeat(np.arange(len(grown)), sizes)
    number_of = np.arange(sizes.sum()) - np.repeat(offsets, sizes)
    return _node(
        source,
        target,
        n_targets=features,
        nodes_treeids=tree_of,
        nodes_nodeids=number_of,
        nodes_featureids=np.where(leaf, 0, whole["feature"]),
        nodes_modes=["LEAF" if is_leaf else "BRANCH_LEQ" for is_leaf in leaf],
        nodes_values=np.where(leaf, np.float32(0), whole["threshold"]),
        nodes_truenodeids=np.where(leaf, 0, whole["left"]),
        nodes_falsenodeids=np.where(leaf, 0, whole["right"]),
        nodes_missing_value_tracks_true=np.where(leaf, 0, whole["missing_left"]),
        target_treeids=tree_of[node],
        target_nodeids=number_of[node],
        target_ids=feature,
        target_weights=weights[node, feature].astype(np.float32),
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
