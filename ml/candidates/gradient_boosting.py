"""Histogram gradient boosting: trees that correct each other, missing values included."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.base import Additive, Labels, Matrix, Params, threads_for
from ml.tree_onnx import tree_node
from ml.trees import Tree, contributions, floor32

__all__ = ["GradientBoosting"]


class GradientBoosting:
    """HistGradientBoostingClassifier on float32 data, thresholds snapped down to float32."""

    name = "gradient_boosting"
    title = "gradient boosting"
    grid: Sequence[Params] = (
        {},  # scikit-learn's defaults: 100 trees of 31 leaves
        # few rows: small trees, small leaves
        {"learning_rate": 0.05, "max_iter": 100, "max_leaf_nodes": 4, "min_samples_leaf": 5},
        # a weak signal: small trees, large leaves
        {
            "learning_rate": 0.05,
            "max_iter": 150,
            "max_leaf_nodes": 6,
            "min_samples_leaf": 50,
            "l2_regularization": 10.0,
            "max_features": 0.5,
        },
        # ten thousand rows and a strong signal
        {
            "learning_rate": 0.05,
            "max_iter": 150,
            "max_leaf_nodes": 12,
            "min_samples_leaf": 40,
            "l2_regularization": 5.0,
            "max_features": 0.5,
        },
        {
            "learning_rate": 0.04,
            "max_iter": 200,
            "max_leaf_nodes": 15,
            "min_samples_leaf": 20,
            "l2_regularization": 5.0,
            "max_features": 0.5,
        },
        # many rows
        {
            "learning_rate": 0.08,
            "max_iter": 150,
            "max_leaf_nodes": 31,
            "min_samples_leaf": 100,
            "l2_regularization": 10.0,
            "max_features": 0.3,
        },
    )

    def fit(
        self, X: Matrix, y: Labels, params: Params, seed: int
    ) -> HistGradientBoostingClassifier:
        """Fit, then snap: for float32 rows the model answers just what it did before."""
        model = HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **params)
        with threads_for(len(X)):
            model.fit(_without_empty_columns(X), y)
        for nodes in _nodes(model):
            nodes["num_threshold"] = floor32(nodes["num_threshold"])
        return model

    def contributions(
        self, model: HistGradientBoostingClassifier, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions of all trees; see `ml.trees`."""
        parts, roots = contributions(_trees(model), X)
        return parts, _baseline(model) + roots

    def thresholds(
        self, model: HistGradientBoostingClassifier
    ) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Every split of every tree, once."""
        splits = [
            (tree.feature[~tree.is_leaf], tree.threshold[~tree.is_leaf]) for tree in _trees(model)
        ]
        feature, value = (np.concatenate(arrays) for arrays in zip(*splits, strict=True))
        first = np.unique(np.stack([feature, value.view(np.int32)]), axis=1, return_index=True)[1]
        return feature[first], value[first]

    def to_onnx(
        self, model: HistGradientBoostingClassifier, features: int, source: str, target: str
    ) -> Additive:
        """One tree ensemble with as many outputs as features."""
        trees = _trees(model)
        _, roots = contributions(trees, np.empty((0, features), dtype=np.float32))
        return Additive([tree_node(trees, features, source, target)], {}, _baseline(model) + roots)


def _without_empty_columns(X: Matrix) -> Matrix:
    """Columns with no value at all become a constant, which no tree splits on.

    scikit-learn 1.9 cannot bin them: ValueError "window shape cannot be larger than …".
    """
    empty = np.isnan(X).all(axis=0)
    if not empty.any():
        return X
    filled = X.copy()
    filled[:, empty] = 0.0
    return filled


def _nodes(model: HistGradientBoostingClassifier) -> list[npt.NDArray[Any]]:
    """The node table of each tree, as scikit-learn 1.9 keeps it."""
    return [predictor.nodes for (predictor,) in model._predictors]


def _baseline(model: HistGradientBoostingClassifier) -> float:
    return float(model._baseline_prediction.item())


def _trees(model: HistGradientBoostingClassifier) -> list[Tree]:
    return [
        Tree(
            feature=np.where(nodes["is_leaf"], -1, nodes["feature_idx"]).astype(np.int64),
            threshold=nodes["num_threshold"].astype(np.float32),
            missing_left=nodes["missing_go_to_left"].astype(bool),
            left=nodes["left"].astype(np.int64),
            right=nodes["right"].astype(np.int64),
            value=nodes["value"].astype(np.float64),
            count=nodes["count"].astype(np.float64),
        )
        for nodes in _nodes(model)
    ]
