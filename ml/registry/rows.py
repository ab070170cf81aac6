"""Insert the rows of the registry's tables."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa
from sklearn.metrics import confusion_matrix as count_confusions
from sklearn.metrics import precision_recall_fscore_support

from ml.data.dataset import Dataset
from ml.evaluation.candidates import Evaluation
from ml.evaluation.curves import Point, curve_points
from ml.evaluation.diagnosis import Diagnosis
from ml.evaluation.group_audit import audit
from ml.evaluation.held_out import Measured
from ml.evaluation.segment_calibration import segment_calibration
from scoring.bundle import Bundle
from warehouse.connection import qualified
from warehouse.tables import insert

__all__ = ["insert_measures", "insert_model"]

Row = dict[str, Any]
CLASSES = ("no buyer", "buyer")


def insert_model(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    evaluation: Evaluation,
    status: str,
    reason: str,
    at: datetime,
) -> None:
    """Insert the model's row of registry.models; `at` is the time in UTC."""
    training = bundle.facts["training"]
    row = {
        "model_version": bundle.model_version,
        "task": bundle.task,
        "status": status,
        "candidate": evaluation.name,
        "bundle_path": f"{bundle.task}/{bundle.model_version}",
        "bundle_sha256": bundle.bundle_sha256,
        "feature_schema_hash": bundle.feature_schema_hash,
        "feature_count": len(bundle.features),
        "training_rows": training["rows"],
        "training_buyers": training["buyers"],
        "training_from": date.fromisoformat(training["from"]),
        "training_to": date.fromisoformat(training["to"]),
        "reason": reason,
        "trained_at": at,
        "drawn": training.get("drawn"),
    }
    insert(connection, qualified(connection, "registry.models"), [row])


def insert_measures(
    connection: duckdb.DuckDBPyConnection,
    data: Dataset,
    bundle: Bundle,
    evaluations: Sequence[Evaluation],
    baselines: Sequence[Measured],
    diagnosis: Diagnosis | None,
    at: datetime,
) -> None:
    """Insert the model's rows of all other tables; the first of `evaluations` is the model's."""
    best, table, task = evaluations[0], data.table, data.task
    model = {"task": bundle.task, "model_version": bundle.model_version}
    _insert_held_out(connection, model, data, best)
    measured = [row for each in (*evaluations, *baselines) for row in _evaluation_rows(each)]
    segments = segment_calibration(connection, table, bundle.task, bundle.model_version)
    groups = audit(connection, table, task, bundle.model_version)
    tables: dict[str, list[Row]] = {
        "evaluations": [row | {"evaluated_at": at} for row in measured],
        "curves": [point._asdict() for point in _curves(best, diagnosis)],
        "confusion_matrices": _confusion_matrix(best, task.threshold),
        "classification_reports": _classification_report(best, task.threshold),
        "importances": [vars(each) for each in diagnosis.importances] if diagnosis else [],
        "segment_calibration": [vars(each) for each in segments],
        "audits": [vars(each) for each in groups],
    }
    for name, rows in tables.items():
        relation = qualified(connection, f"registry.{name}")
        insert(connection, relation, [model | row for row in rows])


def _evaluation_rows(measured: Measured) -> list[Row]:
    """One row per metric."""
    rows: list[Row] = []
    for metric, value in measured.metrics.items():
        low, high = measured.intervals.get(metric, (None, None))
        rows.append(
            {
                "candidate": measured.name,
                "protocol": measured.protocol,
                "metric": metric,
                "value": value,
                "value_low": low,
                "value_high": high,
                "rows": len(measured.labels),
                "buyers": int(measured.labels.sum()),
            }
        )
    return rows


def _curves(best: Evaluation, diagnosis: Diagnosis | None) -> list[Point]:
    """The points of all curves, including the learning curve (rows, average precision)."""
    points = list(curve_points(best.labels, best.probabilities))
    for number, each in enumerate(diagnosis.learning if diagnosis else ()):
        points.append(Point("learning", number, each.rows, each.average_precision, each.rows))
    return points


def _confusion_matrix(best: Evaluation, threshold: float) -> list[Row]:
    """Four rows, by whether rows are buyers and whether they reach the threshold."""
    counts = count_confusions(best.labels, best.probabilities >= threshold, labels=[0, 1])
    return [
        {
            "threshold": threshold,
            "is_buyer": actual,
            "is_selected": predicted,
            "rows": int(counts[int(actual), int(predicted)]),
        }
        for actual in (False, True)
        for predicted in (False, True)
    ]


def _classification_report(best: Evaluation, threshold: float) -> list[Row]:
    """One row per class, then one per mean."""
    decided = best.probabilities >= threshold
    by_class = precision_recall_fscore_support(best.labels, decided, labels=[0, 1], zero_division=0)
    figures = list(zip(CLASSES, zip(*by_class, strict=True), strict=True))
    for average in ("macro", "weighted"):
        means = precision_recall_fscore_support(
            best.labels, decided, average=average, zero_division=0
        )[:3]
        figures.append((f"{average} mean", (*means, len(best.labels))))
    return [
        {
            "threshold": threshold,
            "class": name,
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
            "rows": int(rows),
        }
        for name, (precision, recall, f1, rows) in figures
    ]


def _insert_held_out(
    connection: duckdb.DuckDBPyConnection, model: dict[str, str], data: Dataset, best: Evaluation
) -> None:
    """Insert the model's held-out predictions through Arrow, since there may be millions."""
    held_out = pa.table(  # noqa: F841 - read by its name
        {
            "entity_id": pa.array(data.entities[best.rows], pa.string()),
            "as_of_date": pa.array(data.as_of[best.rows]),
            "is_buyer": pa.array(best.labels.astype(bool)),
            "probability": pa.array(best.probabilities),
        }
    )
    connection.execute(  # DuckDB finds the Arrow table in the calling frame only
        f"insert into {qualified(connection, 'registry.held_out_predictions')} by name"
        " select $task as task, $model_version as model_version, * from held_out",
        model,
    ).fetchall()
