"""The rows of the registry's tables, in the order of their columns."""

from collections.abc import Iterable, Sequence
from dataclasses import fields as fields_of
from datetime import datetime
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
from ml.registry.decisions import insert
from scoring.bundle import Bundle
from warehouse.connection import qualified

__all__ = ["insert_measures", "insert_model"]

Row = tuple[Any, ...]
CLASSES = ("no buyer", "buyer")


def insert_model(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    evaluation: Evaluation,
    status: str,
    reason: str,
    at: datetime,
) -> None:
    """The row of registry.models."""
    training = bundle.facts["training"]
    row = (
        bundle.model_version,
        bundle.task,
        status,
        evaluation.name,
        f"{bundle.task}/{bundle.model_version}",
        bundle.bundle_sha256,
        bundle.feature_schema_hash,
        len(bundle.features),
        training["rows"],
        training["buyers"],
        training["from"],
        training["to"],
        reason,
        at,
        training.get("drawn"),
    )
    insert(connection, "registry.models", [row])


def insert_measures(
    connection: duckdb.DuckDBPyConnection,
    data: Dataset,
    bundle: Bundle,
    evaluations: Sequence[Evaluation],
    baselines: Sequence[Measured],
    diagnosis: Diagnosis | None,
    at: datetime,
) -> None:
    """The rows of every other table that speaks of the model."""
    best, table, task = evaluations[0], data.table, data.task
    model = (bundle.task, bundle.model_version)
    _insert_held_out(connection, model, data, best)
    judged = [row for each in (*evaluations, *baselines) for row in _evaluation_rows(each)]
    segments = segment_calibration(connection, table, *model)
    groups = audit(connection, table, task, bundle.model_version)
    for name, rows in (
        ("evaluations", [(*row, at) for row in judged]),
        ("curves", _curves(best, diagnosis)),
        ("confusion_matrices", _confusion_matrix(best, task.threshold)),
        ("classification_reports", _classification_report(best, task.threshold)),
        ("importances", _fields(diagnosis.importances) if diagnosis else []),
        ("segment_calibration", _fields(segments)),
        ("audits", _fields(groups)),
    ):
        insert(connection, f"registry.{name}", [(*model, *row) for row in rows])


def _evaluation_rows(judged: Measured) -> list[Row]:
    """Model, protocol, metric, its value and 95 % interval, rows and buyers."""
    size = len(judged.labels), int(judged.labels.sum())
    return [
        (judged.name, judged.protocol, metric, value, *_ends(judged, metric), *size)
        for metric, value in judged.metrics.items()
    ]


def _curves(best: Evaluation, diagnosis: Diagnosis | None) -> list[Row]:
    """The points of all curves, that of learning (rows, average precision) included."""
    points: list[Row] = list(curve_points(best.labels, best.probabilities))
    for number, each in enumerate(diagnosis.learning if diagnosis else ()):
        points.append(Point("learning", number, each.rows, each.average_precision, each.rows))
    return points


def _confusion_matrix(best: Evaluation, threshold: float) -> list[Row]:
    """Threshold, whether they bought, whether they reached it, rows: four of them."""
    counts = count_confusions(best.labels, best.probabilities >= threshold, labels=[0, 1])
    both = False, True
    return [
        (threshold, actual, predicted, int(counts[int(actual), int(predicted)]))
        for actual in both
        for predicted in both
    ]


def _classification_report(best: Evaluation, threshold: float) -> list[Row]:
    """Threshold, class, precision, recall, F1 and rows; each class, then the two means."""
    decided = best.probabilities >= threshold
    by_class = precision_recall_fscore_support(best.labels, decided, labels=[0, 1], zero_division=0)
    rows: list[Row] = [
        (threshold, name, *map(float, figures[:3]), int(figures[3]))
        for name, figures in zip(CLASSES, zip(*by_class, strict=True), strict=True)
    ]
    for average in ("macro", "weighted"):
        means = precision_recall_fscore_support(
            best.labels, decided, average=average, zero_division=0
        )[:3]
        rows.append((threshold, f"{average} mean", *map(float, means), len(best.labels)))
    return rows


def _fields(each: Iterable[Any]) -> list[Row]:
    """Dataclasses as rows, in the order of their fields."""
    return [tuple(getattr(one, field.name) for field in fields_of(one)) for one in each]


def _insert_held_out(
    connection: duckdb.DuckDBPyConnection, model: tuple[str, str], data: Dataset, best: Evaluation
) -> None:
    """What the model said of each row that measured it, through Arrow: there may be millions."""
    held_out = pa.table(  # noqa: F841 - read by its name
        {
            "entity_id": pa.array(data.entities[best.rows], pa.string()),
            "as_of_date": pa.array(data.as_of[best.rows]),
            "is_buyer": pa.array(best.labels.astype(bool)),
            "probability": pa.array(best.probabilities),
        }
    )
    connection.execute(  # here, since DuckDB looks for the table in the frame that calls it
        f"insert into {qualified(connection, 'registry.held_out_predictions')}"
        " select ?, ?, * from held_out",
        list(model),
    ).fetchall()


def _ends(judged: Measured, metric: str) -> tuple[float | None, float | None]:
    return judged.intervals.get(metric, (None, None))
