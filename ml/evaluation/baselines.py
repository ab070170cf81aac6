"""The baselines of a task: the base rate for everyone, and a tree on one feature."""

from typing import Any

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from ml.data.arrays import Floats, Matrix, RowNumbers
from ml.data.dataset import Dataset
from ml.evaluation.calibration import log_odds
from ml.evaluation.folds import Protocol
from ml.evaluation.held_out import Measured, measure_fit

__all__ = ["BASE_RATE", "baselines", "one_feature"]

BASE_RATE = "base_rate"
ONE_FEATURE = "only_"
RECENCY = "days_since_last_"


def baselines(data: Dataset, plan: Protocol, seed: int = 0) -> tuple[Measured, ...]:
    """A tree of eight leaves on one feature, and the base rate, measured like the candidates."""
    column = one_feature(data, plan)
    feature = data.table.features_for(data.task)[column]

    def rate(rows: RowNumbers) -> Any:
        known = data.evaluation_rows(rows)  # these have the true base rate
        return DummyClassifier(strategy="prior").fit(data.matrix[known], data.labels[known])

    def bands(rows: RowNumbers) -> "_Bands":
        return _Bands(data, data.evaluation_rows(rows), column, seed)

    return (
        measure_fit(ONE_FEATURE + feature.name, f"{feature.label} alone", bands, data, plan, seed),
        measure_fit(BASE_RATE, "base rate alone", rate, data, plan, seed),
    )


def one_feature(data: Dataset, plan: Protocol) -> int:
    """The number of the baseline's feature: recency, or else the feature that ranks best alone.

    Recency is the first feature with a name `days_since_last_…`, by which shops without a model
    sort their customers.
    """
    recency = [i for i, name in enumerate(data.names) if name.startswith(RECENCY)]
    if recency:
        return recency[0]
    labels = data.labels[plan.final]
    filled = np.nan_to_num(data.matrix[plan.final], nan=-1.0)
    ranks = [abs(roc_auc_score(labels, column) - 0.5) for column in filled.T]
    return int(np.argmax(ranks))


class _Bands:
    """A tree of up to eight leaves on one column of the matrix."""

    def __init__(self, data: Dataset, rows: RowNumbers, column: int, seed: int) -> None:
        least = max(5, min(50, len(rows) // 50))
        tree = DecisionTreeClassifier(max_leaf_nodes=8, min_samples_leaf=least, random_state=seed)
        self.column = column
        self.tree = tree.fit(self._read(data.matrix[rows]), data.labels[rows])

    def _read(self, X: Matrix) -> Matrix:
        return X[:, self.column : self.column + 1]

    def predict_proba(self, X: Matrix) -> Floats:
        found: Floats = self.tree.predict_proba(self._read(X))
        return found

    def decision_function(self, X: Matrix) -> Floats:
        return log_odds(self.predict_proba(X)[:, 1])
