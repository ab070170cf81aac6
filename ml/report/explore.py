"""Explore a task's data: missing values, correlations with the outcome, and distributions."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from ml.data.arrays import Floats, Labels, Matrix
from ml.data.dataset import Dataset

__all__ = ["correlations", "missing_shares", "sample", "spread"]

MOST_ROWS = 20_000
BINS = 18
ENDS = (1, 97)
"""Percentiles between which a feature is drawn, so that extreme values do not set the axis."""


def sample(data: Dataset, seed: int = 0) -> tuple[Matrix, Labels]:
    """The features [rows, features] and labels [rows]; a random sample of MOST_ROWS at most."""
    if len(data.labels) <= MOST_ROWS:
        return data.matrix, data.labels
    chosen = np.random.default_rng(seed).choice(len(data.labels), MOST_ROWS, replace=False)
    return data.matrix[chosen], data.labels[chosen]


def missing_shares(matrix: Matrix) -> Floats:
    """The share of rows in which each feature is missing: [features]."""
    return np.asarray(np.isnan(matrix).mean(axis=0))


def correlations(matrix: Matrix, labels: Labels) -> Floats:
    """Spearman's rank correlation of each feature with the outcome: [features], between -1 and 1.

    It is computed over the rows in which the feature is known, and is 0 where the feature or the
    outcome does not vary.
    """
    return np.array([_spearman(column, labels) for column in matrix.T])


def _spearman(column: npt.NDArray[np.float32], labels: Labels) -> float:
    known = ~np.isnan(column)
    if len(np.unique(column[known])) < 2 or len(np.unique(labels[known])) < 2:
        return 0.0
    return float(np.corrcoef(rankdata(column[known]), rankdata(labels[known]))[0, 1])


def spread(column: npt.NDArray[np.float32], labels: Labels) -> list[dict[str, Any]]:
    """The share of buyers, and of others, in each band of a feature, as the steps of two lines.

    `column` and `labels` are [rows]. The result is empty where the feature does not vary.
    """
    known = ~np.isnan(column)
    values = column[known].astype(np.float64)
    low, high = np.percentile(values, ENDS) if len(values) else (0.0, 0.0)
    if low == high:
        return []
    edges = np.linspace(low, high, BINS + 1)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BINS - 1)
    steps = []
    for name, label in (("did not", 0), ("bought", 1)):
        inside = place[labels[known] == label]
        counts = np.bincount(inside, minlength=BINS) / max(len(inside), 1)
        steps += [
            {"group": name, "x": float(edge), "share": float(share)}
            for edge, share in zip(edges, np.r_[counts, counts[-1]], strict=True)
        ]
    return steps
