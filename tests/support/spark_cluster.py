"""A Spark cluster on loopback: a master and workers, processes of their own that can be killed."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.errors import InputError
from warehouse.settings import PROJECT_ROOT

__all__ = ["PYTHON", "Cluster", "Node", "started_cluster", "until"]

PYTHON = PROJECT_ROOT / ".venv-spark" / "bin" / "python"
PATIENCE = 300.0
"""Seconds until something has to be there: a busy machine starts Java slowly."""


@dataclass(frozen=True)
class Node:
    """A master or a worker, and the folder it works in."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        """What it has written so far."""
        return (self.folder / "log").read_text()

    def processes(self) -> list[int]:
        """Its processes: itself, its executors and their Python."""
        found = []
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                session = int(file.read_text().rpartition(")")[2].split()[3])
                found += [int(file.parent.name)] if session == self.process.pid else []
        return found

    def kill(self) -> None:
        """End all its processes at once, as when the machine loses its power."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()  # where there is no /proc
        self.process.wait()


@dataclass(frozen=True)
class Cluster:
    """A master and its workers, who have one core each; `memory` a worker is like 2g."""

    folder: Path
    memory: str
    nodes: list[Node] = field(default_factory=list)

    @property
    def master(self) -> str:
        """The address drivers and workers find the master at; empty before it listens."""
        found = re.search(r"spark://[\d.]+:\d+", self.nodes[0].log)
        return found[0] if found else ""

    @property
    def workers(self) -> list[Node]:
        """Those that are alive."""
        return [node for node in self.nodes[1:] if node.process.poll() is None]

    def complete(self, workers: int) -> None:
        """Start what is missing; raises InputError when it does not come up."""
        if not self.nodes:
            self._start("master.Master", "--port", "0")
            until(lambda: self.master, f"Spark's master in {self.folder}")
        while len(self.workers) < workers:
            work = str(self.folder / f"{len(self.nodes)}" / "work")
            size = ("--cores", "1", "--memory", self.memory, "--work-dir", work)
            self._start("worker.Worker", *size, self.master)
        until(
            lambda: all("Successfully registered" in worker.log for worker in self.workers),
            f"Spark's workers in {self.folder}",
        )

    def stop(self) -> None:
        """End all of it."""
        for node in [*self.workers, *self.nodes[:1]]:
            node.kill()

    def _start(self, name: str, *arguments: str) -> None:
        """Start a part of it in a session of processes of its own."""
        folder = self.folder / str(len(self.nodes))
        (folder / "local").mkdir(parents=True)
        spark = next(PYTHON.parents[1].glob("lib/python3*/site-packages/pyspark"))
        command = [str(spark / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}"]
        places = {"SPARK_LOCAL_DIRS": str(folder / "local"), "SPARK_LOCAL_IP": "127.0.0.1"}
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                env=os.environ | {"SPARK_DAEMON_MEMORY": "256m"} | places,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.nodes.append(Node(process, folder))


@contextmanager
def started_cluster(folder: Path, workers: int, memory: str) -> Iterator[Cluster]:
    """A master and `workers`, stopped at the end; raises InputError when they do not come up."""
    started = Cluster(folder, memory)
    try:
        started.complete(workers)
        yield started
    finally:
        started.stop()


def until(ready: Callable[[], object], what: str) -> None:
    """Wait until `ready` answers what is true; raises InputError when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise InputError(f"{what}: not there within {PATIENCE:g} s")
        time.sleep(0.02)
