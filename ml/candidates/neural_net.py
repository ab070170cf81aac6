"""A neural net of one hidden layer, whose integrated gradients have a closed form.

With standardised inputs z, hidden units tanh(a), a = W z + b, and output weights v, the log-odds
are c + sum of v tanh(a). Integrated gradients (Sundararajan et al. 2017) from the average row, z =
0, attribute to input i the product of z_i and the mean gradient along the straight line from the
average row. On that line a goes from b to W z + b, also in a straight line, so a unit's mean
gradient is v (tanh(a) - tanh(b)) / (a - b). The attributions are exact, and sum to the log-odds.
tanh(a) - tanh(b) = tanh(a - b) (1 - tanh(a) tanh(b)) keeps the quotient exact in float32 where a is
close to b.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from onnx import helper
from scipy.special import logit
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
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

__all__ = ["FittedNet", "NeuralNet"]

CLOSE = 1e-3
"""For |d| below this, tanh(d) / d is 1 in float32."""


@dataclass(frozen=True)
class FittedNet:
    """The fitted preprocessing steps, and the fitted net."""

    steps: Pipeline
    net: MLPClassifier

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], from scikit-learn's probabilities."""
        return np.asarray(logit(np.clip(self.predict_proba(X)[:, 1], 1e-15, 1 - 1e-15)))

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """scikit-learn's probabilities of label 0 and label 1: [rows, 2]."""
        return np.asarray(self.net.predict_proba(standardise(self.steps, X)))


class NeuralNet(FeatureByFeature):
    """Standardised features and one layer of tanh units, trained for a fixed number of passes."""

    name = "neural_net"
    title = "neural net"
    is_readable = False
    grid: Sequence[Params] = ({"units": 16, "alpha": 0.1, "rate": 0.003, "passes": 25},)

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The number of units, the penalty, the learning rate, and the number of passes."""
        return {
            "units": trial.suggest_int("units", 4, 64, log=True),
            "alpha": trial.suggest_float("alpha", 1e-3, 10.0, log=True),
            "rate": trial.suggest_float("rate", 3e-4, 1e-2, log=True),
            "passes": trial.suggest_int("passes", 5, 60, log=True),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedNet:
        """Fit by Adam in a fixed number of passes over the rows."""
        net = MLPClassifier(
            hidden_layer_sizes=(params["units"],),
            activation="tanh",
            alpha=params["alpha"],
            learning_rate_init=params["rate"],
            max_iter=params["passes"],
            n_iter_no_change=params["passes"],
            random_state=seed,
        )
        with threads_for(len(X)), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # stopping early is intended
            steps = standardiser(X, log=True)
            net.fit(standardise(steps, X), y)
        return FittedNet(steps, net)

    def contributions(self, model: FittedNet, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Integrated gradients from the average row [rows, features] in closed form; the bias."""
        inputs = standardise(model.steps, X)
        (weights, out), (start, base) = model.net.coefs_, model.net.intercepts_
        moved = inputs @ weights
        close = np.abs(moved) < CLOSE
        slope = np.where(close, 1, np.tanh(moved) / np.where(close, 1, moved))
        slope *= (1 - np.tanh(moved + start) * np.tanh(start)) * out[:, 0]
        parts = inputs * (slope @ weights.T)
        bias = float(base[0] + np.tanh(start) @ out[:, 0])
        return by_feature(model.steps, parts, X.shape[1]), bias

    def thresholds(self, model: FittedNet) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Empty, since the log-odds are continuous in every feature."""
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)

    def to_onnx(self, model: FittedNet, features: int, source: str, target: str) -> Additive:
        """The same arithmetic in float32: two matrix products forward, and two backward."""
        nodes, numbers = standardise_onnx(model.steps, features, source)
        (weights, out), (start, base) = model.net.coefs_, model.net.intercepts_
        flag_weights = np.zeros((features, weights.shape[1]))
        flag_weights[flagged(model.steps)] = weights[features:]
        own = {
            "weights": weights[:features],
            "weights_back": weights[:features].T,
            "flag_weights": flag_weights,
            "flag_weights_back": flag_weights.T,
            "start": start,
            "tanh_start": np.tanh(start),
            "out": out[:, 0],
            "unity": np.ones(1),
            "close": np.array([CLOSE]),
        }
        node = helper.make_node
        credited = [
            node("MatMul", ["standard", "weights"], ["moved_by_values"]),
            node("MatMul", ["flags", "flag_weights"], ["moved_by_flags"]),
            node("Add", ["moved_by_values", "moved_by_flags"], ["moved"]),
            node("Abs", ["moved"], ["moved_size"]),
            node("Less", ["moved_size", "close"], ["is_close"]),
            node("Where", ["is_close", "unity", "moved"], ["divisor"]),
            node("Tanh", ["moved"], ["tanh_moved"]),
            node("Div", ["tanh_moved", "divisor"], ["quotient"]),
            node("Where", ["is_close", "unity", "quotient"], ["rise"]),
            node("Add", ["moved", "start"], ["activation"]),
            node("Tanh", ["activation"], ["unit"]),
            node("Mul", ["unit", "tanh_start"], ["both"]),
            node("Sub", ["unity", "both"], ["left_over"]),
            node("Mul", ["rise", "left_over"], ["unit_slope"]),
            node("Mul", ["unit_slope", "out"], ["slope"]),
            node("MatMul", ["slope", "weights_back"], ["value_slope"]),
            node("MatMul", ["slope", "flag_weights_back"], ["flag_slope"]),
            node("Mul", ["standard", "value_slope"], ["said_by_values"]),
            node("Mul", ["flags", "flag_slope"], ["said_by_flags"]),
            node("Add", ["said_by_values", "said_by_flags"], [target]),
        ]
        return Additive(
            nodes=[*nodes, *credited],
            constants=numbers | {name: value.astype(np.float32) for name, value in own.items()},
            bias=float(base[0] + np.tanh(start) @ out[:, 0]),
        )
