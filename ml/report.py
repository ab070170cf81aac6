"""`python -m ml evaluate`: the candidates of a task side by side, as a table and as JSON."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from ml.console import progress_bar, show
from ml.dataset import read_dataset
from ml.evaluate import Evaluation, evaluate
from ml.folds import protocol
from ml.manifest import find_task, load_registry
from scoring.settings import Settings
from scoring.warehouse import connect

__all__ = ["evaluate_task"]


def evaluate_task(
    settings: Settings,
    task: str,
    seed: int = 0,
    folds: int | None = None,
    repeats: int | None = None,
    without: Sequence[str] = (),
) -> dict[str, Any]:
    """Evaluate every candidate of `task`, print the table, return what it says; write nothing."""
    table, found = find_task(load_registry(settings.manifest), task, without)
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        data = read_dataset(connection, table, found)
    plan = protocol(data, seed, folds, repeats)
    with progress_bar(f"{found.full_name}: comparing models") as advance:
        evaluations = evaluate(data, plan, seed, advance)
    show(_table(f"{found.full_name}: {plan.name}, {len(data.labels):,} labelled rows", evaluations))
    return {
        "task": task,
        "without": list(found.without),
        "protocol": plan.name,
        "rows": len(data.labels),
        "buyers": data.buyers,
        "candidates": [
            {
                "candidate": evaluation.candidate.name,
                "params": dict(evaluation.params),
                **evaluation.metrics,
                "intervals": evaluation.intervals,
            }
            for evaluation in evaluations
        ],
    }


def _table(title: str, evaluations: Sequence[Evaluation]) -> Table:
    """Best first; what the base rate alone gives stands in the last row."""
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    for heading in ("AUC", "95 %", "average precision", "95 %", "log loss", "calibration error"):
        table.add_column(heading, justify="right")
    for evaluation in evaluations:
        metrics, intervals = evaluation.metrics, evaluation.intervals
        table.add_row(
            evaluation.candidate.title,
            f"{metrics['roc_auc']:.3f}",
            _interval(intervals["roc_auc"]),
            f"{metrics['average_precision']:.3f}",
            _interval(intervals["average_precision"]),
            f"{metrics['log_loss']:.4f}",
            f"{metrics['expected_calibration_error']:.3f}",
        )
    base = evaluations[0].metrics
    table.add_section()
    table.add_row(
        "base rate alone",
        "0.500",
        "",
        f"{base['base_rate']:.3f}",
        "",
        f"{base['base_rate_log_loss']:.4f}",
        "0.000",
    )
    return table


def _interval(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
