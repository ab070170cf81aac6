"""A small manifest and warehouse for the tests of learning, made without dbt."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sklearn.ensemble  # noqa: F401 - loads OpenMP, so that it can be limited below
from threadpoolctl import threadpool_limits

from ml.data.dataset import Dataset
from tests.support.factory import DDL
from tests.support.manifests import model, write_manifest
from warehouse.feature_tables import Feature, FeatureTable, Task
from warehouse.settings import Settings, load_settings

threadpool_limits(1)  # on small data, two OpenMP threads mostly wait for each other

TASK = "visitor_purchase_30d"
RELATION = "features.visitor_features"
FEATURES = ("visit_count_90d", "days_since_last_visit", "basket_mean_90d", "is_returning")
LABEL = "has_purchase_30d"
DATES = tuple(date(2025, month, 1) for month in (1, 2, 3, 4, 5))
ONE_DATE = (date(2025, 5, 1),)


def sample(
    rows: int = 300, features: int = len(FEATURES), seed: int = 0, missing: float = 0.1
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Features [rows, features] of very different sizes, some missing, and labels [rows]."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, features))
    matrix[:, 0] = np.exp(3 * matrix[:, 0])
    signal = np.log(matrix[:, 0]) / 3 - 0.5 * (matrix[:, -1] > 0.3)
    labels = (signal + rng.logistic(size=rows) * 0.5 > 0.6).astype(np.uint8)
    matrix[rng.random(matrix.shape) < missing] = np.nan
    return matrix.astype(np.float32), labels


def table(features: Sequence[str] = FEATURES, horizon_days: int = 30) -> FeatureTable:
    """The feature table that `manifest` declares."""
    return FeatureTable(
        relation=RELATION,
        entity="visitor",
        entity_key="visitor_id",
        as_of_column="as_of_date",
        features=tuple(Feature(name, name, "", False, False, None) for name in features),
        tasks=(Task(TASK, "buys within 30 days", LABEL, horizon_days, ()),),
    )


def dataset(
    matrix: npt.NDArray[np.float32],
    labels: npt.NDArray[np.uint8],
    dates: Sequence[date] = ONE_DATE,
    horizon_days: int = 30,
) -> Dataset:
    """A data set with equal parts of the rows on each of `dates`, and the same entities on each."""
    found = table([f"feature_{i}" for i in range(matrix.shape[1])], horizon_days)
    number = np.arange(len(labels))
    each = -(-len(labels) // len(dates))
    return Dataset(
        table=found,
        task=found.tasks[0],
        matrix=matrix,
        labels=labels,
        entities=np.array([f"v{i % each:05d}" for i in number], dtype=object),
        as_of=np.array(dates, dtype="datetime64[D]")[number // each],
    )


def node(**changes: Any) -> dict[str, Any]:
    """The manifest's entry of RELATION; `changes` go into its `numerosity` meta."""
    features = {
        name: {
            "data_type": "float",
            "config": {
                "meta": {"role": "feature", "label": name.replace("_", " "), "group": "web"}
            },
        }
        for name in FEATURES
    }
    label = {LABEL: {"data_type": "boolean", "config": {"meta": {"role": "label"}}}}
    key = {"visitor_id": {"data_type": "varchar"}}
    meta = {
        "entity": "visitor",
        "entity_key": "visitor_id",
        "as_of_column": "as_of_date",
        "tasks": {TASK: {"label": LABEL, "horizon_days": 30, "title": "buys within 30 days"}},
    }
    return model(RELATION, {**key, **features, **label}, meta={"numerosity": {**meta, **changes}})


def manifest(path: Path, *nodes: Mapping[str, Any]) -> Path:
    """A target/manifest.json with these models, or with RELATION alone."""
    return write_manifest(path, *(nodes or [node()]))


def warehouse(path: Path, rows: int = 240, dates: Sequence[date] = ONE_DATE, seed: int = 0) -> Path:
    """A warehouse with the empty tables of Python, and `rows` visitors on each of `dates`."""
    matrix, labels = sample(rows * len(dates), seed=seed)
    columns = {
        "visitor_id": [f"v{i % rows:05d}" for i in range(len(labels))],
        "as_of_date": [day for day in dates for _ in range(rows)],
        **{name: pa.array(matrix[:, i], from_pandas=True) for i, name in enumerate(FEATURES)},
        LABEL: labels.astype(bool),
    }
    visitors = pa.table(columns)
    with duckdb.connect(str(path)) as connection:
        connection.execute(DDL)
        connection.register("visitors", visitors)
        connection.execute(f"create table {RELATION} as from visitors")
    return path


def settings(folder: Path, **changes: Any) -> Settings:
    """A project in `folder`: manifest, warehouse, artifacts."""
    return load_settings(
        **{
            "manifest": folder / "manifest.json",
            "warehouse": folder / "warehouse.duckdb",
            "artifacts": folder / "artifacts",
            "serving": folder / "serving.duckdb",
            "lock_timeout": 1,
            **changes,
        }
    )


def project(folder: Path, dates: Sequence[date] = ONE_DATE, rows: int = 240) -> Settings:
    """Create manifest and warehouse in `folder`; returns settings for them."""
    manifest(folder / "manifest.json")
    warehouse(folder / "warehouse.duckdb", rows, dates)
    return settings(folder)
