"""Landed Parquet: what a delivered file has become, one part for each header in it."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["OWN_COLUMNS", "Part", "PartWriter"]

OWN = pa.schema(
    [
        ("_file", pa.dictionary(pa.int32(), pa.string())),
        ("_record", pa.int64()),
        ("_ragged", pa.string()),
        ("_erased", pa.bool_()),
    ]
)
OWN_COLUMNS = set(OWN.names)
"""Columns beside those of the delivered file."""
UNFINISHED = ".unfinished"


@dataclass
class Part:
    """One Parquet file: its columns as written in the header, and their types."""

    path: str
    columns: dict[str, str]
    rows: int = 0
    decimal_comma: list[str] = field(default_factory=list)
    """Columns of text whose numbers have a decimal comma."""

    def facts(self) -> dict[str, Any]:
        """As the index has it."""
        return asdict(self)


class PartWriter:
    """Writes the parts of one delivered file; they appear when the block ends well."""

    def __init__(self, target: Path, name: str) -> None:
        self.target, self.name = target, name
        self.parts: list[Part] = []
        self._writer: pq.ParquetWriter | None = None
        self._thread = ThreadPoolExecutor(1)
        """Writes one table while the next is read."""
        self._written: Future[None] | None = None
        self._schema = pa.schema([])

    def __enter__(self) -> "PartWriter":
        self.target.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._close()
            for part in self.parts if error is None else []:
                _unfinished(Path(part.path)).replace(part.path)
        finally:
            self._thread.shutdown()
            for part in self.parts:
                _unfinished(Path(part.path)).unlink(missing_ok=True)

    def begin(self, columns: pa.Schema) -> None:
        """Begin a part with these columns."""
        self._close()
        number = len(self.parts) + 1
        name = self.target.name + (f"-{number}" if number > 1 else "")
        path = self.target.with_name(f"{name}.parquet")
        self._schema = pa.schema([*columns, *OWN])
        self._writer = pq.ParquetWriter(_unfinished(path), self._schema, store_schema=False)
        types = {each.name: str(each.type) for each in columns}
        self.parts.append(Part(str(path), types))

    def write(self, table: pa.Table, place: npt.NDArray[np.int64]) -> None:
        """Add rows with the numbers of their records."""
        if table.num_rows:
            self._write(table.columns, place, pa.nulls(len(place), pa.string()))

    def write_ragged(self, texts: list[str], place: npt.NDArray[np.int64]) -> None:
        """Add records that do not fit the header."""
        types = self._schema.types[: -len(OWN)]
        columns = [pa.nulls(len(texts), each) for each in types]
        self._write(columns, place, pa.array(texts, pa.string()))

    def _write(self, columns: list[Any], place: npt.NDArray[np.int64], ragged: pa.Array) -> None:
        assert self._writer
        rows = len(place)
        name = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), [self.name])
        own = [name, pa.array(place), ragged, pa.array(np.zeros(rows, bool))]
        table = pa.Table.from_arrays([*columns, *own], schema=self._schema)
        self._finish()
        self._written = self._thread.submit(self._writer.write_table, table)
        self.parts[-1].rows += rows

    def _finish(self) -> None:
        """Wait for what is being written; raises what went wrong there."""
        if written := self._written:
            self._written = None
            written.result()

    def _close(self) -> None:
        self._finish()
        if self._writer:
            self._writer.close()
            self._writer = None


def _unfinished(path: Path) -> Path:
    """The file while it is written."""
    return path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
