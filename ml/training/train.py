"""Train a task: from the rows in the warehouse to a verified bundle and its registry entry."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from ml.registry.record import TrainedModel, record, require_registry
from ml.training.tuning import Budget, tune
from scoring import __version__
from scoring.bundle import Bundle, model_version, write_bundle
from warehouse.connection import connect
from warehouse.console import progress_bar, say
from warehouse.errors import NumerosityError, UsageError
from warehouse.feature_tables import FeatureTable, Task, find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["TrainingRequest", "train"]

INTERACTION = " × "
"""The text between two features that are one reason together."""
LIBRARIES = ("scikit-learn", "skl2onnx", "onnx", "onnxruntime", "numpy")


@dataclass(frozen=True)
class TrainingRequest:
    """How a task is trained."""

    seed: int = 0
    folds: int | None = None
    """Folds to compare models; None for the default for the number of rows."""
    repeats: int | None = None
    """How often the rows are split into folds; None for the default for the number of rows."""
    without: Sequence[str] = ()
    """Groups of features to leave out; only for a named task."""
    budget: Budget | None = None
    """Time or trials per task to search for settings, before models are compared."""
    candidates: Sequence[Candidate] | None = None
    """The models to compare; None for the usual ones."""
    occasion: str | None = None
    """Why the task is trained now; it precedes the reason in registry.decisions."""
    since: date | None = None
    """The first as-of date to train on; only for a named task."""


def train(
    settings: Settings, task: str | None = None, request: TrainingRequest | None = None
) -> dict[str, Any]:
    """Train one task, or every task that is trained by default and has labelled rows.

    Returns the facts about each trained task, and the reason for each skipped task. Raises
    UsageError (unknown task or group of features), InputError (data that breaks its contract,
    nothing to learn), IntegrityError (the parity gate) or LockedError.
    """
    request = request or TrainingRequest()
    tables = load_feature_tables(settings.manifest)
    if task:
        found = find_task(tables, task, request.without)
        return {"trained": [_train(settings, *found, request)]}
    if request.without:
        raise UsageError("--without needs --task: groups of features belong to a task")
    trained, skipped = [], []
    for table in tables:
        for each in table.tasks:
            try:
                if each.trained_by_default:
                    trained.append(_train(settings, table, each, request))
                    continue
                reason = f"task {each.name} is trained only on request: --task {each.name}"
            except NothingToLearnError as error:
                reason = str(error)
            say(f"skipped: {reason}")
            skipped.append({"task": each.name, "reason": reason})
    if not trained:
        why = skipped[0]["reason"] if skipped else "no dbt model declares a task in config.meta"
        raise NothingToLearnError(f"nothing to train: {why}")
    return {"trained": trained, "skipped": skipped}


def _train(
    settings: Settings, table: FeatureTable, task: Task, request: TrainingRequest
) -> dict[str, Any]:
    seed, candidates = request.seed, request.candidates
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_registry(connection)
        data = read_dataset(connection, table, task, request.since, settings, seed, to_learn=True)
    if data.sampling:
        say(f"{task.name}: {data.sampling}")
    plan = protocol(data, seed, request.folds, request.repeats)
    if request.budget:
        with progress_bar(f"{task.name}: searching settings") as advance:
            folder = settings.artifacts / task.name
            search = candidates or USUAL, data, plan, seed, request.budget
            candidates = tune(*search, folder, advance)
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
    baseline_models = baselines(data, plan, seed)
    diagnosis = diagnose(best, data, plan, seed)
    with connect(settings.warehouse, timeout=settings.lock_timeout) as connection:
        if box := candidate.glass_box(best.model):
            store_terms(connection, task.name, bundle.model_version, box, data.names)
        model = TrainedModel(
            bundle, data, plan, evaluations, baseline_models, diagnosis, request.occasion
        )
        outcome = record(connection, settings.artifacts, model)
    metrics = best.metrics
    say(
        f"{task.name}: {candidate.title} {bundle.model_version} is {outcome.status}"
        f" ({outcome.reason}); AUC {metrics['roc_auc']:.3f},"
        f" average precision {metrics['average_precision']:.3f},"
        f" base rate {metrics['base_rate']:.3f}"
    )
    return {
        "task": task.name,
        "without": list(task.without),
        "model_version": bundle.model_version,
        "candidate": candidate.name,
        "status": outcome.status,
        "reason": outcome.reason,
        "protocol": plan.name,
        "rows": bundle.facts["training"]["rows"],
        "buyers": bundle.facts["training"]["buyers"],
        "drawn": data.sampling,
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
            "drawn": data.sampling,
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
