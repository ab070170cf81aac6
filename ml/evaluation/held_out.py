"""What a model says of rows it did not learn from, and how good that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ml.candidates.base import Classifier, Labels
from ml.data.dataset import Dataset, duplicate_groups
from ml.evaluation.bootstrap import bootstrap_intervals
from ml.evaluation.calibration import UNCHANGED, HeldOut, Line, calibration_metrics, log_odds
from ml.evaluation.folds import Protocol, grouped_folds
from ml.evaluation.metrics import Floats, measure
from ml.training.settings_choice import predict
from warehouse.manifest import Task

__all__ = [
    "Fit",
    "Judged",
    "Rows",
    "groups_of",
    "held_out_deals",
    "in_parts",
    "judge",
    "judged_by_folds",
    "judged_by_time",
]

Rows = npt.NDArray[np.int64]
Fit = Callable[[Rows], Classifier]
"""A model fitted on rows of the data set."""


@dataclass(frozen=True)
class Judged:
    """What a model said of rows it did not learn from, and how good that was."""

    name: str
    title: str
    protocol: str
    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    """95 % intervals, of some of the metrics."""
    rows: Rows = field(repr=False)
    """[judged rows], their numbers in the data set: the test rows, or each row once, in the fold
    that left it out."""
    labels: Labels = field(repr=False)
    """[judged rows]."""
    probabilities: Floats = field(repr=False)
    """[judged rows]."""


def judge(
    name: str, title: str, fit_on: Fit, data: Dataset, plan: Protocol, seed: int = 0
) -> Judged:
    """Measure anything that can be fitted, uncalibrated, under the same protocol."""
    if plan.test is None:
        return judged_by_folds(
            name, title, held_out_deals(fit_on, data, plan), UNCHANGED, data, plan, seed
        )
    probabilities = predict(fit_on(plan.final), data.matrix[plan.test])
    return judged_by_time(name, title, probabilities, data, plan, plan.test, seed)


def held_out_deals(fit_on: Fit, data: Dataset, plan: Protocol) -> list[HeldOut]:
    """The rows that the folds leave out, scored; one HeldOut a deal."""
    size = len(plan.folds) // plan.repeats
    deals = []
    for start in range(0, len(plan.folds), size):
        folds = plan.folds[start : start + size]
        rows = np.concatenate([fold.validate for fold in folds])
        scores = [
            log_odds(predict(fit_on(fold.train), data.matrix[fold.validate])) for fold in folds
        ]
        part = np.repeat(np.arange(size), [len(fold.validate) for fold in folds])
        deals.append(HeldOut(rows, data.labels[rows], np.concatenate(scores), part))
    return deals


def in_parts(deal: HeldOut, data: Dataset, seed: int) -> HeldOut:
    """In two parts where one fold left it: the rows of an entity stay together."""
    if deal.part.max() > 0:
        return deal
    entity = np.unique(data.entities[deal.rows], return_inverse=True)[1].astype(np.int64)
    return replace(deal, part=grouped_folds(deal.labels, entity, 2, seed))


def judged_by_time(
    name: str,
    title: str,
    probabilities: Floats,
    data: Dataset,
    plan: Protocol,
    rows: Rows,
    seed: int,
) -> Judged:
    """Measured on the test `rows`, all at once; `probabilities` are theirs."""
    labels = data.labels[rows]
    metrics = _measure(data.task, labels, probabilities) | calibration_metrics(
        labels, probabilities
    )
    intervals = _intervals(data, rows, probabilities, seed)
    return Judged(name, title, plan.name, metrics, intervals, rows, labels, probabilities)


def judged_by_folds(
    name: str,
    title: str,
    deals: Sequence[HeldOut],
    line: Line,
    data: Dataset,
    plan: Protocol,
    seed: int,
) -> Judged:
    """Means over all folds; of calibration, which needs many rows, over deals."""
    pooled = [(deal, deal.probabilities(line)) for deal in deals]
    folds, whole = [], []
    for deal, probabilities in pooled:
        whole.append(calibration_metrics(deal.labels, probabilities))
        for part in np.unique(deal.part):
            out = deal.part == part
            folds.append(_measure(data.task, deal.labels[out], probabilities[out]))
    first, probabilities = pooled[0]
    intervals = _intervals(data, first.rows, probabilities, seed)
    metrics = _mean(folds) | _mean(whole)
    return Judged(
        name, title, plan.name, metrics, intervals, first.rows, first.labels, probabilities
    )


def groups_of(data: Dataset, rows: Rows) -> npt.NDArray[np.int64]:
    """Which of the `rows` belong together: one entity's, or at one date those alike in all."""
    if len(np.unique(data.as_of[rows])) == 1:
        return duplicate_groups(data.matrix[rows])
    return np.unique(data.entities[rows], return_inverse=True)[1].astype(np.int64)


def _mean(each: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([metrics[name] for metrics in each])) for name in each[0]}


def _measure(task: Task, labels: Labels, probabilities: Floats) -> dict[str, float]:
    """The metrics at the task's threshold, and what acting on it is worth a row."""
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
    data: Dataset, rows: Rows, probabilities: Floats, seed: int
) -> dict[str, tuple[float, float]]:
    return bootstrap_intervals(
        data.labels[rows],
        probabilities,
        seed,
        threshold=data.task.threshold,
        groups=groups_of(data, rows),
    )
