"""Record a trained model in the warehouse: `registry.models` and the tables of its figures.

The first model of a task becomes its champion. A later model becomes champion when it clearly wins
on the same rows (see `ml.registry.challenge`), and otherwise a challenger. The reason is noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ml.data.dataset import Dataset
from ml.evaluation.candidates import Evaluation
from ml.evaluation.diagnosis import Diagnosis
from ml.evaluation.folds import Protocol
from ml.evaluation.held_out import Measured
from ml.registry.challenge import KnownChampion, Verdict, compare
from ml.registry.decisions import Decision, make_champion, note, now, was_withdrawn
from ml.registry.rows import insert_measures, insert_model
from scoring.bundle import Bundle
from warehouse.connection import columns, fetch, qualified, require_tables, transaction
from warehouse.errors import InputError

__all__ = ["TABLES", "Outcome", "TrainedModel", "record", "require_registry"]

PER_MODEL = (
    "registry.models",
    "registry.evaluations",
    "registry.curves",
    "registry.confusion_matrices",
    "registry.classification_reports",
    "registry.importances",
    "registry.held_out_predictions",
    "registry.segment_calibration",
    "registry.audits",
)
TABLES = (*PER_MODEL, "registry.decisions")


@dataclass(frozen=True)
class Outcome:
    """The status of a recorded model (`champion`, `challenger` or `retired`), and why."""

    status: str
    reason: str


@dataclass(frozen=True)
class TrainedModel:
    """A trained model and everything that is recorded about it."""

    bundle: Bundle
    data: Dataset
    plan: Protocol
    evaluations: Sequence[Evaluation]
    """All candidates; the first one is the model."""
    baselines: Sequence[Measured] = ()
    diagnosis: Diagnosis | None = None
    occasion: str | None = None
    """Why the model was trained now; it precedes the reason in registry.decisions."""


def record(connection: duckdb.DuckDBPyConnection, artifacts: Path, model: TrainedModel) -> Outcome:
    """Record a trained model in one transaction; `artifacts` is the folder of the bundles.

    Recording the same model again changes nothing, unless it wins now and lost before. A model that
    was rolled back does not become champion again by itself. Raises InputError when the registry's
    tables do not exist.
    """
    require_registry(connection)
    bundle, best = model.bundle, model.evaluations[0]
    task, version = bundle.task, bundle.model_version
    known = _known(connection, bundle)
    if known and (known.status == "champion" or was_withdrawn(connection, task, version)):
        return known
    champion = _champion(connection, task)
    verdict = _verdict(champion, artifacts, model)
    if known and not verdict.wins:
        return known
    outcome = Outcome("champion" if verdict.wins else "challenger", verdict.reason)
    at = now()
    with transaction(connection):
        for table in PER_MODEL:
            fetch(
                connection,
                f"delete from {qualified(connection, table)} where task = ? and model_version = ?",
                [task, version],
            )
        insert_model(connection, bundle, best, outcome.status, outcome.reason, at)
        measured = model.evaluations, model.baselines, model.diagnosis
        insert_measures(connection, model.data, bundle, *measured, at)
        if verdict.wins:
            make_champion(connection, task, version, verdict.reason, _replaced(version, verdict))
        if champion is None or champion.model_version != version:
            note(connection, _decision(model, champion, verdict), at)
    return outcome


def require_registry(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise InputError unless the registry's tables exist, with all columns."""
    require_tables(connection, *TABLES)
    if "drawn" not in columns(connection, "registry.models"):
        raise InputError("registry.models has no column drawn: run dbt build, which adds it")


def _verdict(champion: KnownChampion | None, artifacts: Path, model: TrainedModel) -> Verdict:
    task = model.data.task
    if champion is None:
        return Verdict(True, "first model of the task")
    if champion.model_version == model.bundle.model_version:  # the same graph, measured again
        return Verdict(True, champion.reason)
    if task.without:  # an experiment; exclude_groups in the YAML makes it permanent
        return Verdict(False, f"a variant: {task.full_name}")
    best = model.evaluations[0]
    return compare(champion, artifacts, model.data, model.plan, best, model.bundle)


def _replaced(version: str, verdict: Verdict) -> str:
    return f"replaced by {version}: {verdict.reason}"


def _decision(model: TrainedModel, champion: KnownChampion | None, verdict: Verdict) -> Decision:
    before = champion.model_version if champion else None
    version, occasion = model.bundle.model_version, model.occasion
    return Decision(
        task=model.bundle.task,
        kind="first" if before is None else "promote" if verdict.wins else "refuse",
        model_version=version,
        champion_before=before,
        champion_after=version if verdict.wins or before is None else before,
        reason=f"{occasion}: {verdict.reason}" if occasion else verdict.reason,
        difference=verdict.difference,
        rows=verdict.rows,
    )


def _known(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> Outcome | None:
    """The status and reason of this bundle, if it is registered."""
    rows = fetch(
        connection,
        f"select status, reason from {qualified(connection, 'registry.models')}"
        " where task = ? and model_version = ? and bundle_sha256 = ?",
        [bundle.task, bundle.model_version, bundle.bundle_sha256],
    )
    return Outcome(*rows[0]) if rows else None


def _champion(connection: duckdb.DuckDBPyConnection, task: str) -> KnownChampion | None:
    rows = fetch(
        connection,
        "select models.model_version, models.bundle_path, models.feature_schema_hash,"
        " models.reason, any_value(evaluations.protocol)"
        f" from {qualified(connection, 'registry.models')} models"
        f" left join {qualified(connection, 'registry.evaluations')} evaluations"
        "   on evaluations.task = models.task"
        "   and evaluations.model_version = models.model_version"
        "   and evaluations.candidate = models.candidate"
        " where models.task = ? and models.status = 'champion' group by all",
        [task],
    )
    if not rows:
        return None
    held_out = fetch(
        connection,
        "select entity_id, as_of_date, is_buyer, probability"
        f" from {qualified(connection, 'registry.held_out_predictions')}"
        " where task = ? and model_version = ?",
        [task, rows[0][0]],
    )
    known_as, path, schema, reason, protocol = rows[0]
    probabilities = {(row[0], row[1]): (row[2], row[3]) for row in held_out}
    return KnownChampion(known_as, path, schema, reason, protocol, probabilities)
