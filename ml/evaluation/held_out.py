"""A model's predictions for rows that it did not learn from, and how good they are."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ml.candidates.base import Classifier
from ml.data.arrays import Floats, Labels, RowNumbers
from ml.data.dataset import Dataset, duplicate_groups
from ml.evaluation.bootstrap import bootstrap_intervals
from ml.evaluation.calibration import UNCHANGED, HeldOut, Line, calibration_metrics, log_odds
from ml.evaluation.folds import Protocol, grouped_folds
from ml.evaluation.metrics import measure
from ml.training.settings_choice import predict
from warehouse.feature_tables import Task

__all__ = [
    "Fit",
    "Measured",
    "groups_of",
    "held_out_rounds",
    "in_parts",
    "measure_fit",
    "measured_by_folds",
    "measured_by_time",
]

Fit = Callable[[RowNumbers], Classifier]
"""A function that fits a model on rows of the data set."""


@dataclass(frozen=True)
class Measured:
    """A model's predictions for rows that it did not learn from, and their metrics."""

    name: str
    title: str
    protocol: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals of some of the metrics."""
    rows: RowNumbers = field(repr=False)
    """[evaluated rows], row numbers in the data set: the test rows, or each row once, as held out
    in the first round of folds."""
    labels: Labels = field(repr=False)
    """[evaluated rows]."""
    probabilities: Floats = field(repr=False)
    """[evaluated rows]."""


def measure_fit(
    name: str, title: str, fit_on: Fit, data: Dataset, plan: Protocol, seed: int = 0
) -> Measured:
    """Measure a model that `fit_on` fits, without calibration, under the protocol `plan`."""
    if plan.test is None:
        return measured_by_folds(
            name, title, held_out_rounds(fit_on, data, plan), UNCHANGED, data, plan, seed
        )
    probabilities = predict(fit_on(plan.final), data.matrix[plan.test])
    return measured_by_time(name, title, probabilities, data, plan, plan.test, seed)


def held_out_rounds(fit_on: Fit, data: Dataset, plan: Protocol) -> list[HeldOut]:
    """Score the rows that the folds leave out; returns one HeldOut per round."""
    size = len(plan.folds) // plan.repeats
    rounds = []
    for start in range(0, len(plan.folds), size):
        folds = plan.folds[start : start + size]
        rows = np.concatenate([fold.validate for fold in folds])
        scores = [
            log_odds(predict(fit_on(fold.train), data.matrix[fold.validate])) for fold in folds
        ]
        part = np.repeat(np.arange(size), [len(fold.validate) for fold in folds])
        rounds.append(HeldOut(rows, data.labels[rows], np.concatenate(scores), part))
    return rounds


def in_parts(one_round: HeldOut, data: Dataset, seed: int) -> HeldOut:
    """The round with at least two parts: a single part is split in two by entity."""
    if one_round.part.max() > 0:
        return one_round
    entity = np.unique(data.entities[one_round.rows], return_inverse=True)[1].astype(np.int64)
    return replace(one_round, part=grouped_folds(one_round.labels, entity, 2, seed))


def measured_by_time(
    name: str,
    title: str,
    probabilities: Floats,
    data: Dataset,
    plan: Protocol,
    rows: RowNumbers,
    seed: int,
) -> Measured:
    """Measure the `probabilities` [rows] of the test `rows`, all at once."""
    labels = data.labels[rows]
    metrics = _measure(data.task, labels, probabilities) | calibration_metrics(
        labels, probabilities
    )
    intervals = _intervals(data, rows, probabilities, seed)
    return Measured(name, title, plan.name, metrics, intervals, rows, labels, probabilities)


def measured_by_folds(
    name: str,
    title: str,
    rounds: Sequence[HeldOut],
    line: Line,
    data: Dataset,
    plan: Protocol,
    seed: int,
) -> Measured:
    """Measure the held-out rounds, calibrated if `line` is not UNCHANGED.

    Metrics are means over all folds. Calibration metrics need many rows, and are means over rounds.
    """
    pooled = [(one_round, one_round.probabilities(line)) for one_round in rounds]
    folds, whole = [], []
    for one_round, probabilities in pooled:
        whole.append(calibration_metrics(one_round.labels, probabilities))
        for part in np.unique(one_round.part):
            out = one_round.part == part
            folds.append(_measure(data.task, one_round.labels[out], probabilities[out]))
    first, probabilities = pooled[0]
    intervals = _intervals(data, first.rows, probabilities, seed)
    metrics = _mean(folds) | _mean(whole)
    return Measured(
        name, title, plan.name, metrics, intervals, first.rows, first.labels, probabilities
    )


def groups_of(data: Dataset, rows: RowNumbers) -> npt.NDArray[np.int64]:
    """Group ids of `rows` that belong together: rows of one entity, or at one date equal rows."""
    if len(np.unique(data.as_of[rows])) == 1:
        return duplicate_groups(data.matrix[rows])
    return np.unique(data.entities[rows], return_inverse=True)[1].astype(np.int64)


def _mean(each: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([metrics[name] for metrics in each])) for name in each[0]}


def _measure(task: Task, labels: Labels, probabilities: Floats) -> dict[str, float]:
    """The metrics at the task's threshold, and the net value per row of acting on it."""
    metrics = measure(labels, probabilities, task.threshold)
    cost, value = task.cost_false_positive, task.value_true_positive
    decided = probabilities >= task.threshold
    net = np.where(labels == 1, value, -cost)
    return {
        **metrics,
        "cost_false_positive": cost,
        "value_true_positive": value,
        "net_value": float((net * decided).mean()),
        "net_value_of_all": float(net.mean()),
    }


def _intervals(
    data: Dataset, rows: RowNumbers, probabilities: Floats, seed: int
) -> dict[str, tuple[float, float]]:
    return bootstrap_intervals(
        data.labels[rows],
        probabilities,
        seed,
        threshold=data.task.threshold,
        groups=groups_of(data, rows),
    )
