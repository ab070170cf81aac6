"""A random forest that averages the log-odds of its trees and puts the mean on a straight line.

The log-odds of the trees' mean share are not a sum over trees; the mean of their log-odds is (a
logarithmic opinion pool, Genest and Zidek 1986). Averaging makes probabilities too moderate. Platt
scaling (Platt 1999; Niculescu-Mizil and Caruana 2005) on out-of-bag predictions corrects this, and
its straight line keeps the sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from ml.candidates.base import Additive, FeatureByFeature, FromLogOdds, Params
from ml.candidates.boosting import splits_of
from ml.candidates.sklearn_trees import plain_tree, smooth
from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import leaf_credits, tree_node
from ml.export.trees import Tree, contributions

if TYPE_CHECKING:
    import optuna

__all__ = ["FittedForest", "RandomForest"]

MOST_ROWS = 20_000
"""Rows per tree at most. More trees improve a forest more than larger samples for the same time."""


@dataclass(frozen=True)
class FittedForest(FromLogOdds):
    """The forest with smoothed leaves, and the line for its mean log-odds."""

    model: RandomForestClassifier | ExtraTreesClassifier
    slope: float
    offset: float

    @cached_property
    def trees(self) -> list[Tree]:
        """The trees, with their part of the log-odds in their leaves."""
        share = self.slope / len(self.model.estimators_)
        return [
            plain_tree(each.tree_, share * logit(each.tree_.value[:, 0, 1]))
            for each in self.model.estimators_
        ]

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], from the probabilities of scikit-learn's trees."""
        total = sum(_log_odds(each, X) for each in self.model.estimators_)
        return np.asarray(self.slope * total / len(self.model.estimators_) + self.offset)


class RandomForest(FeatureByFeature):
    """RandomForestClassifier's trees, with mean log-odds that are scaled on out-of-bag rows."""

    name = "random_forest"
    title = "random forest"
    is_readable = False
    grid: Sequence[Params] = (
        {"n_estimators": 60, "max_leaf_nodes": 128, "min_samples_leaf": 10, "max_features": 0.3},
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The size of the trees, and the share of features that each split may use."""
        return {
            "n_estimators": 100,
            "max_leaf_nodes": trial.suggest_int("max_leaf_nodes", 32, 512, log=True),
            "min_samples_leaf": trial.suggest_int("min_samples_leaf", 2, 50, log=True),
            "max_features": trial.suggest_float("max_features", 0.1, 0.8),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedForest:
        """Fit, smooth the leaves, and fit the line on out-of-bag predictions.

        The setting `splits` = "random" fits extremely randomised trees.
        """
        settings = dict(params)
        is_random = settings.pop("splits", "best") == "random"
        kind = ExtraTreesClassifier if is_random else RandomForestClassifier
        model = kind(
            bootstrap=True, max_samples=min(len(y), MOST_ROWS), random_state=seed, **settings
        )
        model.fit(X, y)
        summed, trees = np.zeros(len(y)), np.zeros(len(y))
        for each, seen in zip(model.estimators_, model.estimators_samples_, strict=True):
            smooth(each, float(y.mean()))
            unseen = np.ones(len(y), dtype=bool)
            unseen[seen] = False
            summed[unseen] += _log_odds(each, X[unseen])
            trees[unseen] += 1
        is_held_out = trees > 0
        line = LogisticRegression(C=1e4, max_iter=1_000)
        line.fit((summed[is_held_out] / trees[is_held_out])[:, None], y[is_held_out])
        return FittedForest(model, float(line.coef_[0, 0]), float(line.intercept_[0]))

    def contributions(
        self, model: FittedForest, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions of all trees [rows, features], and the bias; see `ml.export.trees`."""
        parts, roots = contributions(model.trees, X)
        return parts, model.offset + roots

    def thresholds(self, model: FittedForest) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The distinct splits of all trees."""
        return splits_of(model.trees)

    def to_onnx(self, model: FittedForest, features: int, source: str, target: str) -> Additive:
        """One tree ensemble with one output per feature."""
        _, roots = contributions(model.trees, np.empty((0, features), dtype=np.float32))
        credits = [leaf_credits(tree, features) for tree in model.trees]
        node = tree_node(model.trees, credits, features, source, target)
        return Additive([node], {}, model.offset + roots)


def _log_odds(tree: DecisionTreeClassifier, X: Matrix) -> npt.NDArray[np.float64]:
    """One tree's log-odds: [rows]."""
    return np.asarray(logit(tree.predict_proba(X)[:, 1]))
