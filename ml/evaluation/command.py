"""`python -m ml evaluate`: compare the candidates of a task, in a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from ml.data.dataset import read_dataset
from ml.evaluation.baselines import baselines
from ml.evaluation.candidates import Evaluation, evaluate
from ml.evaluation.folds import protocol
from ml.evaluation.held_out import Measured
from ml.training.train import TrainingRequest
from warehouse.connection import connect
from warehouse.console import progress_bar, say, show
from warehouse.feature_tables import find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["evaluate_task"]


def evaluate_task(
    settings: Settings, task: str, request: TrainingRequest | None = None
) -> dict[str, Any]:
    """Evaluate every candidate of `task`; print the table and return its figures.

    Nothing is written. Raises UsageError (unknown task or group of features), InputError (data that
    breaks its contract, nothing to learn) or LockedError.
    """
    request = request or TrainingRequest()
    seed = request.seed
    table, found = find_task(load_feature_tables(settings.manifest), task, request.without)
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        data = read_dataset(connection, table, found, None, settings, seed, to_learn=True)
    if data.sampling:
        say(f"{task}: {data.sampling}")
    plan = protocol(data, seed, request.folds, request.repeats)
    with progress_bar(f"{found.full_name}: comparing models") as advance:
        evaluations = evaluate(data, plan, seed, advance, request.candidates)
    baseline_models = baselines(data, plan, seed)
    title = f"{found.full_name}: {plan.name}, {len(data.labels):,} labelled rows"
    show(_table(title, evaluations, baseline_models))
    return {
        "task": task,
        "without": list(found.without),
        "protocol": plan.name,
        "rows": len(data.labels),
        "buyers": data.buyers,
        "drawn": data.sampling,
        "candidates": [
            {
                "candidate": evaluation.candidate.name,
                "params": dict(evaluation.params),
                **evaluation.metrics,
                "intervals": evaluation.intervals,
            }
            for evaluation in evaluations
        ],
        "baselines": [
            {"candidate": each.name, **each.metrics, "intervals": each.intervals}
            for each in baseline_models
        ],
    }


def _table(
    title: str, evaluations: Sequence[Evaluation], baseline_models: Sequence[Measured]
) -> Table:
    """The candidates, the one to ship first, and below them the baselines."""
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for heading in ("AUC", "95 %", "average precision", "95 %", "log loss", "calibration error"):
        table.add_column(heading, justify="right")
    for measured in (*evaluations, *baseline_models):
        if measured is baseline_models[0]:
            table.add_section()
        metrics, intervals = measured.metrics, measured.intervals
        table.add_row(
            measured.title,
            f"{metrics['roc_auc']:.3f}",
            _interval(intervals.get("roc_auc")),
            f"{metrics['average_precision']:.3f}",
            _interval(intervals.get("average_precision")),
            f"{metrics['log_loss']:.4f}",
            f"{metrics['expected_calibration_error']:.3f}",
        )
    return table


def _interval(interval: tuple[float, float] | None) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else ""
