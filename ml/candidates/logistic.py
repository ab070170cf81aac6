"""Logistic regression on standardised features; a missing value becomes the median and a flag."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from onnx import helper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ml.candidates.base import Additive, FeatureByFeature, Params, threads_for
from ml.candidates.standardise import (
    by_feature,
    flagged,
    standardise,
    standardise_onnx,
    standardiser,
)
from ml.data.arrays import Labels, Matrix

if TYPE_CHECKING:
    import optuna

__all__ = ["Logistic"]


class Logistic(FeatureByFeature):
    """Impute (median, with indicator), standardise, and an L2-penalised logistic regression.

    A feature's contribution is coefficient * (value - mean) / scale, plus that of its indicator.
    """

    name = "logistic"
    title = "logistic regression"
    is_readable = True
    grid: Sequence[Params] = tuple(
        {"log": log, "C": strength} for log in (True, False) for strength in (0.01, 0.1, 1.0)
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """With or without logarithms, and the inverse strength of the penalty."""
        return {
            "log": trial.suggest_categorical("log", [True, False]),
            "C": trial.suggest_float("C", 1e-3, 1e2, log=True),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> Pipeline:
        """Standardise, then fit."""
        regression = LogisticRegression(C=params["C"], max_iter=2_000, random_state=seed)
        with threads_for(len(X)):
            steps = standardiser(X, params["log"])
            regression.fit(standardise(steps, X), y)
        return Pipeline([*steps.steps, ("regress", regression)])

    def contributions(self, model: Pipeline, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Coefficient * (value - mean) / scale [rows, features], including indicators; the bias."""
        parts = standardise(model[:-1], X) * model["regress"].coef_[0]
        return by_feature(model, parts, X.shape[1]), float(model["regress"].intercept_[0])

    def thresholds(self, model: Pipeline) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Empty, since the log-odds are continuous in every feature."""
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)

    def to_onnx(self, model: Pipeline, features: int, source: str, target: str) -> Additive:
        """The same arithmetic in float32, with one term per feature."""
        nodes, numbers = standardise_onnx(model, features, source)
        weights = model["regress"].coef_[0]
        flag_weights = np.zeros(features)
        flag_weights[flagged(model)] = weights[features:]
        own = {"weights": weights[:features], "flag_weights": flag_weights}
        node = helper.make_node
        return Additive(
            nodes=[
                *nodes,
                node("Mul", ["standard", "weights"], ["linear"]),
                node("Mul", ["flags", "flag_weights"], ["indicated"]),
                node("Add", ["linear", "indicated"], [target]),
            ],
            constants=numbers | {name: value.astype(np.float32) for name, value in own.items()},
            bias=float(model["regress"].intercept_[0]),
        )
