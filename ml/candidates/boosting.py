"""Shared by the boosted candidates: fit, round thresholds, and read scikit-learn's node tables."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.base import Params, threads_for
from ml.data.arrays import Labels, Matrix
from ml.export.trees import Tree, floor32

if TYPE_CHECKING:
    import optuna

__all__ = ["baseline_of", "boost", "splits_of", "suggest_boosting", "trees_of"]


def boost(X: Matrix, y: Labels, seed: int, **params: Any) -> HistGradientBoostingClassifier:
    """Fit a model on X [rows, features] and y [rows], and round its thresholds down to float32.

    The rounding changes no answer for float32 rows.
    """
    model = HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **params)
    with threads_for(len(X)):
        model.fit(_without_empty_columns(X), y)
    for nodes in _nodes(model):
        nodes["num_threshold"] = floor32(nodes["num_threshold"])
    return model


def suggest_boosting(
    trial: "optuna.trial.BaseTrial", leaves: tuple[int, int], rounds: tuple[int, int]
) -> Params:
    """A setting of `boost`, sampled by optuna within these bounds for leaves and rounds.

    The learning rate is sampled as a total over all rounds, so that it does not depend on their
    number.
    """
    count = trial.suggest_int("max_iter", *rounds, log=True)
    return {
        "max_iter": count,
        "learning_rate": min(0.3, trial.suggest_float("way", 3.0, 30.0, log=True) / count),
        "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", *leaves, log=True),
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 150, log=True),
        "l2_regularization": trial.suggest_float("l2_regularization", 0.1, 50.0, log=True),
        "max_features": trial.suggest_float("max_features", 0.2, 1.0),
        "max_bins": trial.suggest_categorical("max_bins", [32, 64, 255]),
    }


def trees_of(model: HistGradientBoostingClassifier) -> list[Tree]:
    """The fitted trees. Their values and `baseline_of` sum to the log-odds."""
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


def baseline_of(model: HistGradientBoostingClassifier) -> float:
    """Log-odds before the first tree."""
    return float(model._baseline_prediction.item())


def splits_of(trees: Sequence[Tree]) -> tuple[npt.NDArray[np.int64], Matrix]:
    """The distinct splits of all trees: feature numbers and thresholds, [splits] each."""
    inner = [(tree.feature[~tree.is_leaf], tree.threshold[~tree.is_leaf]) for tree in trees]
    feature, value = (np.concatenate(arrays) for arrays in zip(*inner, strict=True))
    first = np.unique(np.stack([feature, value.view(np.int32)]), axis=1, return_index=True)[1]
    return feature[first], value[first]


def _without_empty_columns(X: Matrix) -> Matrix:
    """Replace columns without any value by a constant, on which no tree splits.

    scikit-learn 1.9 cannot bin empty columns: ValueError "window shape cannot be larger than …".
    """
    empty = np.isnan(X).all(axis=0)
    if not empty.any():
        return X
    filled = X.copy()
    filled[:, empty] = 0.0
    return filled


def _nodes(model: HistGradientBoostingClassifier) -> list[npt.NDArray[Any]]:
    """The node table of each tree, in scikit-learn 1.9's own layout."""
    return [predictor.nodes for (predictor,) in model._predictors]
