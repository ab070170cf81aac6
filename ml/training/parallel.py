"""Independent work in processes of their own, as many as there are cores.

Threads would not do: most of a fit on ten thousand rows is Python.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

from ml.candidates.base import LONG_LOOP

__all__ = ["in_processes"]

T = TypeVar("T")

FEW_ROWS = 5_000
"""Below, the work is done before a process has started."""


def in_processes(work: Callable[..., T], jobs: Sequence[tuple[Any, ...]], rows: int) -> Iterator[T]:
    """What `work` returns for each job, in their order, as soon as it is known.

    `rows` is how much data a job has: few are not worth a process, and of many one fit uses all
    cores by itself.
    """
    processes = min(os.cpu_count() or 1, len(jobs))
    if processes < 2 or not FEW_ROWS <= rows < LONG_LOOP:
        yield from (work(*job) for job in jobs)
        return
    calls = (delayed(work)(*job) for job in jobs)
    yield from Parallel(n_jobs=processes, return_as="generator")(calls)
