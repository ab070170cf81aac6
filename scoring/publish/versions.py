"""Versions of what BI reads, as files: kept beside each other, one of them swapped in whole.

`data/serving.duckdb` is a second name (a hard link) of one file in `data/serving/`, and
`data/serving.parquet` a symbolic link to one folder there. Each changes in one rename, so whoever
opens it gets a whole version, and keeps it for as long as it is open.
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

__all__ = ["Versions"]

PAUSE = 0.1
"""Seconds between two attempts at the lock."""


class Versions:
    """The versions kept for a serving file, in the folder of its name beside it."""

    def __init__(self, serving: Path) -> None:
        """Raises UsageError unless `serving` ends in .duckdb."""
        if serving.suffix != ".duckdb":
            raise UsageError(f"NUMEROSITY_SERVING is {serving}: it has to end in .duckdb")
        self.serving = serving
        self.parquet = serving.with_suffix(".parquet")
        self.folder = serving.with_suffix("")

    def file(self, version: str) -> Path:
        """Where a version is kept."""
        return self.folder / f"{version}.duckdb"

    def parquet_of(self, version: str) -> Path:
        """Where the same version is kept as Parquet, if it was asked for."""
        return self.folder / f"{version}.parquet"

    def temporary(self, name: str) -> Path:
        """A place for what is not whole yet; cleared by the next who takes the lock."""
        return self.folder / f".{name}"

    def kept(self) -> list[str]:
        """The versions there are, oldest first."""
        return sorted(path.stem for path in self.folder.glob("[!.]*.duckdb"))

    @contextmanager
    def locked(self, timeout: float) -> Iterator[None]:
        """Keep others from publishing or restoring, and clear what is not whole, before and after.

        The lock ends with the process, however that ends. Raises LockedError after `timeout`
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
                            f" {timeout:g} s: wait for it, or longer with NUMEROSITY_LOCK_TIMEOUT"
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
        """Give a finished file or folder its name for good, once all of it is on the disk."""
        for path in [temporary, *temporary.rglob("*")]:
            sync(path)
        os.replace(temporary, place)
        sync(self.folder)

    def serve(self, version: str) -> None:
        """Make a kept version the one that is served."""
        link = self.temporary("serving.duckdb")
        try:
            os.link(self.file(version), link)
        except OSError:  # a file system without hard links
            shutil.copyfile(self.file(version), link)
            sync(link)
        step("serving linked")
        os.replace(link, self.serving)
        link.unlink(missing_ok=True)  # renaming one of two names of the same file does nothing
        sync(self.serving.parent)
        step("serving replaced")

    def serve_parquet(self, version: str) -> None:
        """Make a version the one served as Parquet."""
        link = self.temporary("serving.parquet")
        link.symlink_to(self.parquet_of(version).relative_to(self.parquet.parent))
        os.replace(link, self.parquet)
        sync(self.parquet.parent)
        step("parquet replaced")

    def remove_old(self, keep: int, served: str) -> list[str]:
        """Remove all but the newest `keep` versions and the one served; returns what is left."""
        left = {*self.kept()[-keep:], served}
        for path in self.folder.glob("[!.]*"):
            if path.stem not in left:
                _remove(path)
        step("old versions removed")
        return sorted(left)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before going on."""
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
