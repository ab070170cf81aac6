"""One small decision tree, which a person can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from sklearn.tree import DecisionTreeClassifier

from ml.candidates.base import Additive, FeatureByFeature, Params
from ml.candidates.boosting import splits_of
from ml.candidates.sklearn_trees import plain_tree, smooth
from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import leaf_credits, tree_node
from ml.export.trees import Tree, contributions

if TYPE_CHECKING:
    import optuna

__all__ = ["DecisionTree", "FittedTree"]


@dataclass(frozen=True)
class FittedTree:
    """A scikit-learn tree whose leaves hold smoothed shares of label 1."""

    model: DecisionTreeClassifier

    @property
    def tree(self) -> Tree:
        """The same tree with log-odds in its leaves."""
        fitted = self.model.tree_
        return plain_tree(fitted, logit(fitted.value[:, 0, 1]))

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], from scikit-learn's probabilities."""
        return np.asarray(logit(self.predict_proba(X)[:, 1]))

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """scikit-learn's probabilities of label 0 and label 1: [rows, 2]."""
        return np.asarray(self.model.predict_proba(X))


class DecisionTree(FeatureByFeature):
    """DecisionTreeClassifier. A feature contributes what its splits on the row's path change."""

    name = "decision_tree"
    title = "decision tree"
    is_readable = True
    grid: Sequence[Params] = (
        {"max_leaf_nodes": 8, "min_samples_leaf": 10},
        {"max_leaf_nodes": 24, "min_samples_leaf": 40},
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The number of leaves, and the smallest number of rows in a leaf."""
        return {
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 64, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 200, log=True),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedTree:
        """Fit, then shrink the leaves' shares towards the average."""
        model = DecisionTreeClassifier(criterion="log_loss", random_state=seed, **params)
        model.fit(X, y)
        smooth(model, float(y.mean()))
        return FittedTree(model)

    def contributions(self, model: FittedTree, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions [rows, features], and the bias; see `ml.export.trees`."""
        return contributions([model.tree], X)

    def thresholds(self, model: FittedTree) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The distinct splits."""
        return splits_of([model.tree])

    def to_onnx(self, model: FittedTree, features: int, source: str, target: str) -> Additive:
        """A tree ensemble with one tree."""
        _, root = contributions([model.tree], np.empty((0, features), dtype=np.float32))
        credits = [leaf_credits(model.tree, features)]
        return Additive([tree_node([model.tree], credits, features, source, target)], {}, root)
