"""Run independent work in separate processes, as many as there are cores.

Threads would not help, since most of a fit on ten thousand rows is Python code.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

from ml.candidates.base import LONG_LOOP

__all__ = ["in_processes"]

T = TypeVar("T")

FEW_ROWS = 5_000
"""With fewer rows, the work is done before a process has started."""


def in_processes(work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], rows: int) -> Iterator[T]:
    """The result of `work` for each job, in the order of the jobs, as soon as it is known.

    `rows` is the number of rows per job. With few rows a process is not worth its start, and with
    many rows one fit uses all cores itself; in both cases the work runs in this process.
    """
    processes = min(os.cpu_count() or 1, len(jobs))
    if processes < 2 or not FEW_ROWS <= rows < LONG_LOOP:
        yield from (work(*job) for job in jobs)
        return
    calls = (delayed(work)(*job) for job in jobs)
    yield from Parallel(n_jobs=processes, return_as="generator")(calls)
