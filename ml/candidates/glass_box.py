"""The glass box: boosting on single features and a few pairs, collapsed into a term for each."""

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
"""Folds whose residuals rank the pairs."""
MOST_ROWS = 10_000
"""Rows that rank the pairs: the order settles early."""


@dataclass(frozen=True)
class FittedGlassBox(FromLogOdds):
    """The boosted models, and the glass box that all of them together are."""

    models: Sequence[HistGradientBoostingClassifier]
    """A bag: the log-odds are the mean of theirs."""
    box: GlassBox

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], by scikit-learn."""
        return np.asarray(np.mean([model.decision_function(X) for model in self.models], axis=0))


class GlassBoxBoosting:
    """Trees that may ask for one feature or for one of the chosen pairs.

    A bag of several seeds collapses into one glass box of the same cost: its terms add up.
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
        """How many pairs, and boosting as it is; bins stay few, so that pictures are readable."""
        return {
            "pairs": trial.suggest_categorical("pairs", [0, 10, 20, 40, 80]),
            "bags": trial.suggest_categorical("bags", [1, 3]),
            **suggest_boosting(trial, leaves=(3, 10), rounds=(80, 400)),
            "max_bins": trial.suggest_categorical("glass_bins", [32, 64]),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedGlassBox:
        """Rank pairs by what single features leave over, boost, collapse."""
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
        """The features and pairs, most important first."""
        return [term.features for term in model.box.terms]

    def glass_box(self, model: FittedGlassBox) -> GlassBox:
        """The model itself."""
        return model.box

    def contributions(
        self, model: FittedGlassBox, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """What each term adds: looked up on its grid."""
        return model.box.contributions(X), model.box.bias

    def thresholds(self, model: FittedGlassBox) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Every split of every tree, once."""
        return splits_of([tree for each in model.models for tree in trees_of(each)])

    def to_onnx(self, model: FittedGlassBox, features: int, source: str, target: str) -> Additive:
        """One tree a term."""
        trees = [weighed_tree(term) for term in model.box.terms]
        credits = [sum_credits(tree, number) for number, tree in enumerate(trees)]
        return Additive([tree_node(trees, credits, len(trees), source, target)], {}, model.box.bias)


def _ranked(X: Matrix, y: Labels, settings: Params, seed: int) -> list[tuple[int, int]]:
    """The pairs by what they explain of a model of single features, on rows it did not see.

    On a sample of many rows and with a third of the rounds: only the order matters.
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
