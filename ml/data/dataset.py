"""The labelled rows of one task: features, labels, entities and as-of dates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt

from ml.data.labelled_rows import Labelled, find_rows
from ml.data.read_rows import read_rows
from ml.data.row_sample import Stratum, describe, sample
from warehouse.connection import quoted
from warehouse.errors import InputError
from warehouse.feature_tables import FeatureTable, Task
from warehouse.settings import Settings, load_settings

__all__ = ["Dataset", "NothingToLearnError", "duplicate_groups", "read_dataset"]

LABELS = {"0": 0, "1": 1, "false": 0, "true": 1, "0.0": 0, "1.0": 1}


class NothingToLearnError(InputError):
    """The task is declared correctly, but a model cannot be trained on its rows yet."""


@dataclass(frozen=True)
class Dataset:
    """The matured rows of a task, or a sample of them, in order of as-of date and entity id."""

    table: FeatureTable
    task: Task
    matrix: npt.NDArray[np.float32]
    """[rows, features]; NaN where a value is missing, never infinite."""
    labels: npt.NDArray[np.uint8]
    """[rows], 0 or 1."""
    entities: npt.NDArray[np.object_]
    """[rows], the entity key as text."""
    as_of: npt.NDArray[np.datetime64]
    """[rows], as-of dates."""
    strata: tuple[Stratum, ...] = ()
    """Rows available and sampled, by date and outcome; empty where all rows were read."""
    weights: npt.NDArray[np.float64] | None = None
    """[rows], number of warehouse rows that each row represents; None where all rows were read."""
    training_only: npt.NDArray[np.bool_] | None = None
    """[rows], true for rows sampled beyond the proportion of all rows. They are used in training
    and never in evaluation. None where there are none."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the features, in the order of the matrix's columns."""
        return tuple(feature.name for feature in self.table.features_for(self.task))

    @property
    def buyers(self) -> int:
        """The number of rows with label 1."""
        return int(self.labels.sum())

    @property
    def sampling(self) -> str | None:
        """A sentence about the sample; None where all rows were read."""
        return describe(self.strata)

    def evaluation_rows(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The row numbers among `rows` that were sampled in proportion, with the true base rate."""
        return rows if self.training_only is None else rows[~self.training_only[rows]]

    def weights_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64] | None:
        """The weights of `rows`; None where all rows were read."""
        return None if self.weights is None else self.weights[rows]


def read_dataset(
    connection: duckdb.DuckDBPyConnection,
    table: FeatureTable,
    task: Task,
    since: date | None = None,
    settings: Settings | None = None,
    seed: int = 0,
    to_learn: bool = False,
) -> Dataset:
    """Read the rows of `task` whose label is known, from all dates or from `since` on.

    They are read from `settings.features_from`. Where there are more than `settings.training_rows`,
    that many are sampled (see `ml.data.row_sample`): in proportion, or with more rows of the rarer
    outcome if `to_learn` is true.

    Raises NothingToLearnError (no labelled row, one class only) or InputError (a column is missing
    or has another type, a label is not 0 or 1, a date is null, a feature is infinite).
    """
    settings = settings or load_settings()
    names = [feature.name for feature in table.features_for(task)]
    relation, types = find_rows(connection, table.relation, settings)
    _check_columns(types, table, task, names)
    _check_labels(connection, table, task, relation)
    _check_dates(connection, table, task, relation)
    labelled = Labelled(
        relation, table.entity_key, table.as_of_column, task.label, since or date.min, seed
    )
    strata = sample(connection, labelled, settings.training_rows, to_learn)
    rows = read_rows(connection, labelled, strata, names)
    _check_finite(table, names, rows.matrix)
    return Dataset(
        table=table,
        task=task,
        matrix=rows.matrix,
        labels=rows.labels,
        entities=rows.entities,
        as_of=rows.as_of,
        strata=strata if describe(strata) else (),
        weights=rows.weights if describe(strata) else None,
        training_only=rows.training_only if rows.training_only.any() else None,
    )


def duplicate_groups(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Group ids [rows], counted from 0; rows with equal features have the same id.

    `matrix` is float32 [rows, features]. NaN equals NaN, and -0 equals 0.
    """
    same = np.ascontiguousarray(matrix) + np.float32(0)  # -0 becomes 0
    same[np.isnan(same)] = np.nan  # one bit pattern for every missing value
    rows = same.view(np.dtype((np.void, same.dtype.itemsize * same.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1].astype(np.int64)


def _check_columns(
    types: Mapping[str, str], table: FeatureTable, task: Task, names: list[str]
) -> None:
    for name in (table.entity_key, table.as_of_column, task.label, *names):
        if name not in types:
            raise InputError(f"{table.relation} has no column {name}: run dbt build again")
    for name in names:
        if types[name] != "FLOAT":
            raise InputError(
                f"{table.relation}: feature {name} is {types[name]}, not FLOAT:"
                " cast it to float in the model"
            )


def _check_finite(
    table: FeatureTable, names: Sequence[str], matrix: npt.NDArray[np.float32]
) -> None:
    infinite = np.array([np.isinf(matrix[:, i]).sum() for i in range(len(names))])
    if infinite.any():
        position = int(infinite.argmax())
        raise InputError(
            f"{table.relation}: feature {names[position]} is infinite in"
            f" {infinite[position]:,} rows: make it null or finite in the model"
        )


def _check_labels(
    connection: duckdb.DuckDBPyConnection, table: FeatureTable, task: Task, relation: str
) -> None:
    label = quoted(task.label)
    counts = connection.sql(
        f"select {label}::varchar, count(*) from {relation} where {label} is not null"
        f" group by 1 order by 2 desc, 1"
    ).fetchall()
    for value, count in counts:
        if value.lower() not in LABELS:
            raise InputError(
                f"{table.relation}: label {task.label} is {value!r} in {count:,} rows;"
                " only 0, 1, true, false and null are labels"
            )
    if not counts:
        raise NothingToLearnError(
            f"task {task.name} has no labelled row: {task.label} of {table.relation} is null"
            " everywhere; build earlier as-of dates"
        )
    if len({LABELS[value.lower()] for value, _ in counts}) == 1:
        raise NothingToLearnError(
            f"task {task.name} has one class only: {task.label} of {table.relation} is"
            f" {counts[0][0]} in all {counts[0][1]:,} labelled rows"
        )


def _check_dates(
    connection: duckdb.DuckDBPyConnection, table: FeatureTable, task: Task, relation: str
) -> None:
    as_of, label = quoted(table.as_of_column), quoted(task.label)
    row = connection.sql(
        f"select count(*) from {relation} where {as_of} is null and {label} is not null"
    ).fetchone()
    if row and row[0]:
        raise InputError(f"{table.relation}: {table.as_of_column} is null in {row[0]:,} rows")
