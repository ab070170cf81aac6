"""An ensemble: the mean log-odds of several boosted models and extremely randomised trees.

The models also get codes as shares of the outcome (`ml.candidates.encoding`), each model with other
shuffles. Boosting and extremely randomised trees (Geurts, Ernst and Wehenkel 2006) make different
errors, so their mean is better than each. A mean of log-odds is a sum over all trees. So the whole
is one tree ensemble, with path contributions as reasons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.base import Additive, FeatureByFeature, FromLogOdds, Params
from ml.candidates.boosting import baseline_of, boost, splits_of, suggest_boosting, trees_of
from ml.candidates.encoding import Encoding, encode
from ml.candidates.random_forest import FittedForest, RandomForest
from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import leaf_credits, tree_node
from ml.export.trees import Tree, contributions

if TYPE_CHECKING:
    import optuna

__all__ = ["Ensemble", "FittedEnsemble"]

RANDOM_TREES: Params = {
    "splits": "random",
    "max_leaf_nodes": 512,
    "min_samples_leaf": 5,
    "max_features": 0.8,
}


@dataclass(frozen=True)
class FittedEnsemble(FromLogOdds):
    """The encoding, the fitted models, and their weights."""

    encoding: Encoding
    boosted: Sequence[HistGradientBoostingClassifier]
    forest: FittedForest
    share: float
    """The weight of the boosted models, 0 to 1; the forest has the rest."""

    @cached_property
    def trees(self) -> list[Tree]:
        """All trees on the encoded matrix, with weighted log-odds in their leaves."""
        part = self.share / len(self.boosted)
        weighed = [(tree, part) for model in self.boosted for tree in trees_of(model)]
        weighed += [(tree, 1 - self.share) for tree in self.forest.trees]
        return [replace(tree, value=weight * tree.value) for tree, weight in weighed]

    @property
    def bias(self) -> float:
        """Log-odds before the first tree."""
        boosted = float(np.mean([baseline_of(model) for model in self.boosted]))
        return self.share * boosted + (1 - self.share) * self.forest.offset

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows], by scikit-learn."""
        wide = self.encoding(X)
        boosted = np.mean([model.decision_function(wide) for model in self.boosted], axis=0)
        randomised = self.forest.decision_function(wide)
        return np.asarray(self.share * boosted + (1 - self.share) * randomised)


class Ensemble(FeatureByFeature):
    """The most accurate candidate that exports to ONNX. It is slow, and people cannot read it."""

    name = "ensemble"
    title = "ensemble"
    is_readable = False
    grid: Sequence[Params] = (
        # ten thousand rows and a strong signal
        {
            "bags": 6,
            "trees": 150,
            "share": 0.7,
            "learning_rate": 0.05,
            "max_iter": 150,
            "max_leaf_nodes": 14,
            "min_samples_leaf": 35,
            "l2_regularization": 8.0,
            "max_features": 0.3,
        },
        # a weak signal: small trees, large leaves
        {
            "bags": 4,
            "trees": 100,
            "share": 0.7,
            "learning_rate": 0.05,
            "max_iter": 150,
            "max_leaf_nodes": 6,
            "min_samples_leaf": 50,
            "l2_regularization": 10.0,
            "max_features": 0.3,
        },
    )

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """The settings of boosting, and the weight of the boosted models."""
        return {
            "bags": 4,
            "trees": 100,
            "share": trial.suggest_float("share", 0.4, 0.9),
            **suggest_boosting(trial, leaves=(3, 40), rounds=(60, 300)),
        }

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> FittedEnsemble:
        """Fit the models; each boosted model gets its own encoding, so that folds average out."""
        settings = dict(params)
        bags, share, trees = (settings.pop(name) for name in ("bags", "share", "trees"))
        encoding, wide = encode(X, y, seed)
        boosted = [
            boost(encode(X, y, seed + bag)[1] if bag else wide, y, seed + bag, **settings)
            for bag in range(bags)
        ]
        forest = RandomForest().fit(wide, y, {**RANDOM_TREES, "n_estimators": trees}, seed)
        return FittedEnsemble(encoding, boosted, forest, share)

    def contributions(
        self, model: FittedEnsemble, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """Path contributions of all trees; those of a code's share are added to the code."""
        parts, roots = contributions(model.trees, model.encoding(X))
        summed = np.zeros(X.shape)
        np.add.at(summed.T, model.encoding.source(X.shape[1]), parts.T)
        return summed, model.bias + roots

    def thresholds(self, model: FittedEnsemble) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The distinct splits on features, and the edges of every code."""
        feature, value = splits_of(model.trees)
        codes = model.encoding.terms
        own = feature < model.forest.model.n_features_in_ - len(codes)
        names = [np.full(len(term.edges[0]), term.features[0]) for term in codes]
        return (
            np.concatenate([feature[own], *names]),
            np.concatenate([value[own], *(term.edges[0] for term in codes)]),
        )

    def to_onnx(self, model: FittedEnsemble, features: int, source: str, target: str) -> Additive:
        """The shares of codes, and one tree ensemble with one output per feature."""
        feature_of = model.encoding.source(features)
        wide = len(feature_of)
        _, roots = contributions(model.trees, np.empty((0, wide), dtype=np.float32))
        credits = [leaf_credits(tree, wide, feature_of) for tree in model.trees]
        nodes = model.encoding.to_onnx(source, "encoded")
        nodes.append(tree_node(model.trees, credits, features, "encoded", target))
        return Additive(nodes, {}, model.bias + roots)
