"""Learn a task: from the warehouse's rows to a bundle behind the gate and its registry entry."""

import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from typing import Any

import numpy as np

from ml.candidates import USUAL, Candidate
from ml.data.dataset import Dataset, NothingToLearnError, read_dataset
from ml.evaluation.baselines import baselines
from ml.evaluation.candidates import Evaluation, evaluate
from ml.evaluation.diagnosis import diagnose
from ml.evaluation.folds import Protocol, protocol
from ml.export.onnx_graph import export
from ml.export.parity_gate import Parity, check_parity
from ml.registry.model_terms import store_terms
from ml.registry.record import record, require_registry
from ml.training.tuning import Budget, tune
from scoring import __version__
from scoring.bundle import Bundle, model_version, write_bundle
from warehouse.connection import connect
from warehouse.console import progress_bar, say
from warehouse.errors import NumerosityError, UsageError
from warehouse.manifest import FeatureTable, Task, find_task, load_registry
from warehouse.settings import Settings

__all__ = ["train"]

INTERACTION = " × "
"""Between the two features that are one reason together."""
LIBRARIES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")


def train(
    settings: Settings,
    task: str | None = None,
    seed: int = 0,
    folds: int | None = None,
    repeats: int | None = None,
    without: Sequence[str] = (),
    budget: Budget | None = None,
    candidates: Sequence[Candidate] | None = None,
    occasion: str | None = None,
    since: date | None = None,
) -> dict[str, Any]:
    """Train one task, or every task of the registry that is trained by default and has rows.

    Compares `candidates`. Within `budget` for each task, settings beside their own are searched
    first. `occasion`, why it is trained now, goes before the reason of the decision. A task that is
    named can be learned from its dates from `since` on alone.

    Returns what was trained and what was skipped, with the reason. Raises UsageError (unknown
    task), InputError (data that breaks its contract, nothing to learn), IntegrityError (the parity
    gate) or LockedError.
    """
    tables = load_registry(settings.manifest)
    if task:
        found = find_task(tables, task, without)
        done = _train(settings, *found, seed, folds, repeats, budget, candidates, occasion, since)
        return {"trained": [done]}
    if without:
        raise UsageError("--without needs --task: groups of features are a task's own")
    trained, skipped = [], []
    for table in tables:
        for each in table.tasks:
            try:
                if each.trained_by_default:
                    trained.append(
                        _train(settings, table, each, seed, folds, repeats, budget, candidates)
                    )
                    continue
                reason = f"task {each.name} is trained when asked for: --task {each.name}"
            except NothingToLearnError as error:
                reason = str(error)
            say(f"skipped: {reason}")
            skipped.append({"task": each.name, "reason": reason})
    if not trained:
        why = skipped[0]["reason"] if skipped else "no dbt model declares a task in config.meta"
        raise NothingToLearnError(f"nothing to train: {why}")
    return {"trained": trained, "skipped": skipped}


def _train(
    settings: Settings,
    table: FeatureTable,
    task: Task,
    seed: int,
    folds: int | None,
    repeats: int | None,
    budget: Budget | None,
    candidates: Sequence[Candidate] | None,
    occasion: str | None = None,
    since: date | None = None,
) -> dict[str, Any]:
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_registry(connection)
        data = read_dataset(connection, table, task, since, settings, seed, to_learn=True)
    if data.drawn:
        say(f"{task.name}: {data.drawn}")
    plan = protocol(data, seed, folds, repeats)
    if budget:
        with progress_bar(f"{task.name}: searching settings") as advance:
            folder = settings.artifacts / task.name
            candidates = tune(candidates or USUAL, data, plan, seed, budget, folder, advance)
    with progress_bar(f"{task.full_name}: comparing models") as advance:
        evaluations = evaluate(data, plan, seed, advance, candidates)
    best = evaluations[0]
    candidate = best.candidate
    onnx = export(candidate, best.model, data.matrix.shape[1])
    try:
        parity = check_parity(onnx, candidate, best.model, data.matrix, seed)
    except NumerosityError as error:
        raise type(error)(f"{task.name}, {candidate.title}: {error}") from None
    bundle = _write(settings, data, plan, best, parity, onnx, seed)
    beside, diagnosis = baselines(data, plan, seed), diagnose(best, data, plan, seed)
    with connect(settings.warehouse, timeout=settings.lock_timeout) as connection:
        if box := candidate.glass_box(best.model):
            store_terms(connection, task.name, bundle.model_version, box, data.names)
        where = connection, settings.artifacts
        standing = record(*where, data, plan, evaluations, bundle, beside, diagnosis, occasion)
    metrics = best.metrics
    say(
        f"{task.name}: {candidate.title} {bundle.model_version} is {standing.status}"
        f" ({standing.reason}); AUC {metrics['roc_auc']:.3f},"
        f" average precision {metrics['average_precision']:.3f},"
        f" base rate {metrics['base_rate']:.3f}"
    )
    return {
        "task": task.name,
        "without": list(task.without),
        "model_version": bundle.model_version,
        "candidate": candidate.name,
        "status": standing.status,
        "reason": standing.reason,
        "protocol": plan.name,
        "rows": bundle.facts["training"]["rows"],
        "buyers": bundle.facts["training"]["buyers"],
        "drawn": data.drawn,
        "metrics": metrics,
        "bundle": str(bundle.folder),
        "parity": parity.facts(),
    }


def _write(
    settings: Settings,
    data: Dataset,
    plan: Protocol,
    best: Evaluation,
    parity: Parity,
    onnx: bytes,
    seed: int,
) -> Bundle:
    dates = data.as_of[plan.final]
    newest = dates.max().item()
    task, known_as = data.task, model_version(newest, onnx)
    facts: Mapping[str, Any] = {
        "task": task.name,
        "title": task.title,
        "entity": data.table.entity,
        "entity_key": data.table.entity_key,
        "as_of_column": data.table.as_of_column,
        "relation": data.table.relation,
        "label": task.label,
        "horizon_days": task.horizon_days,
        "without": list(task.without),
        "features": list(data.names),
        "reasons": [
            INTERACTION.join(data.names[feature] for feature in term)
            for term in best.candidate.terms(best.model, data.matrix.shape[1])
        ],
        "candidate": best.candidate.name,
        "params": dict(best.params),
        "calibration": {"slope": best.line.slope, "offset": best.line.offset},
        "model_version": known_as,
        "training": {
            "rows": len(plan.final),
            "buyers": int(np.count_nonzero(data.labels[plan.final])),
            "from": str(dates.min()),
            "to": str(newest),
            "drawn": data.drawn,
            "strata": [each.facts() for each in data.strata],
        },
        "protocol": plan.name,
        "metrics": best.metrics,
        "parity": parity.facts(),
        "versions": {
            "numerosity": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
        "seed": seed,
    }
    return write_bundle(settings.artifacts / task.name / known_as, onnx, facts)
