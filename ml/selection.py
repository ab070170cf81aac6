"""Choose each candidate's setting: the lowest mean log loss over the protocol's folds.

Log loss, because what is published is a probability: AUC would not notice one that is twice too
high. To keep the time within bounds a fold is a sample of at most 10,000 rows, of many deals only
the first two count, and the worse half of the settings is dropped after a third of the folds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import log_loss

from ml.candidates import Candidate
from ml.candidates.base import Classifier, Matrix, Params, threads_for
from ml.dataset import Dataset
from ml.folds import Fold, Protocol
from ml.metrics import Floats

__all__ = ["Choice", "Tick", "choose", "fit", "fits_to_choose", "predict"]

Tick = Callable[[], None]
"""Called after each fit."""

MOST_ROWS = 10_000
CHOOSING_DEALS = 2


@dataclass(frozen=True)
class Choice:
    """A candidate at a setting."""

    candidate: Candidate
    params: Params
    loss: float
    """Mean log loss over the folds it was compared on."""


def choose(candidate: Candidate, data: Dataset, plan: Protocol, seed: int, tick: Tick) -> Choice:
    """The candidate's best setting; the first of its grid where two are equal."""
    early, late = _stages(plan)

    def losses(settings: Sequence[Params], folds: Sequence[Fold]) -> list[list[float]]:
        return [
            [_loss(candidate, each, data, fold, seed, tick) for fold in folds] for each in settings
        ]

    first = losses(candidate.grid, early)
    ranking = sorted(range(len(first)), key=lambda i: float(np.mean(first[i])))
    kept = sorted(ranking[: _half(candidate)])
    second = losses([candidate.grid[i] for i in kept], late)
    return min(
        (
            Choice(candidate, candidate.grid[i], float(np.mean(first[i] + rest)))
            for i, rest in zip(kept, second, strict=True)
        ),
        key=lambda choice: choice.loss,
    )


def fits_to_choose(candidate: Candidate, plan: Protocol) -> int:
    """How many times `choose` fits."""
    early, late = _stages(plan)
    return len(candidate.grid) * len(early) + _half(candidate) * len(late)


def fit(choice: Choice, data: Dataset, rows: npt.NDArray[np.int64], seed: int) -> Classifier:
    """The chosen setting, fitted on `rows` of the data."""
    return choice.candidate.fit(data.matrix[rows], data.labels[rows], choice.params, seed)


def predict(model: Classifier, matrix: Matrix) -> Floats:
    """The probabilities of label 1: [rows]."""
    with threads_for(len(matrix)):
        return model.predict_proba(matrix)[:, 1]


def _stages(plan: Protocol) -> tuple[Sequence[Fold], Sequence[Fold]]:
    """The folds all settings are compared on, and those left to the better half."""
    deal = len(plan.folds) // plan.repeats
    folds = plan.folds[: CHOOSING_DEALS * deal]
    third = max(1, len(folds) // 3)
    return folds[:third], folds[third:]


def _half(candidate: Candidate) -> int:
    return -(-len(candidate.grid) // 2)


def _loss(
    candidate: Candidate, params: Params, data: Dataset, fold: Fold, seed: int, tick: Tick
) -> float:
    train, validate = _sample(fold.train, seed), _sample(fold.validate, seed)
    model = candidate.fit(data.matrix[train], data.labels[train], params, seed)
    loss = log_loss(data.labels[validate], predict(model, data.matrix[validate]))
    tick()
    return float(loss)


def _sample(rows: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
