"""The glass box: boosting on single features and a few pairs, collapsed into one term for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.base import Additive, FromLogOdds, Params, Terms
from ml.candidates.boosting import baseline_of, boost, splits_of, suggest_boosting, trees_of
from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import sum_credits, tree_node
from ml.glassbox import GlassBox, collapse, rank_pairs, weighed_tree

if TYPE_CHECKING:
    import optuna

__all__ = ["FittedGlassBox", "GlassBoxBoosting"]

PARTS = 2
"""Folds over which residuals are computed to rank the pairs."""
MOST_ROWS = 10_000
"""Rows used to rank the pairs at most; the ranking is stable on few rows."""


@dataclass(frozen=True)
class FittedGlassBox(FromLogOdds):
    """The boosted models, and the glass box that equals their mean."""

    models: Sequence[HistGradientBoostingClassifier]
    """A bag of models; the log-odds are the mean of theirs."""
    box: GlassBox

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], by scikit-learn."""
        return np.asarray(np.mean([model.decision_function(X) for model in self.models], axis=0))


class GlassBoxBoosting:
    """Boosting whose trees each split on one feature, or on one of the chosen pairs.

    A bag of models with different seeds collapses into one glass box with the same cost in scoring.
    """

    name = "glass_box"
    title = "glass box"
    is_readable = True
    grid: Sequence[Params] = (
        # a weak signal: few pairs, small steps
        {
            "pairs": 10,
            "bags": 1,
            "learning_rate": 0.05,
            "max_iter": 150,
            "max_leaf_nodes": 4,
            "min_samples_leaf": 40,
            "l2_regularization": 10.0,
            "max_features": 0.5,
            "max_bins": 32,
        },
        # ten thousand rows and a strong signal
        {
            "pairs": 60,
            "bags": 1,
            "learning_rate": 0.06,
            "max_iter": 300,
            "max_leaf_nodes": 6,
            "min_samples_leaf": 13,
            "l2_regularization": 1.0,
            "max_features": 0.65,
            "max_bins": 32,
        },
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The number of pairs, and the settings of boosting; few bins keep the charts readable."""
        return {
            "pairs": trial.suggest_categorical("pairs", [0, 10, 20, 40, 80]),
            "bags": trial.suggest_categorical("bags", [1, 3]),
            **suggest_boosting(trial, leaves=(3, 10), rounds=(80, 400)),
            "max_bins": trial.suggest_categorical("glass_bins", [32, 64]),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedGlassBox:
        """Rank the pairs on residuals of single features, boost, and collapse the trees."""
        settings = dict(params)
        bags, pairs = settings.pop("bags"), settings.pop("pairs")
        allowed = [{feature} for feature in range(X.shape[1])]
        allowed += [set(pair) for pair in _ranked(X, y, settings, seed)[:pairs]] if pairs else []
        models = [
            boost(X, y, seed + bag, interaction_cst=allowed, **settings) for bag in range(bags)
        ]
        trees = [tree for model in models for tree in trees_of(model)]
        bias = float(np.mean([baseline_of(model) for model in models]))
        return FittedGlassBox(models, collapse(trees, bias, X, scale=1 / bags))

    def terms(self, model: FittedGlassBox, features: int) -> Terms:
        """The features and pairs, the most important first."""
        return [term.features for term in model.box.terms]

    def glass_box(self, model: FittedGlassBox) -> GlassBox:
        """The whole model as its table of terms."""
        return model.box

    def contributions(
        self, model: FittedGlassBox, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """What each term adds [rows, terms], looked up on its grid, and the bias."""
        return model.box.contributions(X), model.box.bias

    def thresholds(self, model: FittedGlassBox) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The distinct splits of all trees."""
        return splits_of([tree for each in model.models for tree in trees_of(each)])

    def to_onnx(self, model: FittedGlassBox, features: int, source: str, target: str) -> Additive:
        """A tree ensemble with one tree per term."""
        trees = [weighed_tree(term) for term in model.box.terms]
        credits = [sum_credits(tree, number) for number, tree in enumerate(trees)]
        return Additive([tree_node(trees, credits, len(trees), source, target)], {}, model.box.bias)


def _ranked(X: Matrix, y: Labels, settings: Params, seed: int) -> list[tuple[int, int]]:
    """The pairs, ranked by what they explain of the held-out residuals of single features.

    A sample of the rows and a third of the rounds suffice, since only the order matters.
    """
    if len(y) > MOST_ROWS:
        some = np.random.default_rng(seed).choice(len(y), MOST_ROWS, replace=False)
        X, y = X[some], y[some]
    settings = {**settings, "max_iter": -(-settings["max_iter"] // 3)}
    fold = np.random.default_rng(seed).permutation(len(y)) % PARTS
    unseen = np.full(len(y), y.mean())
    for part in range(PARTS):
        train, validate = fold != part, fold == part
        if 0 < y[train].sum() < train.sum():
            model = boost(X[train], y[train], seed, interaction_cst="no_interactions", **settings)
            unseen[validate] = model.predict_proba(X[validate])[:, 1]
    return rank_pairs(X, y, unseen)
