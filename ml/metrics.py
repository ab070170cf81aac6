"""How good probabilities are: ranking, calibration, decisions, and the base rate beside them."""

import numpy as np
import numpy.typing as npt
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    precision_recall_fscore_support,
    roc_auc_score,
)

__all__ = ["bootstrap_intervals", "equal_count_bins", "expected_calibration_error", "measure"]

Labels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

BINS = 10
THRESHOLD = 0.5


def measure(labels: Labels, probabilities: Floats) -> dict[str, float]:
    """Every metric of `probabilities` [rows] for `labels` [rows], both classes present.

    Losses are in nats; precision, recall and F1 are 0 where nothing reaches the threshold of 0.5.
    The base rate stands beside them, with the losses of predicting it for everyone; as a ranking it
    has AUC 0.5 and an average precision of itself.
    """
    decided = probabilities >= THRESHOLD
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, decided, average="binary", zero_division=0
    )
    base_rate = float(labels.mean())
    constant = np.full(len(labels), base_rate)
    return {
        "roc_auc": float(roc_auc_score(labels, probabilities)),
        "average_precision": float(average_precision_score(labels, probabilities)),
        "log_loss": float(log_loss(labels, probabilities)),
        "brier": float(brier_score_loss(labels, probabilities)),
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "accuracy": float((decided == labels).mean()),
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "base_rate": base_rate,
        "base_rate_log_loss": float(log_loss(labels, constant)),
        "base_rate_brier": float(brier_score_loss(labels, constant)),
    }


def equal_count_bins(
    labels: Labels, probabilities: Floats, bins: int = BINS
) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Mean probability, share of buyers and rows of each bin: [bins] each, lowest first.

    Bins hold equally many rows, give or take one; there are fewer bins than asked for where there
    are fewer rows.
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


def bootstrap_intervals(
    labels: Labels, probabilities: Floats, seed: int = 0, resamples: int = 200
) -> dict[str, tuple[float, float]]:
    """95 % percentile intervals of `roc_auc` and `average_precision` over resampled rows.

    Rows are sorted once; a resample is a weight a row. Resamples of one class are left out.
    """
    luck = np.random.default_rng(seed)
    order = np.argsort(-probabilities, kind="stable")
    ranked, positive = probabilities[order], labels[order].astype(np.float64)
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])  # of equal probabilities
    found = []
    for _ in range(resamples):
        weight = np.bincount(luck.integers(len(order), size=len(order)), minlength=len(order))
        hits = np.add.reduceat(weight * positive, starts)
        misses = np.add.reduceat(weight * (1 - positive), starts)
        if hits.sum() and misses.sum():
            found.append(_auc_and_average_precision(hits, misses))
    low, high = np.percentile(found, [2.5, 97.5], axis=0)
    return {
        "roc_auc": (float(low[0]), float(high[0])),
        "average_precision": (float(low[1]), float(high[1])),
    }


def _auc_and_average_precision(hits: Floats, misses: Floats) -> tuple[float, float]:
    """From buyers and others at each distinct probability, highest first: [probabilities] each."""
    all_hits, all_misses = hits.cumsum(), misses.cumsum()
    below = all_misses[-1] - all_misses
    auc = (hits * (below + misses / 2)).sum() / (all_hits[-1] * all_misses[-1])
    shown = np.maximum(all_hits + all_misses, 1)
    average_precision = (hits * all_hits / shown).sum() / all_hits[-1]
    return float(auc), float(average_precision)
