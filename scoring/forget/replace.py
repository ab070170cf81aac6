"""A file put in the place of another in one step: a reader or a crash meets one or the other."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["UNFINISHED", "replace_file"]


UNFINISHED = ".unfinished"
"""How the name of a file being written ends; what a killed run left, the next one clears."""


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """The temporary file to write; it takes the place of `path` when the block ends well."""
    temporary = path.with_name(f".{path.name}{UNFINISHED}")
    _remove(temporary)
    try:
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        _remove(temporary)


def _remove(temporary: Path) -> None:
    """With its log, where it is a database: an old log would be played into the new file."""
    for path in (temporary, temporary.with_name(f"{temporary.name}.wal")):
        path.unlink(missing_ok=True)
