"""Metrics of probabilities: ranking, losses, calibration and decisions, with the base rate's."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

from ml.data.arrays import Floats, Labels

__all__ = [
    "equal_count_bins",
    "expected_calibration_error",
    "measure",
    "top_share",
    "wilson_interval",
]


BINS = 10
THRESHOLD = 0.5
TOP = 0.10
"""The share of rows, highest probabilities first, for which the gain is reported."""
Z95 = 1.959963984540054


def measure(
    labels: Labels, probabilities: Floats, threshold: float = THRESHOLD
) -> dict[str, float]:
    """Every metric of `probabilities` [rows] for `labels` [rows], which contain both classes.

    The log loss is in nats. Accuracy, precision, recall and F1 are those of the decision
    probability >= threshold; precision, recall and F1 are 0 where no row reaches it.
    `gain_top_10pct` is the share of all buyers in the tenth with the highest probabilities. The
    base rate is included, with the losses of predicting it for everyone. As a ranking it would have
    an AUC of 0.5 and an average precision equal to the base rate.
    """
    decided = probabilities >= threshold
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, decided, average="binary", zero_division=0
    )
    base_rate = float(labels.mean())
    constant = np.full(len(labels), base_rate)
    return {
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "average_precision": float(average_precision_score(labels, probabilities)),
        "gain_top_10pct": top_share(labels, probabilities),
        "log_loss": float(log_loss(labels, probabilities)),
        "brier": float(brier_score_loss(labels, probabilities)),
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "threshold": threshold,
        "selected_share": float(decided.mean()),
        "accuracy": float((decided == labels).mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "base_rate": base_rate,
        "base_rate_log_loss": float(log_loss(labels, constant)),
        "base_rate_brier": float(brier_score_loss(labels, constant)),
    }


def top_share(labels: Labels, probabilities: Floats, top: float = TOP) -> float:
    """The share of all buyers in the share `top` of rows with the highest probabilities.

    Rows with equal probabilities count in proportion, so that ties do not depend on the row order.
    """
    order = np.argsort(-probabilities, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(probabilities[order]) != 0, True])
    bought = labels[order].cumsum(dtype=np.int64)[last]
    return float(np.interp(top * len(labels), np.r_[0, last + 1], np.r_[0, bought]) / bought[-1])


def equal_count_bins(
    labels: Labels, probabilities: Floats, bins: int = BINS
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Mean probability, share of buyers, and number of rows of each bin: [bins] each, lowest first.

    The numbers of rows differ by one at most. With fewer rows than bins, each row is a bin.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = np.array_split(order, min(bins, len(order)))
    return (
        np.array([probabilities[part].mean() for part in parts]),
        np.array([labels[part].mean() for part in parts]),
        np.array([len(part) for part in parts]),
    )


def expected_calibration_error(labels: Labels, probabilities: Floats) -> float:
    """Mean |share of buyers - mean probability| over ten equal-count bins, weighted by rows.

    Naeini, Cooper & Hauskrecht 2015, with equal-count bins (Nguyen & O'Connor 2015).
    """
    predicted, observed, rows = equal_count_bins(labels, probabilities)
    return float(np.average(np.abs(predicted - observed), weights=rows))


def wilson_interval(hits: npt.ArrayLike, rows: npt.ArrayLike) -> tuple[Floats, Floats]:
    """95 % intervals of the rates hits / rows (Wilson 1927); 0 to 1 where `rows` is 0."""
    k, n = np.asarray(hits, np.float64), np.asarray(rows, np.float64)
    some = np.maximum(n, 1)
    centre = (k + Z95**2 / 2) / (some + Z95**2)
    half = Z95 / (some + Z95**2) * np.sqrt(k * (some - k) / some + Z95**2 / 4)
    low = np.where((n == 0) | (k == 0), 0.0, np.maximum(centre - half, 0))
    high = np.where((n == 0) | (k == n), 1.0, np.minimum(centre + half, 1))
    return low, high
