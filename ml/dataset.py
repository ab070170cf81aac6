"""The labelled rows of one task: a float32 matrix, its labels, whose rows they are, and when."""

from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import numpy.typing as npt

from ml.manifest import FeatureTable, Task
from scoring.errors import InputError
from scoring.warehouse import columns, qualified, quoted

__all__ = ["Dataset", "NothingToLearnError", "duplicate_groups", "read_dataset"]

LABELS = {"0": 0, "1": 1, "false": 0, "true": 1, "0.0": 0, "1.0": 1}


class NothingToLearnError(InputError):
    """The task is declared well, but its rows cannot teach anything yet."""


@dataclass(frozen=True)
class Dataset:
    """The matured rows of a task, ordered by as-of date and entity id."""

    table: FeatureTable
    task: Task
    matrix: npt.NDArray[np.float32]
    """[rows, features]; NaN where a value is missing, never infinite."""
    labels: npt.NDArray[np.uint8]
    """[rows], 0 or 1."""
    entities: npt.NDArray[np.object_]
    """[rows], the entity key as text."""
    as_of: npt.NDArray[np.datetime64]
    """[rows], days."""

    @property
    def names(self) -> tuple[str, ...]:
        """The features' names in the order of the columns."""
        return tuple(feature.name for feature in self.table.features_for(self.task))

    @property
    def buyers(self) -> int:
        """How many rows have label 1."""
        return int(self.labels.sum())


def read_dataset(
    connection: duckdb.DuckDBPyConnection,
    table: FeatureTable,
    task: Task,
    since: date | None = None,
) -> Dataset:
    """Read the rows of `task` whose label is known, of all dates or those from `since` on.

    Raises NothingToLearnError (no labelled row, one class only) or InputError (a column is missing
    or of another type, a label is not 0 or 1, a date is null, a feature is infinite).
    """
    names = [feature.name for feature in table.features_for(task)]
    _check_columns(connection, table, task, names)
    relation = qualified(connection, table.relation)
    _check_labels(connection, table, task, relation)
    _check_dates(connection, table, task, relation)
    label, key, as_of = map(quoted, (task.label, table.entity_key, table.as_of_column))
    found = connection.sql(
        f"select lower({label}::varchar), coalesce({key}::varchar, ''), {as_of}::date,"
        f" {', '.join(map(quoted, names))}"
        f" from {relation} where {label} is not null and {as_of} >= date '{since or date.min}'"
        " order by 3, 2"
    ).to_arrow_table()
    matrix = np.empty((found.num_rows, len(names)), dtype=np.float32)
    for position in range(len(names)):
        matrix[:, position] = found.column(3 + position).to_numpy()
    infinite = np.isinf(matrix)
    if infinite.any():
        position = int(infinite.any(axis=0).argmax())
        raise InputError(
            f"{table.relation}: feature {names[position]} is infinite in"
            f" {infinite[:, position].sum():,} rows: make it null or finite in the model"
        )
    return Dataset(
        table=table,
        task=task,
        matrix=matrix,
        labels=np.array([LABELS[text] for text in found.column(0).to_pylist()], dtype=np.uint8),
        entities=np.array(found.column(1).to_pylist(), dtype=object),
        as_of=found.column(2).to_numpy().astype("datetime64[D]"),
    )


def duplicate_groups(matrix: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """A group id for each row, the same for rows with the same features (NaN equals NaN).

    `matrix` is float32 [rows, features]; the ids count from 0.
    """
    same = np.ascontiguousarray(matrix) + np.float32(0)  # -0 becomes 0
    same[np.isnan(same)] = np.nan  # one bit pattern for every missing value
    rows = same.view(np.dtype((np.void, same.dtype.itemsize * same.shape[1]))).ravel()
    return np.unique(rows, return_inverse=True)[1].astype(np.int64)


def _check_columns(
    connection: duckdb.DuckDBPyConnection, table: FeatureTable, task: Task, names: list[str]
) -> None:
    types = columns(connection, table.relation)
    if not types:
        raise InputError(f"the warehouse has no table {table.relation}: run dbt build first")
    for name in (table.entity_key, table.as_of_column, task.label, *names):
        if name not in types:
            raise InputError(f"{table.relation} has no column {name}: run dbt build again")
    for name in names:
        if types[name] != "FLOAT":
            raise InputError(
                f"{table.relation}: feature {name} is {types[name]}, not FLOAT:"
                " cast it to float in the model"
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
