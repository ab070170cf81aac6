"""A random forest that averages its trees' log-odds, put on a straight line.

The mean of the trees' shares has no log-odds that are a sum; the mean of their log-odds is one (a
logarithmic opinion pool, Genest and Zidek 1986). Averaging makes a forest timid: Platt scaling
(Platt 1999; Niculescu-Mizil and Caruana 2005), fitted on what trees say of rows they did not see,
mends it, and a line leaves the sum a sum.
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
"""A tree sees at most so many rows: more trees tell more than longer ones, and take no longer."""


@dataclass(frozen=True)
class FittedForest(FromLogOdds):
    """The forest, its leaves smoothed, and the line its mean log-odds are put on."""

    model: RandomForestClassifier | ExtraTreesClassifier
    slope: float
    offset: float

    @cached_property
    def trees(self) -> list[Tree]:
        """Trees whose leaves hold their share of the log-odds."""
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
    """RandomForestClassifier's trees, their log-odds averaged and scaled out of bag."""

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
        """Fit, smooth the leaves, then fit the line on what trees say of rows they did not see."""
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


def _log_odds(tree: DecisionTreeClassifier, X: Matrix) -> npt.NDArray[np.float64]:
    """What one tree says of each row: [rows]."""
    return np.asarray(logit(tree.predict_proba(X)[:, 1]))
