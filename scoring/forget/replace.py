"""Replace a file atomically: a reader sees the old file or the new one, even after a crash."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scoring.publish.versions import sync

__all__ = ["UNFINISHED", "replace_file"]


UNFINISHED = ".unfinished"
"""The suffix of a file that is being written; the next run removes what a killed run left."""


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path to write to; it replaces `path` when the block ends without error."""
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    _remove(temporary)
    try:
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        sync(temporary)
        os.replace(temporary, path)
        sync(path.parent)
    finally:
        _remove(temporary)


def _remove(temporary: Path) -> None:
    """Remove the file, and its write-ahead log if it is a database: DuckDB would replay the log."""
    for path in (temporary, temporary.with_name(f"{temporary.name}.wal")):
        path.unlink(missing_ok=True)
