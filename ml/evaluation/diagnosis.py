"""Two diagnoses of the best model: permutation importance of features, and a learning curve.

Both use rows that the model did not learn from: the test rows, or without a time split the rows
that the first fold leaves out.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import average_precision_score

from ml.candidates.base import Classifier
from ml.data.arrays import Floats, Matrix, RowNumbers
from ml.data.dataset import Dataset
from ml.evaluation.candidates import Evaluation
from ml.evaluation.folds import Protocol
from ml.training.settings_choice import predict

__all__ = ["Diagnosis", "Importance", "LearningPoint", "diagnose"]


REPEATS = 3
MOST_ROWS = 1_000
"""Rows in which features are shuffled at most; more are slow and hardly more exact."""
FIRST_LOOK, MOST_FEATURES = 200, 20
"""Every feature is first shuffled once in so many rows. The features that then move probabilities
most are measured in full, at most so many."""
FRACTIONS = (0.1, 0.25, 0.5, 1.0)
"""Shares of the training rows at the points of the learning curve."""


@dataclass(frozen=True)
class Importance:
    """The loss of average precision when a feature's values are shuffled: mean, least and most."""

    feature: str
    importance: float
    importance_low: float
    importance_high: float


@dataclass(frozen=True)
class LearningPoint:
    """Average precision of a model with the same settings, fitted on `rows` rows."""

    rows: int
    average_precision: float


@dataclass(frozen=True)
class Diagnosis:
    """The rows of `registry.importances`, and the points of the learning curve."""

    importances: tuple[Importance, ...]
    """The most important first."""
    learning: tuple[LearningPoint, ...]
    """In ascending order of rows; the last point uses all of them."""


def diagnose(best: Evaluation, data: Dataset, plan: Protocol, seed: int = 0) -> Diagnosis:
    """Shuffle each feature (Breiman 2001), and fit on a tenth, a quarter, half and all rows.

    A part of the rows with one class has no point on the learning curve.
    """
    if plan.test is None:
        learned, tested = plan.folds[0].train, plan.folds[0].validate
    else:
        learned, tested = plan.final, plan.test
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
        found = average_precision_score(data.labels[tested], predict(model, data.matrix[tested]))
        learning.append(LearningPoint(len(rows), float(found)))
    return Diagnosis(_importances(model, data, tested, seed), tuple(learning))


def _importances(
    model: Classifier, data: Dataset, tested: RowNumbers, seed: int
) -> tuple[Importance, ...]:
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(tested)[:MOST_ROWS])
    matrix, labels = data.matrix[rows], data.labels[rows]
    if labels.min() == labels.max():
        return ()
    whole = average_precision_score(labels, predict(model, matrix))
    few = matrix[:FIRST_LOOK]
    moved = _shuffled(model, few, np.arange(matrix.shape[1]), 1, rng) - predict(model, few)
    strongest = np.argsort(-np.abs(moved).mean(axis=(1, 2)), kind="stable")[:MOST_FEATURES]
    found = []
    for column, answers in zip(
        strongest, _shuffled(model, matrix, strongest, REPEATS, rng), strict=True
    ):
        lost = [float(whole - average_precision_score(labels, each)) for each in answers]
        found.append(Importance(data.names[column], float(np.mean(lost)), min(lost), max(lost)))
    return tuple(sorted(found, key=lambda each: -each.importance))


def _shuffled(
    model: Classifier, matrix: Matrix, chosen: RowNumbers, repeats: int, rng: np.random.Generator
) -> Floats:
    """The probabilities with each chosen column shuffled: [chosen, repeats, rows]."""
    copies = np.tile(matrix, (len(chosen), repeats, 1, 1))
    for number, column in enumerate(chosen):
        for repeat in range(repeats):
            copies[number, repeat, :, column] = rng.permutation(matrix[:, column])
    answers = predict(model, copies.reshape(-1, matrix.shape[1]))
    return answers.reshape(len(chosen), repeats, len(matrix))
