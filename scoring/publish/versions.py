"""The published versions as files; one of them is served, and it changes atomically.

`data/serving.duckdb` is a hard link to one file in `data/serving/`, and `data/serving.parquet` is a
symbolic link to one folder there. Each changes by one rename. So a reader always opens a complete
version, and keeps it for as long as the file is open.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import LockedError, UsageError
from warehouse.steps import step

__all__ = ["Versions", "sync"]

PAUSE = 0.1
"""Seconds between two attempts at the lock."""


class Versions:
    """The versions kept for a serving file, in the folder of the same name next to it."""

    def __init__(self, serving: Path) -> None:
        """Raises UsageError unless `serving` ends in .duckdb."""
        if serving.suffix != ".duckdb":
            raise UsageError(f"NUMEROSITY_SERVING is {serving}: give a path that ends in .duckdb")
        self.serving = serving
        self.parquet = serving.with_suffix(".parquet")
        self.folder = serving.with_suffix("")

    def file(self, version: str) -> Path:
        """The file of a version."""
        return self.folder / f"{version}.duckdb"

    def parquet_of(self, version: str) -> Path:
        """The folder of a version's Parquet files, which exists if Parquet was requested."""
        return self.folder / f"{version}.parquet"

    def temporary(self, name: str) -> Path:
        """The path of an unfinished file or folder; `locked` removes what a killed run left."""
        return self.folder / f".{name}"

    def kept(self) -> list[str]:
        """The names of the versions, oldest first."""
        return sorted(path.stem for path in self.folder.glob("[!.]*.duckdb"))

    @contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        """Lock the versions against other processes, and remove unfinished files before and after.

        The lock ends with the process, even if it is killed. Raises LockedError after `timeout`
        seconds.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + timeout
        with (self.folder / ".lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise LockedError(
                            f"another process is still publishing to {self.serving} after"
                            f" {timeout:g} s: run again later, or set NUMEROSITY_LOCK_TIMEOUT to"
                            " wait longer"
                        ) from None
                    time.sleep(PAUSE)
            self._clear()
            try:
                yield
            finally:
                self._clear()

    def _clear(self) -> None:
        for path in self.folder.glob(".*"):
            if path.name != ".lock":
                _remove(path)

    def keep(self, temporary: Path, place: Path) -> None:
        """Sync a finished file or folder to disk, then rename it to `place`."""
        for path in [temporary, *temporary.rglob("*")]:
            sync(path)
        os.replace(temporary, place)
        sync(self.folder)

    def serve(self, version: str) -> None:
        """Serve a kept version."""
        link = self.temporary("serving.duckdb")
        try:
            os.link(self.file(version), link)
        except OSError:  # a file system without hard links
            shutil.copyfile(self.file(version), link)
            sync(link)
        step("serving linked")
        os.replace(link, self.serving)
        link.unlink(missing_ok=True)  # a rename does nothing if both are links to one file
        sync(self.serving.parent)
        step("serving replaced")

    def serve_parquet(self, version: str) -> None:
        """Serve the Parquet files of a kept version."""
        link = self.temporary("serving.parquet")
        link.symlink_to(self.parquet_of(version).relative_to(self.parquet.parent))
        os.replace(link, self.parquet)
        sync(self.parquet.parent)
        step("parquet replaced")

    def remove_old(self, keep: int, served: str) -> list[str]:
        """Remove all versions but the newest `keep` and `served`; returns the remaining ones."""
        left = {*self.kept()[-keep:], served}
        for path in self.folder.glob("[!.]*"):
            if path.stem not in left:
                _remove(path)
        step("old versions removed")
        return sorted(left)


def sync(path: Path) -> None:
    """Wait until a file, or the list of files in a folder, is written to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
