"""Write the shop's files chunk by chunk to a temporary folder, and move them when complete."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

UNFINISHED = ".unfinished"  # folder of files being written; the next run removes it


@dataclass
class Files:
    """Parquet files that are written one row group at a time, with constant memory."""

    folder: Path
    closing: ExitStack
    rows: dict[str, int] = field(default_factory=dict)
    writers: dict[str, pq.ParquetWriter] = field(default_factory=dict)

    def append(self, name: str, table: pa.Table) -> None:
        """Append rows to `<name>.parquet`; the first table determines the columns."""
        if name not in self.writers:
            path = self.folder / f"{name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            self.writers[name] = self.closing.enter_context(writer)
        self.writers[name].write_table(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows


@contextmanager
def publishing(folder: Path) -> Iterator[Files]:
    """Files that appear in `folder` when the block ends without an error, and otherwise not."""
    unfinished = folder / UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        with ExitStack() as stack:
            yield Files(unfinished, stack)
        for path in sorted(unfinished.rglob("*")):
            final = folder / path.relative_to(unfinished)
            if path.is_dir():
                final.mkdir(exist_ok=True)
            else:
                os.replace(path, final)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
