"""One small tree: a page of questions that anybody can follow."""

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
    """A scikit-learn tree whose leaves hold smoothed shares."""

    model: DecisionTreeClassifier

    @property
    def tree(self) -> Tree:
        """The same with log-odds in its leaves."""
        fitted = self.model.tree_
        return plain_tree(fitted, logit(fitted.value[:, 0, 1]))

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], from scikit-learn's probabilities."""
        return np.asarray(logit(self.predict_proba(X)[:, 1]))

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """[rows, 2], by scikit-learn."""
        return np.asarray(self.model.predict_proba(X))


class DecisionTree(FeatureByFeature):
    """DecisionTreeClassifier; a feature is credited with what its splits on the path change."""

    name = "decision_tree"
    title = "decision tree"
    is_readable = True
    grid: Sequence[Params] = (
        {"max_leaf_nodes": 8, "min_samples_leaf": 10},
        {"max_leaf_nodes": 24, "min_samples_leaf": 40},
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """How many leaves, and how few rows in one."""
        return {
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 4, 64, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 5, 200, log=True),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedTree:
        """Fit, then smooth the leaves' shares towards the average."""
        model = DecisionTreeClassifier(criterion="log_loss", random_state=seed, **params)
        model.fit(X, y)
        smooth(model, float(y.mean()))
        return FittedTree(model)

    def contributions(self, model: FittedTree, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions; see `ml.trees`."""
        return contributions([model.tree], X)

    def thresholds(self, model: FittedTree) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Every split once."""
        return splits_of([model.tree])

    def to_onnx(self, model: FittedTree, features: int, source: str, target: str) -> Additive:
        """One tree."""
        _, root = contributions([model.tree], np.empty((0, features), dtype=np.float32))
        credits = [leaf_credits(model.tree, features)]
        return Additive([tree_node([model.tree], credits, features, source, target)], {}, root)
