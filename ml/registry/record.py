"""What is known of every model, written to the warehouse: `registry.models` and what measured them.

The first model of a task is its champion. A later one takes over when it clearly wins on the same
rows (see `ml.champion`); otherwise it is kept as a challenger. Either way the reason is noted.
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

__all__ = ["TABLES", "Outcome", "record", "require_registry"]

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
    """What became of a model: `champion`, `challenger` or `retired`, and why."""

    status: str
    reason: str


def record(
    connection: duckdb.DuckDBPyConnection,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    evaluations: Sequence[Evaluation],
    bundle: Bundle,
    baselines: Sequence[Measured] = (),
    diagnosis: Diagnosis | None = None,
    occasion: str | None = None,
) -> Outcome:
    """Enter the model `bundle`, the first of `evaluations`, in one transaction.

    `occasion` is why it was trained now; it goes before the reason in registry.decisions.

    The same model again changes nothing, unless it now wins where it lost before; one that somebody
    rolled back never comes back by itself. Raises InputError when the tables are not there.
    """
    require_registry(connection)
    task, version = bundle.task, bundle.model_version
    known = _known(connection, bundle)
    if known and (known.status == "champion" or was_withdrawn(connection, task, version)):
        return known
    champion = _champion(connection, task)
    verdict = _verdict(champion, artifacts, data, plan, evaluations[0], bundle)
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
        insert_model(connection, bundle, evaluations[0], outcome.status, outcome.reason, at)
        insert_measures(connection, data, bundle, evaluations, baselines, diagnosis, at)
        if verdict.wins:
            make_champion(connection, task, version, verdict.reason, _replaced(version, verdict))
        if champion is None or champion.model_version != version:
            note(connection, _decision(bundle, champion, verdict, occasion), at)
    return outcome


def require_registry(connection: duckdb.DuckDBPyConnection) -> None:
    """Raise InputError unless the tables are there, with all columns."""
    require_tables(connection, *TABLES)
    if "drawn" not in columns(connection, "registry.models"):
        raise InputError("registry.models has no column drawn: run dbt build, which adds it")


def _verdict(
    champion: KnownChampion | None,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    new: Evaluation,
    bundle: Bundle,
) -> Verdict:
    if champion is None:
        return Verdict(True, "first model of the task")
    if champion.model_version == bundle.model_version:  # the same graph, measured anew
        return Verdict(True, champion.reason)
    if data.task.without:  # asked for once; to make it the rule, exclude_groups in the YAML
        return Verdict(False, f"a variant: {data.task.full_name}")
    return compare(champion, artifacts, data, plan, new, bundle)


def _replaced(version: str, verdict: Verdict) -> str:
    return f"replaced by {version}: {verdict.reason}"


def _decision(
    bundle: Bundle, champion: KnownChampion | None, verdict: Verdict, occasion: str | None
) -> Decision:
    before = champion.model_version if champion else None
    version = bundle.model_version
    return Decision(
        task=bundle.task,
        kind="first" if before is None else "promote" if verdict.wins else "refuse",
        model_version=version,
        champion_before=before,
        champion_after=version if verdict.wins or before is None else before,
        reason=f"{occasion}: {verdict.reason}" if occasion else verdict.reason,
        difference=verdict.difference,
        rows=verdict.rows,
    )


def _known(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> Outcome | None:
    """How this very bundle is registered, if it is."""
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
