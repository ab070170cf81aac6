"""The points of the curves people look at: at most 100 each, ready for a chart."""

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
    """One point of a curve; `rows` is how many rows it stands for."""

    curve: str
    point: int
    x: float
    y: float
    rows: int


def curve_points(labels: Labels, probabilities: Floats) -> list[Point]:
    """All points of all curves for `labels` and `probabilities`, both [rows].

    roc: false positive rate, true positive rate. pr: recall, precision. calibration: mean
    probability, share of buyers, in ten equal-count bins. lift: share of rows taken from the top,
    their share of buyers as a multiple of the base rate.
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
    """At most MOST points, the first and last among them."""
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST)).round().astype(np.int64))
    return x[kept], y[kept]


def _points(curve: str, x: Floats, y: Floats, rows: npt.NDArray[np.int64] | int) -> Iterator[Point]:
    counts = np.broadcast_to(np.asarray(rows), x.shape)
    for number, (across, up, count) in enumerate(zip(x, y, counts, strict=True)):
        yield Point(curve, number, float(across), float(up), int(count))
