"""What a command costs, run as a process of its own: time, and peak memory as the system saw it."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import InputError
from warehouse.settings import PROJECT_ROOT

__all__ = ["Cost", "machine", "run"]


@dataclass(frozen=True)
class Cost:
    """What a finished process took."""

    seconds: float
    """From start to end."""
    cpu_seconds: float
    """Of all its threads, in user and system mode."""
    peak_bytes: int
    """Largest resident memory."""


def run(
    command: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command from the project's root with its output in `log`.

    Raises InputError with the end of the output when it fails.
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


def machine() -> dict[str, float]:
    """Cores and memory (GiB) of this machine, which every figure is read against."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count() or 1, "memory_gib": round(memory, 1)}
