"""Choose each candidate's setting: the lowest mean log loss over the protocol's folds.

The criterion is log loss because probabilities are published; AUC would not change if all of them
were twice too high. To limit the time, a fold is a sample of at most 10,000 rows, only the first
two rounds of folds are used, and the worse half of the settings is dropped after a third of the
folds.

Between candidates, a readable model is preferred to a better one that is not readable, as long as
it is within one standard error (Breiman et al. 1984, the one-standard-error rule).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ml.candidates import Candidate
from ml.candidates.base import Classifier, Params, threads_for
from ml.candidates.calibrated import CalibratedModel
from ml.data.arrays import Floats, Labels, Matrix
from ml.data.dataset import Dataset
from ml.evaluation.calibration import UNCHANGED, to_true_rate
from ml.evaluation.folds import Fold, Protocol
from ml.training.parallel import in_processes

__all__ = [
    "Choice",
    "Tick",
    "choose",
    "chosen_folds",
    "fit",
    "fits_to_choose",
    "predict",
    "ranked",
    "with_losses",
]

Tick = Callable[[], None]
"""Called after each fit."""

MOST_ROWS = 10_000
"""Rows per fold at most, for training and for validation."""
CHOOSING_ROUNDS = 2
"""Rounds of folds at most."""


@dataclass(frozen=True)
class Choice:
    """A candidate with a setting."""

    candidate: Candidate
    params: Params
    losses: Sequence[Floats] = field(repr=False)
    """The log loss in nats of each validation row, fold by fold."""

    @property
    def loss(self) -> float:
        """Mean log loss over the folds on which it was compared."""
        return float(np.mean([fold.mean() for fold in self.losses]))


def choose(
    candidates: Sequence[Candidate], data: Dataset, plan: Protocol, seed: int, tick: Tick
) -> list[Choice]:
    """Each candidate's best setting; between equal ones, the first in its grid."""
    early, late = _stages(plan)
    every = [Choice(each, params, ()) for each in candidates for params in each.grid]
    looked = with_losses(every, early, data, seed, tick)
    kept = []
    for candidate in candidates:
        own = [choice for choice in looked if choice.candidate is candidate]
        ranking = sorted(range(len(own)), key=lambda i: own[i].loss)
        kept += [own[i] for i in sorted(ranking[: _half(candidate)])]
    kept = with_losses(kept, late, data, seed, tick)
    return [
        min((each for each in kept if each.candidate is candidate), key=lambda each: each.loss)
        for candidate in candidates
    ]


def with_losses(
    choices: Sequence[Choice], folds: Sequence[Fold], data: Dataset, seed: int, tick: Tick
) -> list[Choice]:
    """The same choices, with their losses on these folds added to their earlier losses."""
    jobs = [
        (choice.candidate, choice.params, data.matrix, data.labels, data.weights, fold, seed)
        for choice in choices
        for fold in folds
    ]
    found = []
    for loss in in_processes(_losses, jobs, min(MOST_ROWS, len(data.labels))):
        found.append(loss)
        tick()
    size = len(folds)
    return [
        replace(choice, losses=[*choice.losses, *found[i * size : (i + 1) * size]])
        for i, choice in enumerate(choices)
    ]


def ranked(choices: Sequence[Choice], repeats: int = 1) -> list[Choice]:
    """The choice to ship first, then the others in order of their loss.

    The choice with the lowest loss is shipped. If it is not readable, the best readable one is
    shipped instead, if it is worse by at most one standard error of the difference, row by row.
    `repeats` is how often the protocol splits its rows into folds. Evaluating the same rows again
    does not make the standard error smaller.
    """
    order = sorted(choices, key=lambda choice: choice.loss)
    best = order[0]
    rounds = min(repeats, CHOOSING_ROUNDS)
    readable = (choice for choice in order if choice.candidate.is_readable)
    shipped = next((choice for choice in readable if _as_good(choice, best, rounds)), best)
    return [shipped, *(choice for choice in order if choice is not shipped)]


def _as_good(choice: Choice, best: Choice, rounds: int) -> bool:
    worse = np.concatenate(choice.losses) - np.concatenate(best.losses)
    return bool(choice.loss - best.loss <= worse.std() / np.sqrt(len(worse) / rounds))


def fits_to_choose(candidate: Candidate, plan: Protocol) -> int:
    """The number of fits in `choose`."""
    early, late = _stages(plan)
    return len(candidate.grid) * len(early) + _half(candidate) * len(late)


def fit(choice: Choice, data: Dataset, rows: npt.NDArray[np.int64], seed: int) -> Classifier:
    """The chosen setting, fitted on `rows` of the data and corrected to the true base rate."""
    labels, weights = data.labels[rows], data.weights_of(rows)
    return _fit(choice.candidate, choice.params, data.matrix[rows], labels, weights, seed)


def predict(model: Classifier, matrix: Matrix) -> Floats:
    """The probabilities of label 1: [rows]."""
    with threads_for(len(matrix)):
        return model.predict_proba(matrix)[:, 1]


def chosen_folds(plan: Protocol) -> Sequence[Fold]:
    """The folds on which settings are compared."""
    return plan.folds[: CHOOSING_ROUNDS * (len(plan.folds) // plan.repeats)]


def _stages(plan: Protocol) -> tuple[Sequence[Fold], Sequence[Fold]]:
    """The folds on which all settings are compared, and those for the better half."""
    folds = chosen_folds(plan)
    third = max(1, len(folds) // 3)
    return folds[:third], folds[third:]


def _half(candidate: Candidate) -> int:
    return -(-len(candidate.grid) // 2)


def _fit(
    candidate: Candidate,
    params: Params,
    matrix: Matrix,
    labels: Labels,
    weights: Floats | None,
    seed: int,
) -> Classifier:
    model = candidate.fit(matrix, labels, params, seed)
    line = to_true_rate(labels, weights)
    return model if line == UNCHANGED else CalibratedModel(model, line)


def _losses(
    candidate: Candidate,
    params: Params,
    matrix: Matrix,
    labels: Labels,
    weights: Floats | None,
    fold: Fold,
    seed: int,
) -> Floats:
    """The log loss in nats of each validation row of the fold, or of a sample of them: [rows]."""
    train, validate = _sample(fold.train, seed), _sample(fold.validate, seed)
    train_weights = None if weights is None else weights[train]
    model = _fit(candidate, params, matrix[train], labels[train], train_weights, seed)
    likely = predict(model, matrix[validate])
    likelihood = np.where(labels[validate] == 1, likely, 1 - likely)
    return np.asarray(-np.log(np.maximum(likelihood, np.finfo(np.float64).eps)))


def _sample(rows: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
