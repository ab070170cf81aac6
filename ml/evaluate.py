"""Compare the candidates of a task under its protocol, and measure each at its best setting.

The best setting of a candidate, and the best candidate, is the one with the lowest mean log loss
over the protocol's folds. Log loss, because what is published is a probability: AUC would not
notice one that is twice too high. Where there is time, what is reported is measured on the test
rows, which chose nothing. Where there is none, it is the mean over all folds; the first deals of
them also chose among a handful of settings, so it flatters by a trifle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from sklearn.metrics import log_loss

from ml.candidates import CANDIDATES, Candidate
from ml.candidates.base import Classifier, Labels, Matrix, Params, threads_for
from ml.console import Advance
from ml.dataset import Dataset
from ml.folds import Fold, Protocol
from ml.metrics import Floats, bootstrap_intervals, expected_calibration_error, measure

__all__ = ["Evaluation", "evaluate"]

MOST_ROWS = 20_000
"""Rows settings are compared on in a fold; what is reported and shipped is learned from all rows."""
CHOOSING_DEALS = 2
"""Where the rows are dealt into folds many times, settings are compared on the first deals."""
PARALLEL_FROM = 500_000
"""Rows to fit on in all. Below, starting other processes costs more than it saves."""

Trial = tuple[Candidate, Params]


@dataclass(frozen=True)
class Evaluation:
    """One candidate at its best setting."""

    candidate: Candidate
    params: Params
    protocol: str
    selection: float
    """Mean log loss over the protocol's folds: the lowest is chosen."""
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals, of some of the metrics."""
    labels: Labels = field(repr=False)
    """[judged rows]: the test rows, or each row once, in the fold that left it out."""
    probabilities: Floats = field(repr=False)
    """[judged rows]."""
    model: Classifier | None = field(repr=False)
    """The model that was measured on the test rows; None where folds measured."""


def evaluate(
    data: Dataset,
    plan: Protocol,
    seed: int = 0,
    advance: Advance | None = None,
    candidates: Sequence[Candidate] = CANDIDATES,
) -> tuple[Evaluation, ...]:
    """Evaluate every candidate, best first (the simpler one where two are equal)."""
    deal = len(plan.folds) // plan.repeats
    choosing = [_at_most(fold, seed) for fold in plan.folds[: CHOOSING_DEALS * deal]]
    measuring = plan.folds if plan.test is None else ()
    trials = [(candidate, params) for candidate in candidates for params in candidate.grid]
    total = len(trials) * len(choosing) + len(candidates) * len(measuring)
    steps = count(1)

    def judge(chosen: Sequence[Trial], on: Sequence[Fold]) -> list[list[Floats]]:
        """The probabilities of each fold's validation rows, for each trial."""
        judged = []
        for probabilities in _run(data, [(*trial, fold) for trial in chosen for fold in on], seed):
            judged.append(probabilities)
            if advance:
                advance(next(steps), total)
        return [judged[i * len(on) : (i + 1) * len(on)] for i in range(len(chosen))]

    losses = [_mean_log_loss(data, choosing, judged) for judged in judge(trials, choosing)]
    best = [
        min((i for i, trial in enumerate(trials) if trial[0] is candidate), key=losses.__getitem__)
        for candidate in candidates
    ]
    found = []
    for i, judged in zip(best, judge([trials[i] for i in best], measuring), strict=True):
        measured = (
            _by_folds(data, plan.folds, judged, deal)
            if plan.test is None
            else _by_time(data, plan, trials[i], seed)
        )
        found.append(_evaluation(trials[i], plan, losses[i], measured, seed))
    return tuple(sorted(found, key=lambda evaluation: evaluation.selection))


@dataclass(frozen=True)
class _Measured:
    metrics: dict[str, float]
    labels: Labels
    probabilities: Floats
    model: Classifier | None


def _evaluation(
    trial: Trial, plan: Protocol, selection: float, measured: _Measured, seed: int
) -> Evaluation:
    return Evaluation(
        candidate=trial[0],
        params=trial[1],
        protocol=plan.name,
        selection=selection,
        metrics=measured.metrics,
        intervals=bootstrap_intervals(measured.labels, measured.probabilities, seed),
        labels=measured.labels,
        probabilities=measured.probabilities,
        model=measured.model,
    )


def _by_folds(
    data: Dataset, folds: Sequence[Fold], judged: Sequence[Floats], deal: int
) -> _Measured:
    """Means over all folds; of the calibration error, which needs many rows a bin, over deals."""
    labels = [data.labels[fold.validate] for fold in folds]
    deals = [
        (np.concatenate(labels[start : start + deal]), np.concatenate(judged[start : start + deal]))
        for start in range(0, len(folds), deal)
    ]
    each = [measure(*both) for both in zip(labels, judged, strict=True)]
    metrics = {name: float(np.mean([metrics[name] for metrics in each])) for name in each[0]}
    metrics["expected_calibration_error"] = float(
        np.mean([expected_calibration_error(*pooled) for pooled in deals])
    )
    return _Measured(metrics, *deals[0], model=None)


def _by_time(data: Dataset, plan: Protocol, trial: Trial, seed: int) -> _Measured:
    """Fit on what had ended by the test date, judge the test rows."""
    assert plan.test is not None
    model = trial[0].fit(data.matrix[plan.final], data.labels[plan.final], trial[1], seed)
    labels, probabilities = data.labels[plan.test], _predict(model, data.matrix[plan.test])
    return _Measured(measure(labels, probabilities), labels, probabilities, model)


def _mean_log_loss(data: Dataset, folds: Sequence[Fold], judged: Sequence[Floats]) -> float:
    return float(
        np.mean(
            [
                log_loss(data.labels[fold.validate], probabilities)
                for fold, probabilities in zip(folds, judged, strict=True)
            ]
        )
    )


def _run(data: Dataset, jobs: list[tuple[Candidate, Params, Fold]], seed: int) -> Iterator[Floats]:
    """The probabilities of each job's validation rows, in order."""
    rows = sum(len(fold.train) for _, _, fold in jobs)
    parallel = Parallel(n_jobs=1 if rows < PARALLEL_FROM else -1, return_as="generator")
    results: Iterator[Floats] = parallel(
        delayed(_fit_and_predict)(candidate, params, data.matrix, data.labels, fold, seed)
        for candidate, params, fold in jobs
    )
    return results


def _fit_and_predict(
    candidate: Candidate, params: Params, matrix: Matrix, labels: Labels, fold: Fold, seed: int
) -> Floats:
    model = candidate.fit(matrix[fold.train], labels[fold.train], params, seed)
    return _predict(model, matrix[fold.validate])


def _predict(model: Any, matrix: Matrix) -> Floats:
    with threads_for(len(matrix)):
        probabilities: Floats = model.predict_proba(matrix)[:, 1]
    return probabilities


def _at_most(fold: Fold, seed: int) -> Fold:
    return Fold(_sample(fold.train, seed), _sample(fold.validate, seed))


def _sample(rows: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
