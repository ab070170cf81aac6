"""Read the sampled rows: copy Arrow batches into arrays that are allocated once."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.data.labelled_rows import Labelled
from ml.data.row_sample import Stratum, describe
from warehouse.connection import quoted
from warehouse.errors import InputError

__all__ = ["Rows", "read_rows"]

BATCH = 65_536
"""Rows per Arrow batch."""


@dataclass(frozen=True)
class Rows:
    """Labelled rows in order of date and entity, with the fields of `ml.data.dataset.Dataset`."""

    matrix: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8]
    entities: npt.NDArray[np.object_]
    as_of: npt.NDArray[np.datetime64]
    training_only: npt.NDArray[np.bool_]
    weights: npt.NDArray[np.float64]

    def put(self, start: int, batch: pa.RecordBatch) -> None:
        """Copy a batch into the rows from `start` on."""
        end = start + batch.num_rows
        plain = (self.labels, self.entities, self.as_of, self.training_only, self.weights)
        for number, array in enumerate(plain):
            array[start:end] = batch.column(number).to_numpy(zero_copy_only=False)
        for number in range(self.matrix.shape[1]):
            column = batch.column(len(plain) + number)
            self.matrix[start:end, number] = column.to_numpy(zero_copy_only=False)


def read_rows(
    connection: duckdb.DuckDBPyConnection,
    labelled: Labelled,
    strata: Sequence[Stratum],
    names: Sequence[str],
) -> Rows:
    """The sampled rows of `strata`, with the features `names`.

    Raises InputError when the number of rows differs from what was counted.
    """
    size = sum(stratum.sampled for stratum in strata)
    rows = Rows(
        matrix=np.empty((size, len(names)), np.float32),
        labels=np.empty(size, np.uint8),
        entities=np.empty(size, object),
        as_of=np.empty(size, "datetime64[D]"),
        training_only=np.empty(size, np.bool_),
        weights=np.empty(size, np.float64),
    )
    reader = connection.sql(_query(labelled, strata, names)).to_arrow_reader(BATCH)
    found = 0
    for batch in reader:
        if found + batch.num_rows <= size:
            rows.put(found, batch)
        found += batch.num_rows
    if found != size:
        raise InputError(
            f"{labelled.relation} has {found:,} rows where {size:,} were sampled: there are several"
            f" of one {labelled.entity_key} and date; keep one"
        )
    return rows


def _query(labelled: Labelled, strata: Sequence[Stratum], names: Sequence[str]) -> str:
    is_training_only, weight, join = "false", "1.0e0", ""
    if describe(strata):
        is_training_only, weight = f"{labelled.hash} > strata.kept_to", "strata.weight"
        listed = ", ".join(
            f"(date '{each.as_of}', {each.outcome}, '{each.kept_to}', '{each.sampled_to}',"
            f" {each.weight:.17e})"
            for each in strata
        )
        join = (
            f" inner join (values {listed})"
            " as strata (as_of, outcome, kept_to, sampled_to, weight)"
            f" on {labelled.as_of} = strata.as_of and {labelled.outcome} = strata.outcome"
            f" and {labelled.hash} <= strata.sampled_to"
        )
    columns = (labelled.outcome, labelled.entity, labelled.as_of, is_training_only, weight)
    features = (f"labelled.{quoted(name)}" for name in names)
    return (
        f"select {', '.join((*columns, *features))} from {labelled.source}{join}"
        f" where {labelled.is_known} order by 3, 2"
    )
