"""A Spark cluster on loopback: a master and workers of one core each, as processes of their own."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scoring.errors import InputError
from scoring.settings import PROJECT_ROOT

__all__ = ["BIN", "cluster"]

BIN = PROJECT_ROOT / ".venv-spark" / "bin"
PATIENCE = 120.0
"""Seconds until a part of the cluster has to be there."""


@contextmanager
def cluster(folder: Path, workers: int, memory: str) -> Iterator[str]:
    """The master's address, while it and its `workers` are alive.

    `memory` is what a worker has for executors, like 2g. Raises InputError when a part does not
    start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as alive:
        log = folder / "master.log"
        alive.enter_context(_part(folder, log, "master.Master", "--port", "0"))
        master = _said(log, r"spark://[\d.]+:\d+")
        for number in range(workers):
            log = folder / f"worker-{number}.log"
            size = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / "work"))
            alive.enter_context(_part(folder, log, "worker.Worker", *size, master))
            _said(log, "Successfully registered")
        yield master


@contextmanager
def _part(folder: Path, log: Path, name: str, *arguments: str) -> Iterator[None]:
    spark = next(BIN.parent.glob("lib/python3*/site-packages/pyspark"))
    command: list[str | Path] = [spark / "bin" / "spark-class", f"org.apache.spark.deploy.{name}"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--webui-port", "0", *arguments],
            env=os.environ
            | {"SPARK_DAEMON_MEMORY": "256m", "SPARK_LOCAL_DIRS": str(folder / "local")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def _said(log: Path, pattern: str) -> str:
    """The first place in `log` that is like `pattern`, which may still have to be written."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := re.search(pattern, log.read_text()):
            return found[0]
        time.sleep(0.1)
    raise InputError(f"Spark's cluster did not start, see {log}")
