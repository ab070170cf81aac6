"""Processes that are killed at a named step, as by `kill -9` just then, or whose disk is full."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext
from typing import Any

from ml.registry.promote import promote
from scoring.bundle import load_bundle, write_bundle
from scoring.publish import publish
from scoring.run.job import ScoringRequest, run, score_day
from warehouse.connection import connect
from warehouse.console import configure_logs
from warehouse.settings import PROJECT_ROOT, Settings

__all__ = ["JOBS", "end_of", "processes", "start"]


def score(settings: Settings) -> None:
    """Score the newest day again with the bundle of the first champion, ten rows a batch."""
    (folder,) = settings.artifacts.glob("*/first")
    with connect(settings.warehouse) as connection:
        score_day(connection, load_bundle(folder), ScoringRequest(), batch_rows=10)


def run_all(settings: Settings) -> None:
    """`python -m scoring run`, its error in a file and its exit code."""
    (outcome,) = run(settings, ScoringRequest(progress=False))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    settings.manifest.with_name("error").write_text(outcome.error or "")
    raise SystemExit(outcome.exit_code)


def publish_both(settings: Settings) -> None:
    """Publish, as Parquet too."""
    publish(settings, keep=1, parquet=True)


def promote_second(settings: Settings) -> None:
    """Make the second model the champion."""
    (folder,) = settings.artifacts.glob("*/second")
    promote(settings, "second", folder.parent.name)


def write_again(settings: Settings) -> None:
    """Write the second model in place of the first."""
    (second,) = settings.artifacts.glob("*/second")
    bundle = load_bundle(second)
    write_bundle(second.with_name("first"), bundle.onnx, bundle.facts | {"model_version": "first"})


def write_new(settings: Settings) -> None:
    """Write a bundle where none is."""
    (first,) = settings.artifacts.glob("*/first")
    bundle = load_bundle(first)
    write_bundle(first.with_name("third"), bundle.onnx, bundle.facts | {"model_version": "third"})


JOBS: dict[str, Callable[[Settings], None]] = {
    job.__name__: job
    for job in (score, run_all, publish_both, promote_second, write_again, write_new)
}


@contextmanager
def processes() -> Iterator[ForkServerContext]:
    """Processes that start with everything imported: a server forks them."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT_ROOT), before or ""])
    try:
        yield context
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def start(
    context: ForkServerContext,
    job: str,
    settings: Settings,
    step: str = "",
    room: int = resource.RLIM_INFINITY,
) -> Any:
    """A process that does the job, may be killed at `step`, and whose files end at `room` bytes.

    A limit of the size of files needs no privileges, and fails a write as a full disk does.
    """
    process: Any = context.Process(target=_work, args=(job, settings.model_dump(), step, room))
    process.start()
    return process


def end_of(process: Any) -> int | None:
    """Wait for a process; returns its exit code, `-signal.SIGKILL` of one that was killed."""
    process.join(60)
    return None if process.exitcode is None else int(process.exitcode)


def _work(job: str, values: dict[str, Any], step: str, room: int) -> None:
    os.environ["NUMEROSITY_KILL_AT"] = step
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    configure_logs(level="error")
    JOBS[job](Settings(**values))
