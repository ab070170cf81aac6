"""Two questions about the best model: what does it lean on, and would more rows help?

Both are answered on rows the model did not learn from: the test rows, or without time the rows that
the first fold leaves out.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from ml.candidates.base import Classifier
from ml.dataset import Dataset
from ml.evaluate import Evaluation
from ml.folds import Protocol
from ml.selection import predict

__all__ = ["Diagnosis", "Importance", "LearningPoint", "diagnose"]

REPEATS = 3
MOST_ROWS = 1_000
"""Judged rows that features are shuffled in; more make it slow and hardly more exact."""
MOST_FEATURES = 20
"""Features that are shuffled: those with the largest contributions; the others hardly matter."""
FRACTIONS = (0.1, 0.25, 0.5, 1.0)


@dataclass(frozen=True)
class Importance:
    """Average precision lost when a feature's values are shuffled, and the least and most of it."""

    feature: str
    importance: float
    importance_low: float
    importance_high: float


@dataclass(frozen=True)
class LearningPoint:
    """Average precision of the same settings fitted on so many rows."""

    rows: int
    average_precision: float


@dataclass(frozen=True)
class Diagnosis:
    """What `registry.importances` and the learning curve hold."""

    importances: tuple[Importance, ...]
    """The most important first."""
    learning: tuple[LearningPoint, ...]
    """Fewest rows first; the last is all of them."""


def diagnose(best: Evaluation, data: Dataset, plan: Protocol, seed: int = 0) -> Diagnosis:
    """Shuffle each feature in turn (Breiman 2001), and fit on a tenth, a quarter, half, all."""
    if plan.test is None:
        learned, judged = plan.folds[0].train, plan.folds[0].validate
    else:
        learned, judged = plan.final, plan.test
    order = np.random.default_rng(seed).permutation(learned)
    learning, model = [], best.model
    for fraction in FRACTIONS:
        rows = np.sort(order[: max(1, round(fraction * len(order)))])
        if data.labels[rows].min() == data.labels[rows].max():
            continue
        if plan.test is None or fraction < 1:
            model = best.candidate.fit(data.matrix[rows], data.labels[rows], best.params, seed)
        else:
            model = best.model
        found = average_precision_score(data.labels[judged], predict(model, data.matrix[judged]))
        learning.append(LearningPoint(len(rows), float(found)))
    return Diagnosis(_importances(best, model, data, judged, seed), tuple(learning))


def _importances(
    best: Evaluation, model: Classifier, data: Dataset, judged: npt.NDArray[np.int64], seed: int
) -> tuple[Importance, ...]:
    luck = np.random.default_rng(seed)
    rows = np.sort(luck.permutation(judged)[:MOST_ROWS])
    matrix, labels = data.matrix[rows], data.labels[rows]
    if labels.min() == labels.max():
        return ()
    whole = average_precision_score(labels, predict(model, matrix))
    found = []
    parts, _ = best.candidate.contributions(model, matrix)
    sizes = np.abs(parts).mean(axis=0)
    for column in np.argsort(-sizes, kind="stable")[:MOST_FEATURES]:
        name = data.names[column]
        shuffled = np.tile(matrix, (REPEATS, 1))
        shuffled[:, column] = np.concatenate(
            [luck.permutation(matrix[:, column]) for _ in range(REPEATS)]
        )
        answers = predict(model, shuffled).reshape(REPEATS, -1)
        lost = [whole - average_precision_score(labels, answer) for answer in answers]
        found.append(Importance(name, float(np.mean(lost)), float(min(lost)), float(max(lost))))
    return tuple(sorted(found, key=lambda each: -each.importance))
