"""The points of ROC, precision-recall, calibration and lift curves, at most 100 per curve."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import precision_recall_curve, roc_curve

from ml.data.arrays import Floats, Labels
from ml.evaluation.metrics import equal_count_bins

__all__ = ["Point", "curve_points"]

MOST = 100


class Point(NamedTuple):
    """One point of a curve; `rows` is the number of rows on which it is based."""

    curve: str
    point: int
    x: float
    y: float
    rows: int


def curve_points(labels: Labels, probabilities: Floats) -> list[Point]:
    """All points of all curves for `labels` and `probabilities`, both [rows].

    x and y are, for roc: false positive rate and true positive rate; for pr: recall and precision;
    for calibration: mean probability and share of buyers, in ten equal-count bins; for lift: the
    share of rows taken in descending order of probability, and their share of buyers / base rate.
    """
    everyone = len(labels)
    false_positive, true_positive, _ = roc_curve(labels, probabilities)
    precision, recall, _ = precision_recall_curve(labels, probabilities)
    return [
        *_points("roc", *_thinned(false_positive, true_positive), everyone),
        *_points("pr", *_thinned(recall[::-1], precision[::-1]), everyone),
        *_points("calibration", *equal_count_bins(labels, probabilities)),
        *_points("lift", *_lift(labels, probabilities)),
    ]


def _lift(labels: Labels, probabilities: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    bought = labels[np.argsort(-probabilities, kind="stable")].cumsum()
    taken = np.unique(-(-np.arange(1, MOST + 1) * len(labels) // MOST))  # rounded up
    return taken / len(labels), bought[taken - 1] / taken / labels.mean(), taken


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most MOST of the points, including the first and the last."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).round().astype(np.int64))
    return x[kept], y[kept]


def _points(curve: str, x: Floats, y: Floats, rows: npt.NDArray[np.int64] | int) -> Iterator[Point]:
    counts = np.broadcast_to(np.asarray(rows), x.shape)
    for number, (across, up, count) in enumerate(zip(x, y, counts, strict=True)):
        yield Point(curve, number, float(across), float(up), int(count))
