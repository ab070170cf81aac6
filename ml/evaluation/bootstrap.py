"""Confidence intervals of measured figures: percentile bootstrap over rows.

Rows are sorted once; a resample is one weight per row. Rows that belong together (one customer at
several dates, rows with equal features) are resampled together, so that copies do not count as
independent. Efron & Tibshirani 1993, chapter 13.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats, Labels
from ml.evaluation.metrics import THRESHOLD, TOP

__all__ = ["Difference", "bootstrap_intervals", "paired_difference"]

Groups = npt.NDArray[np.int64]
Difference = tuple[float, float, float]
"""A difference, and the low and high end of its 95 % interval."""

ENDS = (2.5, 97.5)
"""Percentiles at the ends of a 95 % interval."""


def bootstrap_intervals(
    labels: Labels,
    probabilities: Floats,
    seed: int = 0,
    resamples: int = 200,
    threshold: float = THRESHOLD,
    groups: Groups | None = None,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of most metrics of `ml.evaluation.metrics.measure`: low and high end by name.

    `labels` and `probabilities` are [rows]. `groups` [rows] are resampled whole; without them, each
    row alone. Resamples with one class are left out; if none remains, the result is empty. The
    calibration error has no interval, because resampling itself increases it.
    """
    ranking = _Ranking(labels, probabilities)
    losses = _losses(ranking.labels, ranking.probabilities)
    chosen = ranking.probabilities >= threshold
    found = []
    for weight in _weights(len(labels), groups, seed, resamples):
        drawn = weight[ranking.order]
        hits, misses = ranking.counts(drawn)
        if hits.sum() and misses.sum():
            ranked = _auc_and_average_precision(hits, misses)
            mean = {name: float(drawn @ loss / drawn.sum()) for name, loss in losses.items()}
            decided = _decisions(ranking.labels, chosen, drawn)
            found.append({**ranked, "gain_top_10pct": _top(hits, misses), **mean, **decided})
    if not found:
        return {}
    ends = {name: np.percentile([each[name] for each in found], ENDS) for name in found[0]}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def paired_difference(
    labels: Labels,
    new: Floats,
    old: Floats,
    groups: Groups | None = None,
    seed: int = 0,
    resamples: int = 1_000,
) -> Difference:
    """Average precision of `new` minus that of `old` on the same rows, with its 95 % interval.

    `labels`, `new` and `old` are [rows]; `groups` [rows] are resampled whole. Both models are
    measured on each resample, so that the choice of rows affects both alike. Without any resample
    of two classes the interval is -1 to 1.
    """
    rankings = _Ranking(labels, new), _Ranking(labels, old)
    whole = np.ones(len(labels))
    found = []
    for weight in _weights(len(labels), groups, seed, resamples):
        if weight @ labels and weight @ (1 - labels):
            found.append(_gap(rankings, weight))
    low, high = np.percentile(found, ENDS) if found else (-1.0, 1.0)
    return _gap(rankings, whole), float(low), float(high)


class _Ranking:
    """Rows in descending order of their probability."""

    def __init__(self, labels: Labels, probabilities: Floats) -> None:
        self.order = np.argsort(-probabilities, kind="stable")
        self.probabilities = probabilities[self.order]
        self.labels = labels[self.order].astype(np.float64)
        changes = self.probabilities[1:] != self.probabilities[:-1]
        self.starts = np.flatnonzero(np.r_[True, changes])  # of equal probabilities

    def counts(self, weight: Floats) -> tuple[Floats, Floats]:
        """Buyers and others at each distinct probability; `weight` [rows] is in this order."""
        hits = np.add.reduceat(weight * self.labels, self.starts)
        return hits, np.add.reduceat(weight, self.starts) - hits


def _weights(
    rows: int, groups: Groups | None, seed: int, resamples: int
) -> Iterator[npt.NDArray[np.float64]]:
    """The weights of each resample: how often each row is sampled, [rows]."""
    rng = np.random.default_rng(seed)
    member = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    number = int(member.max()) + 1
    for _ in range(resamples):
        drawn = np.bincount(rng.integers(number, size=number), minlength=number)
        yield drawn[member].astype(np.float64)


def _gap(rankings: tuple[_Ranking, _Ranking], weight: Floats) -> float:
    new, old = (
        _auc_and_average_precision(*ranking.counts(weight[ranking.order]))["average_precision"]
        for ranking in rankings
    )
    return new - old


def _auc_and_average_precision(hits: Floats, misses: Floats) -> dict[str, float]:
    """Both metrics, from buyers and others at each distinct probability, highest first."""
    all_hits, all_misses = hits.cumsum(), misses.cumsum()
    below = all_misses[-1] - all_misses
    auc = (hits * (below + misses / 2)).sum() / (all_hits[-1] * all_misses[-1])
    shown = np.maximum(all_hits + all_misses, 1)
    average_precision = (hits * all_hits / shown).sum() / all_hits[-1]
    return {"roc_auc": float(auc), "average_precision": float(average_precision)}


def _top(hits: Floats, misses: Floats) -> float:
    taken, bought = (hits + misses).cumsum(), hits.cumsum()
    share = np.interp(TOP * taken[-1], np.r_[0, taken], np.r_[0, bought])
    return float(share / bought[-1])


def _losses(labels: Floats, probabilities: Floats) -> dict[str, Floats]:
    sure = np.clip(probabilities, np.finfo(float).eps, 1 - np.finfo(float).eps)
    return {
        "log_loss": -np.log(np.where(labels == 1, sure, 1 - sure)),
        "brier": (probabilities - labels) ** 2,
    }


def _decisions(labels: Floats, chosen: npt.NDArray[np.bool_], weight: Floats) -> dict[str, float]:
    rows, buyers = weight.sum(), weight @ labels
    selected, hit = weight @ chosen, weight @ (labels * chosen)
    return {
        "selected_share": float(selected / rows),
        "accuracy": float((rows - selected - buyers + 2 * hit) / rows),
        "precision": float(hit / selected) if selected else 0.0,
        "recall": float(hit / buyers),
        "f1": float(2 * hit / (selected + buyers)),
    }
