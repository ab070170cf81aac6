"""The methods that `python -m bench scoring` compares: each prepares, then scores a whole table.

Each method imports its own libraries, so that its memory contains no other method's.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from scoring.bundle import INPUT, load_bundle, session
from scoring.run.batches import WANTED
from scoring.run.job import BATCH_ROWS, ScoringRequest, score_day
from warehouse.connection import connect

__all__ = ["RELATION", "WAYS", "Place", "Way"]

RELATION = "features.customer_features"
AT_ONCE = 1_000
"""Rows of one statement of pandas' to_sql with method="multi"."""


@dataclass(frozen=True)
class Place:
    """The data and models that every method gets."""

    folder: Path
    """Holds warehouse.duckdb, the bundles `reasons`, `scores` and `forest`, the same model as
    `sklearn.joblib`, and `labelled.npz`, the training rows of LightGBM and CatBoost."""
    features: tuple[str, ...]
    rows: int
    """Rows of the table that are scored."""
    threads: int

    @property
    def warehouse(self) -> Path:
        """The warehouse with the table of features, into which predictions are written."""
        return self.folder / "warehouse.duckdb"

    @property
    def query(self) -> str:
        """SQL for the rows to score."""
        columns = ", ".join(f'"{name}"' for name in self.features)
        return f"select customer_id, {columns} from {RELATION} limit {self.rows}"

    def labelled(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Labelled rows [rows, features] and their labels [rows]."""
        with np.load(self.folder / "labelled.npz") as found:
            return found["matrix"], found["labels"]


Work = Callable[[], object]


@dataclass(frozen=True)
class Way:
    """A method of scoring."""

    prepare: Callable[[Place], Work]
    """Prepares, and returns the work to be timed."""
    most_rows: int | None = None
    """Rows it gets at most; None for all."""
    does: str = "table to table"
    """What it does, as the table of results shows it."""


def _ours(bundle: str) -> Callable[[Place], Work]:
    def prepare(place: Place) -> Work:
        loaded = load_bundle(place.folder / bundle)

        def work() -> None:
            with connect(place.warehouse) as connection:
                connection.execute("set memory_limit = '512MB'")
                request = ScoringRequest(force=True, progress=False)
                done = score_day(connection, loaded, request, place.threads)
                assert done.rows_scored == place.rows

        return work

    return prepare


def _kernel(bundle: str) -> Callable[[Place], Work]:
    """onnxruntime over a matrix in memory, run as in our pipeline."""

    def prepare(place: Place) -> Work:
        model = session(load_bundle(place.folder / bundle), 1)
        matrix = _matrix(place)
        starts = range(0, len(matrix), BATCH_ROWS)
        batches = [matrix[start : start + BATCH_ROWS] for start in starts]
        named = {output.name for output in model.get_outputs()}
        wanted = [name for name in WANTED if name in named]

        def one(batch: npt.NDArray[np.float32]) -> None:
            model.run(wanted, {INPUT: batch})

        def work() -> None:
            with ThreadPoolExecutor(place.threads) as pool:
                list(pool.map(one, batches))

        return work

    return prepare


def _sklearn(write: Callable[[duckdb.DuckDBPyConnection, Any], None]) -> Callable[[Place], Work]:
    def prepare(place: Place) -> Work:
        import joblib

        model = joblib.load(place.folder / "sklearn.joblib")

        def work() -> None:
            with connect(place.warehouse) as connection:
                frame = connection.sql(place.query).df()
                likely = model.predict_proba(frame[list(place.features)].to_numpy())[:, 1]
                scored = frame[["customer_id"]].assign(
                    as_of_date=date(2026, 1, 1), probability=likely
                )
                write(connection, scored)

        return work

    return prepare


def _insert_frame(connection: duckdb.DuckDBPyConnection, scored: Any) -> None:
    connection.execute("create or replace table peer_scores as from scored")


def _to_sql(connection: duckdb.DuckDBPyConnection, scored: Any) -> None:
    """Insert with the statements that pandas' to_sql(method="multi") sends."""
    connection.execute(
        "create or replace table peer_scores"
        " (customer_id varchar, as_of_date date, probability double)"
    )
    connection.begin()
    for start in range(0, len(scored), AT_ONCE):
        some = scored.iloc[start : start + AT_ONCE]
        marks = ", ".join(["(?, ?, ?)"] * len(some))
        flat = [value for row in some.itertuples(index=False) for value in row]
        connection.execute(f"insert into peer_scores values {marks}", flat)
    connection.commit()


def _naive_onnxruntime(place: Place) -> Work:
    """The same graph over one data frame, with named reasons, written in one statement."""
    bundle = load_bundle(place.folder / "reasons")
    model = session(bundle)
    names = np.array([*bundle.reasons, None], dtype=object)

    def work() -> None:
        with connect(place.warehouse) as connection:
            frame = connection.sql(place.query).df()
            matrix = frame[list(place.features)].to_numpy(np.float32)
            found = dict(zip(WANTED, model.run(WANTED, {INPUT: matrix}), strict=True))
            scored = frame[["customer_id"]].copy()
            scored["probability"], scored["score"] = found["probability"], found["score"]
            for rank in range(3):
                scored[f"reason_{rank + 1}"] = names[found["reason_indices"][:, rank]]
                scored[f"contribution_{rank + 1}"] = found["reason_contributions"][:, rank]
            _insert_frame(connection, scored)

    return work


def _lightgbm(place: Place) -> Work:
    import lightgbm

    data = lightgbm.Dataset(*place.labelled())
    settings = {"objective": "binary", "num_leaves": 6, "num_threads": place.threads, "verbose": -1}
    model = lightgbm.train(settings, data, num_boost_round=300)
    matrix = _matrix(place)
    return lambda: model.predict(matrix)


def _catboost(place: Place) -> Work:
    import catboost

    model = catboost.CatBoostClassifier(
        iterations=300, depth=3, thread_count=place.threads, verbose=0, allow_writing_files=False
    )
    model.fit(*place.labelled())
    matrix = _matrix(place)
    return lambda: model.predict_proba(matrix, thread_count=place.threads)


def _orbital(place: Place) -> Work:
    """Gradient boosting as SQL, on filled values: orbital's trees do not support missing ones."""
    import orbital
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.pipeline import Pipeline

    matrix, labels = place.labelled()
    model = GradientBoostingClassifier(n_estimators=300, max_leaf_nodes=6, random_state=0)
    pipeline = Pipeline([("model", model.fit(np.nan_to_num(matrix), labels))])
    types = {name: orbital.types.FloatColumnType() for name in place.features}
    sql = orbital.export_sql(
        "filled", orbital.parse_pipeline(pipeline, features=types), dialect="duckdb"
    )
    filled = ", ".join(f'coalesce("{name}", 0)::double as "{name}"' for name in place.features)

    def work() -> None:
        with connect(place.warehouse) as connection:
            connection.execute(
                "create or replace table peer_scores as with filled as"
                f" (select {filled} from ({place.query})) from ({sql})"
            )

    return work


def _matrix(place: Place) -> npt.NDArray[np.float32]:
    """The features to score [rows, features], read without a data frame."""
    with connect(place.warehouse, read_only=True) as connection:
        found = connection.sql(place.query).fetchnumpy()
    columns = [np.ma.filled(found[name], np.nan) for name in place.features]
    return np.ascontiguousarray(np.array(columns, np.float32).T)


WAYS: Mapping[str, Way] = {
    "ours, with reasons": Way(_ours("reasons")),
    "ours, scores only": Way(_ours("scores")),
    "ours, plain forest, scores only": Way(_ours("forest")),
    "scikit-learn + pandas, frame inserted": Way(_sklearn(_insert_frame), 1_000_000),
    "scikit-learn + pandas, to_sql": Way(_sklearn(_to_sql), 100_000),
    "onnxruntime over one data frame": Way(_naive_onnxruntime, 1_000_000),
    "orbital, SQL in DuckDB": Way(_orbital, 100_000),
    "LightGBM on its array": Way(_lightgbm, 1_000_000, "prediction only"),
    "CatBoost on its array": Way(_catboost, 1_000_000, "prediction only"),
    "kernel alone, with reasons": Way(_kernel("reasons"), 1_000_000, "prediction only"),
    "kernel alone, scores only": Way(_kernel("scores"), 1_000_000, "prediction only"),
}
