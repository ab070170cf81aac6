"""A Spark cluster on loopback: a master and workers, processes of their own that a test kills."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from engines import PYTHON, SparkHouse

__all__ = ["Cluster", "Node", "until"]

PATIENCE = 300.0
"""Seconds until a test gives up waiting: a busy machine starts Java slowly."""


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

    def python_tasks(self) -> int:
        """How many processes of Python its executors have started for tasks."""
        commands = []
        for pid in self.processes():
            with suppress(OSError):
                commands.append(Path(f"/proc/{pid}/cmdline").read_bytes())
        return max(0, sum(b"pyspark.daemon" in command for command in commands) - 1)

    def shuffled(self) -> set[Path]:
        """The files its executors have written for others to read."""
        return set(self.folder.glob("local/**/shuffle_*.data"))

    def kill(self) -> None:
        """End all its processes at once, as when the machine loses its power."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def until(ready: Callable[[], object], what: str) -> None:
    """Wait until `ready` answers what is true; fails when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:g} s"
        time.sleep(0.02)


@dataclass(frozen=True)
class Cluster:
    """A master and its workers, who have one core each."""

    house: SparkHouse
    folder: Path
    nodes: list[Node] = field(default_factory=list)

    @property
    def master(self) -> str:
        """The address drivers and workers find the master at."""
        found = re.search(r"spark://[\d.]+:\d+", self.nodes[0].log)
        return found[0] if found else ""

    @property
    def workers(self) -> list[Node]:
        """Those that are alive."""
        return [node for node in self.nodes[1:] if node.process.poll() is None]

    def complete(self, workers: int = 2) -> None:
        """Start what is missing."""
        if not self.nodes:
            self._start("master.Master", "--port", "0")
            until(lambda: self.master, "the master starts")
        while len(self.workers) < workers:
            work = str(self.folder / f"{len(self.nodes)}" / "work")
            size = ("--cores", "1", "--memory", "1g", "--work-dir", work)
            self._start("worker.Worker", *size, self.master)
        until(
            lambda: all("Successfully registered" in worker.log for worker in self.workers),
            "the workers find the master",
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
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
                env=self.house.environment()
                | {"SPARK_DAEMON_MEMORY": "256m", "SPARK_LOCAL_DIRS": str(folder / "local")},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.nodes.append(Node(process, folder))
