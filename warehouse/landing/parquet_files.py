"""A delivered Parquet file, of whatever tool, with types that both engines have."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import InputError
from warehouse.landing.column_types import landed, landed_type
from warehouse.landing.headers import column_names
from warehouse.landing.parts import OWN_COLUMNS, Part, PartWriter

__all__ = ["land_batches", "land_parquet"]

ROWS = 1 << 17
"""Rows read at once."""


def land_parquet(path: Path, name: str, target: Path) -> tuple[Part, int]:
    """Write a Parquet file with its rows numbered; the part, and the rows its metadata names.

    Raises InputError when it cannot be read, or does not hold as many rows as it says.
    """
    try:
        with pq.ParquetFile(path, coerce_int96_timestamp_unit="us") as file:
            counted = int(file.metadata.num_rows)
            reader = pa.RecordBatchReader.from_batches(
                file.schema_arrow, file.iter_batches(batch_size=ROWS)
            )
            return land_batches(reader, name, target), counted
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        how = " with this column as text" if isinstance(error, pa.ArrowNotImplementedError) else ""
        raise InputError(
            f"raw file {name} cannot be read as Parquet ({reason}): export it again{how}"
        ) from None


def land_batches(reader: pa.RecordBatchReader, name: str, target: Path) -> Part:
    """Write a stream of batches as one part."""
    names = column_names(reader.schema.names)
    if clash := OWN_COLUMNS & {each.lower() for each in names}:
        raise InputError(
            f"raw file {name} has a column {min(clash)}, a name that landing itself uses: rename it"
        )
    with PartWriter(target, name) as writer:
        types = [landed_type(each) for each in reader.schema.types]
        writer.begin(pa.schema(list(zip(names, types, strict=True))))
        first = 1
        for batch in reader:
            table = pa.Table.from_batches([batch])
            columns = [landed(column) for column in table.columns]
            writer.write(
                pa.Table.from_arrays(columns, names=names),
                np.arange(first, first + batch.num_rows),
            )
            first += batch.num_rows
        return writer.parts[0]
