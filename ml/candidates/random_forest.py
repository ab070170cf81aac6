"""A random forest whose votes are put on a straight line of log-odds.

A forest's probability is the mean of its leaves' shares, and no log-odds of a mean are a sum. Platt
scaling (Platt 1999; Niculescu-Mizil and Caruana 2005) makes them one and mends the forest's
timidity at once: log-odds are slope * mean share + offset, fitted on the shares of the trees that
did not see the row.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from ml.candidates.base import Additive, FeatureByFeature, Labels, Matrix, Params
from ml.candidates.boosting import splits_of
from ml.candidates.sklearn_trees import plain_tree
from ml.tree_onnx import leaf_credits, tree_node
from ml.trees import Tree, contributions

if TYPE_CHECKING:
    import optuna

__all__ = ["FittedForest", "RandomForest"]

MOST_ROWS = 20_000
"""A tree sees at most so many rows: more trees tell more than longer ones, and take no longer."""


@dataclass(frozen=True)
class FittedForest:
    """The forest, and the line its votes are put on."""

    model: RandomForestClassifier
    slope: float
    offset: float

    @cached_property
    def trees(self) -> list[Tree]:
        """Trees whose leaves hold their share of the log-odds."""
        share = self.slope / len(self.model.estimators_)
        return [
            plain_tree(each.tree_, share * each.tree_.value[:, 0, 1])
            for each in self.model.estimators_
        ]

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], from scikit-learn's votes."""
        return self.slope * np.asarray(self.model.predict_proba(X))[:, 1] + self.offset

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """[rows, 2], calibrated."""
        buys = expit(self.decision_function(X))
        return np.column_stack([1 - buys, buys])


class RandomForest(FeatureByFeature):
    """RandomForestClassifier with Platt scaling on its out-of-bag votes."""

    name = "random_forest"
    title = "random forest"
    is_readable = False
    grid: Sequence[Params] = (
        {"n_estimators": 60, "max_leaf_nodes": 128, "min_samples_leaf": 10, "max_features": 0.3},
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """Size of the trees, and how much luck is in them."""
        return {
            "n_estimators": 100,
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 32, 512, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 50, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 0.8),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedForest:
        """Fit, then fit the line on what trees say of rows they did not see."""
        model = RandomForestClassifier(
            max_samples=min(len(y), MOST_ROWS), oob_score=True, random_state=seed, **params
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a row that every tree saw has no vote
            model.fit(X, y)
        votes = model.oob_decision_function_[:, 1]
        unseen = ~np.isnan(votes)
        line = LogisticRegression(C=1e4, max_iter=1_000).fit(votes[unseen, None], y[unseen])
        return FittedForest(model, float(line.coef_[0, 0]), float(line.intercept_[0]))

    def contributions(
        self, model: FittedForest, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions of all trees; see `ml.trees`."""
        parts, roots = contributions(model.trees, X)
        return parts, model.offset + roots

    def thresholds(self, model: FittedForest) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Every split of every tree, once."""
        return splits_of(model.trees)

    def to_onnx(self, model: FittedForest, features: int, source: str, target: str) -> Additive:
        """One tree ensemble with as many outputs as features."""
        _, roots = contributions(model.trees, np.empty((0, features), dtype=np.float32))
        credits = [leaf_credits(tree, features) for tree in model.trees]
        node = tree_node(model.trees, credits, features, source, target)
        return Additive([node], {}, model.offset + roots)
