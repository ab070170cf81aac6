"""Histogram gradient boosting: each tree corrects the trees before it; values may be missing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.base import Additive, FeatureByFeature, Params
from ml.candidates.boosting import baseline_of, boost, splits_of, suggest_boosting, trees_of
from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import leaf_credits, tree_node
from ml.export.trees import contributions

if TYPE_CHECKING:
    import optuna

__all__ = ["GradientBoosting"]


class GradientBoosting(FeatureByFeature):
    """HistGradientBoostingClassifier on float32 data, with thresholds rounded down to float32."""

    name = "gradient_boosting"
    title = "gradient boosting"
    is_readable = False
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

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The number and size of trees, the learning rate, and the penalties."""
        return suggest_boosting(trial, leaves=(3, 40), rounds=(60, 500))

    def fit(
        self, X: Matrix, y: Labels, params: Params, seed: int
    ) -> HistGradientBoostingClassifier:
        """Fit, and round the thresholds down to float32."""
        return boost(X, y, seed, **params)

    def contributions(
        self, model: HistGradientBoostingClassifier, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions of all trees [rows, features], and the bias; see `ml.export.trees`."""
        parts, roots = contributions(trees_of(model), X)
        return parts, baseline_of(model) + roots

    def thresholds(
        self, model: HistGradientBoostingClassifier
    ) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The distinct splits of all trees."""
        return splits_of(trees_of(model))

    def to_onnx(
        self, model: HistGradientBoostingClassifier, features: int, source: str, target: str
    ) -> Additive:
        """One tree ensemble with one output per feature."""
        trees = trees_of(model)
        _, roots = contributions(trees, np.empty((0, features), dtype=np.float32))
        credits = [leaf_credits(tree, features) for tree in trees]
        node = tree_node(trees, credits, features, source, target)
        return Additive([node], {}, baseline_of(model) + roots)
