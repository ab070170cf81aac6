"""Measure each candidate of a task, at its best setting, under the task's protocol.

Where there is time, what is reported is measured on the test rows, which chose nothing, and the
model that was measured is the one that ships. Where there is none, it is the mean over all folds;
the first of them also chose among a handful of settings, so it flatters by a trifle.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from ml.candidates import CANDIDATES, Candidate
from ml.candidates.base import Classifier, Labels, Params
from ml.console import Advance
from ml.dataset import Dataset
from ml.folds import Protocol
from ml.metrics import Floats, bootstrap_intervals, expected_calibration_error, measure
from ml.selection import Choice, Tick, choose, fit, fits_to_choose, predict, ranked

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """One candidate at its best setting."""

    candidate: Candidate
    params: Params
    protocol: str
    selection: float
    """Mean log loss over the protocol's folds; see `ml.selection.ranked`."""
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals, of some of the metrics."""
    labels: Labels = field(repr=False)
    """[judged rows]: the test rows, or each row once, in the fold that left it out."""
    probabilities: Floats = field(repr=False)
    """[judged rows]."""
    model: Classifier = field(repr=False)
    """Fitted on the protocol's final rows."""


@dataclass(frozen=True)
class _Measured:
    metrics: dict[str, float]
    labels: Labels
    probabilities: Floats


def evaluate(
    data: Dataset,
    plan: Protocol,
    seed: int = 0,
    advance: Advance | None = None,
    candidates: Sequence[Candidate] = CANDIDATES,
) -> tuple[Evaluation, ...]:
    """Evaluate every candidate, the one to ship first."""
    measuring = len(plan.folds) if plan.test is None else 0
    total = sum(fits_to_choose(candidate, plan) + measuring + 1 for candidate in candidates)
    steps = count(1)

    def tick() -> None:
        if advance:
            advance(next(steps), total)

    choices = [choose(candidate, data, plan, seed, tick) for candidate in candidates]
    return tuple(
        _evaluate(choice, data, plan, seed, tick) for choice in ranked(choices, plan.repeats)
    )


def _evaluate(choice: Choice, data: Dataset, plan: Protocol, seed: int, tick: Tick) -> Evaluation:
    model = fit(choice, data, plan.final, seed)
    tick()
    if plan.test is None:
        measured = _by_folds(choice, data, plan, seed, tick)
    else:
        labels = data.labels[plan.test]
        probabilities = predict(model, data.matrix[plan.test])
        measured = _Measured(measure(labels, probabilities), labels, probabilities)
    return Evaluation(
        candidate=choice.candidate,
        params=choice.params,
        protocol=plan.name,
        selection=choice.loss,
        metrics=measured.metrics,
        intervals=bootstrap_intervals(measured.labels, measured.probabilities, seed),
        labels=measured.labels,
        probabilities=measured.probabilities,
        model=model,
    )


def _by_folds(choice: Choice, data: Dataset, plan: Protocol, seed: int, tick: Tick) -> _Measured:
    """Means over all folds; of the calibration error, which needs many rows a bin, over deals."""
    labels, probabilities = [], []
    for fold in plan.folds:
        model = fit(choice, data, fold.train, seed)
        labels.append(data.labels[fold.validate])
        probabilities.append(predict(model, data.matrix[fold.validate]))
        tick()
    each = [measure(*judged) for judged in zip(labels, probabilities, strict=True)]
    metrics = {name: float(np.mean([metrics[name] for metrics in each])) for name in each[0]}
    deal = len(plan.folds) // plan.repeats
    deals = [
        (
            np.concatenate(labels[start : start + deal]),
            np.concatenate(probabilities[start : start + deal]),
        )
        for start in range(0, len(labels), deal)
    ]
    metrics["expected_calibration_error"] = float(
        np.mean([expected_calibration_error(*pooled) for pooled in deals])
    )
    return _Measured(metrics, *deals[0])
