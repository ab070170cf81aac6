"""What a command costs in its own process: time, and peak memory as the system reports it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import InputError
from warehouse.settings import PROJECT_ROOT

__all__ = ["Cost", "run"]


@dataclass(frozen=True)
class Cost:
    """What a finished process cost."""

    seconds: float
    """Wall-clock time from start to end."""
    cpu_seconds: float
    """CPU time of all threads, in user and system mode."""
    peak_bytes: int
    """Largest resident memory, in bytes."""


def run(
    command: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command in the project's root and write its output to `log`; returns its cost.

    Raises InputError with the last lines of the output when the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=PROJECT_ROOT,
            env={**os.environ, **(environment or {})},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-5:]
        words = " ".join(str(part) for part in command[:4])
        raise InputError(f"{words} ended with {process.returncode}, see {log}: {' | '.join(end)}")
    kibibyte = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kibibyte)
