"""What is known of every model, written to the warehouse: `registry.models` and what measured them.

The first model of a task is its champion. A later one takes over when its average precision is
higher on the same judged rows; otherwise it is kept as a challenger, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from ml.champion import Champion, compare
from ml.curves import curve_points
from ml.dataset import Dataset
from ml.evaluate import Evaluation
from ml.folds import Protocol
from scoring.bundle import Bundle
from scoring.warehouse import qualified, require_tables

__all__ = ["TABLES", "Standing", "record"]

TABLES = ("registry.models", "registry.evaluations", "registry.curves")


@dataclass(frozen=True)
class Standing:
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
) -> Standing:
    """Enter the model `bundle`, the first of `evaluations`, in one transaction.

    The same model again changes nothing, unless it now wins where it lost before. Raises InputError
    when the tables are not there.
    """
    require_tables(connection, *TABLES)
    known = _known(connection, bundle)
    if known and known.status == "champion":
        return known
    champion = _champion(connection, bundle.task)
    standing = _standing(champion, artifacts, data, plan, evaluations[0], bundle)
    if known and standing.status == "challenger":
        return known
    now = datetime.now(UTC).replace(tzinfo=None)
    connection.begin()
    try:
        for table in TABLES:
            connection.execute(
                f"delete from {qualified(connection, table)} where task = ? and model_version = ?",
                [bundle.task, bundle.model_version],
            )
        if standing.status == "champion":
            connection.execute(
                f"update {qualified(connection, 'registry.models')} set status = 'retired',"
                " reason = ? where task = ? and status = 'champion'",
                [f"replaced by {bundle.model_version}: {standing.reason}", bundle.task],
            )
        _insert_model(connection, bundle, evaluations[0], standing, now)
        _insert_evaluations(connection, bundle, evaluations, now)
        _insert_curves(connection, bundle, evaluations[0])
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
    return standing


def _standing(
    champion: Champion | None,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    new: Evaluation,
    bundle: Bundle,
) -> Standing:
    if champion is None:
        return Standing("champion", "first model of the task")
    if champion.model_version == bundle.model_version:  # the same graph, measured anew
        return Standing("champion", champion.reason)
    if data.task.without:  # asked for once; to make it the rule, exclude_groups in the YAML
        return Standing("challenger", f"a variant: {data.task.full_name}")
    wins, reason = compare(champion, artifacts, data, plan, new, bundle)
    return Standing("champion" if wins else "challenger", reason)


def _known(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> Standing | None:
    """How this very bundle is registered, if it is."""
    row = connection.execute(
        f"select status, reason from {qualified(connection, 'registry.models')}"
        " where task = ? and model_version = ? and bundle_sha256 = ?",
        [bundle.task, bundle.model_version, bundle.bundle_sha256],
    ).fetchone()
    return Standing(*row) if row else None


def _champion(connection: duckdb.DuckDBPyConnection, task: str) -> Champion | None:
    row = connection.execute(
        "select models.model_version, models.bundle_path, models.feature_schema_hash,"
        " models.reason, evaluations.protocol, evaluations.rows, evaluations.buyers,"
        " evaluations.value"
        f" from {qualified(connection, 'registry.models')} models"
        f" left join {qualified(connection, 'registry.evaluations')} evaluations"
        "   on evaluations.task = models.task"
        "   and evaluations.model_version = models.model_version"
        "   and evaluations.candidate = models.candidate"
        "   and evaluations.metric = 'average_precision'"
        " where models.task = ? and models.status = 'champion'",
        [task],
    ).fetchone()
    if row is None:
        return None
    known_as, path, schema, reason, *measured, average_precision = row
    protocol, rows, buyers = measured
    return Champion(known_as, path, schema, reason, (protocol, rows, buyers), average_precision)


def _insert_model(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    evaluation: Evaluation,
    standing: Standing,
    now: datetime,
) -> None:
    training = bundle.facts["training"]
    _insert(
        connection,
        "registry.models",
        [
            (
                bundle.model_version,
                bundle.task,
                standing.status,
                evaluation.candidate.name,
                f"{bundle.task}/{bundle.model_version}",
                bundle.bundle_sha256,
                bundle.feature_schema_hash,
                len(bundle.features),
                training["rows"],
                training["buyers"],
                training["from"],
                training["to"],
                standing.reason,
                now,
            )
        ],
    )


def _insert_evaluations(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    evaluations: Sequence[Evaluation],
    now: datetime,
) -> None:
    rows = []
    for evaluation in evaluations:
        judged, buyers = len(evaluation.labels), int(evaluation.labels.sum())
        for metric, value in evaluation.metrics.items():
            low, high = evaluation.intervals.get(metric, (None, None))
            model = (bundle.task, bundle.model_version, evaluation.candidate.name)
            rows.append(
                (*model, evaluation.protocol, metric, value, low, high, judged, buyers, now)
            )
    _insert(connection, "registry.evaluations", rows)


def _insert_curves(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, evaluation: Evaluation
) -> None:
    points = curve_points(evaluation.labels, evaluation.probabilities)
    model = (bundle.task, bundle.model_version)
    _insert(connection, "registry.curves", [(*model, *point) for point in points])


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]
) -> None:
    """Rows in the order of the table's columns."""
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(f"insert into {qualified(connection, table)} values ({marks})", rows)
