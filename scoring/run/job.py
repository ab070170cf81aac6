"""Score feature tables: one as-of date of each task, with its champion, into the warehouse."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from dataclasses import replace as replaced
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import structlog

from scoring.bundle import Bundle, load_bundle
from scoring.run.batches import CODED_SCHEMA, score_batches
from scoring.run.champions import find_champions
from scoring.run.feature_day import (
    RowDigest,
    check_contract,
    choose_date,
    count_rows,
    digest_rows,
    read,
)
from scoring.run.predictions import TABLES, already_done, replace
from scoring.run.stored_scores import RowCounts, count
from warehouse.connection import connect, fetch, require_tables, storage
from warehouse.console import row_progress_bar
from warehouse.errors import IntegrityError, NothingToScoreError, exit_code, one_line
from warehouse.settings import Settings

__all__ = [
    "BATCH_ROWS",
    "ScoringOutcome",
    "ScoringRequest",
    "models",
    "run",
    "score_day",
    "without_empty",
]

BATCH_ROWS = 8_192
"""Rows per batch. A batch of this size fits a core's cache; larger batches are not faster."""
AHEAD = 16
"""Batches scored ahead, while others are written: more than a core can score in that time."""

log = structlog.get_logger()


@dataclass(frozen=True)
class ScoringRequest:
    """What to score: by default the newest date of every task, with its champion."""

    task: str | None = None
    as_of: date | None = None
    bundle: Path | None = None
    """The folder of a bundle to score with instead of the champion."""
    dry_run: bool = False
    force: bool = False
    """Score again even if the scores exist already."""
    progress: bool = True


@dataclass(frozen=True)
class ScoringOutcome:
    """The result of one task; `error` and `exit_code` say why it failed."""

    task: str
    status: str
    """`done`, `already_done`, `dry_run`, `nothing_to_score` or `failed`."""
    as_of_date: date | None = None
    model_version: str | None = None
    rows_scored: int = 0
    rows_unscorable: int = 0
    run_id: str | None = None
    seconds: float = 0.0
    error: str | None = None
    exit_code: int = 0


def run(settings: Settings, request: ScoringRequest) -> list[ScoringOutcome]:
    """Score the requested tasks; returns one outcome per task.

    If a task fails, its outcome has the error and the other tasks are still scored. A feature table
    without rows, or without rows on `request.as_of`, is a failure only when all are.

    Raises errors that concern every task: UsageError (an unknown task), InputError (no warehouse,
    table or champion), IntegrityError (of `request.bundle`) or LockedError.
    """
    with connect(settings.warehouse, request.dry_run, settings.lock_timeout) as connection:
        fetch(connection, "set memory_limit = ?", [settings.memory_limit])
        require_tables(connection, *TABLES)
        outcomes = [
            _outcome(connection, task, load, settings, request)
            for task, load in models(connection, settings, request)
        ]
    return without_empty(outcomes)


def without_empty(outcomes: list[ScoringOutcome]) -> list[ScoringOutcome]:
    """Mark empty feature tables as failed if all are empty; otherwise their errors become logs."""
    empty = [outcome for outcome in outcomes if outcome.status == "nothing_to_score"]
    if len(empty) == len(outcomes):
        return [replaced(outcome, status="failed", exit_code=3) for outcome in outcomes]
    for outcome in empty:
        log.warning("nothing_to_score", task=outcome.task, reason=outcome.error)
    return [replaced(outcome, error=None) if outcome in empty else outcome for outcome in outcomes]


def models(
    connection: duckdb.DuckDBPyConnection, settings: Settings, request: ScoringRequest
) -> list[tuple[str, Callable[[], Bundle]]]:
    """The tasks to score, each with a function that loads its bundle.

    Raises UsageError or InputError as `find_champions` does, and IntegrityError when
    `request.bundle` is damaged or is a bundle of another task.
    """
    if request.bundle is None:
        champions = find_champions(connection, settings.artifacts, settings.manifest, request.task)
        return [(champion.task, champion.load) for champion in champions]
    bundle = load_bundle(request.bundle)
    if request.task not in (None, bundle.task):
        raise IntegrityError(
            f"the bundle {request.bundle} is for the task {bundle.task}, not {request.task}:"
            " give its own bundle, or another --task"
        )
    return [(bundle.task, lambda: bundle)]


def _outcome(
    connection: duckdb.DuckDBPyConnection,
    task: str,
    load: Callable[[], Bundle],
    settings: Settings,
    request: ScoringRequest,
) -> ScoringOutcome:
    try:
        with storage(settings.warehouse):
            return score_day(connection, load(), request, settings.threads)
    except NothingToScoreError as error:
        return ScoringOutcome(task, "nothing_to_score", error=one_line(error))
    except Exception as error:
        log.debug("task failed", task=task, exc_info=True)
        return ScoringOutcome(
            task, "failed", request.as_of, error=one_line(error), exit_code=exit_code(error)
        )


def score_day(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    request: ScoringRequest,
    threads: int = 1,
    batch_rows: int = BATCH_ROWS,
) -> ScoringOutcome:
    """Score one as-of date with one model, and write the scores.

    Nothing is written in a dry run, or if the same scores exist already. `threads` is the number of
    batches scored at the same time. Raises NothingToScoreError (an empty feature table), InputError
    (a broken contract) or IntegrityError (unusable model output); the warehouse is unchanged then.
    """
    started = time.perf_counter()
    check_contract(connection, bundle)
    day = count_rows(connection, bundle, choose_date(connection, bundle, request.as_of))
    about = {"task": bundle.task, "as_of_date": str(day.as_of_date), "model": bundle.model_version}
    status, run_id, counts = "already_done", None, RowCounts()
    digest = RowDigest(bundle.features, day.rows)

    def fingerprint() -> str:
        return digest_rows(connection, bundle, day, batch_rows).fingerprint

    is_searched = not (request.force or request.dry_run)
    if done := already_done(connection, bundle, day, fingerprint) if is_searched else None:
        run_id, counts = done
    else:
        log.info("scoring", rows=day.rows, **about)
        # The reader has its own cursor: a connection that is being read from cannot write.
        with (
            connection.cursor() as reading,
            closing(read(reading, bundle, day.as_of_date, batch_rows, digest)) as batches,
            closing(score_batches(batches, bundle, threads, CODED_SCHEMA, AHEAD)) as scores,
            _one_thread(connection),
            row_progress_bar(bundle.task, day.rows, request.progress) as advance,
        ):
            scored = _counted(scores, advance)
            if request.dry_run:
                status, counts = "dry_run", sum(map(count, scored), RowCounts())
            else:
                status, run_id = "done", uuid.uuid4().hex
                counts = replace(connection, bundle, day, run_id, scored, digest)
    seconds = round(time.perf_counter() - started, 3)
    scored_rows, unscorable = counts.scored, counts.unscorable
    log.info(status, scored=scored_rows, unscorable=unscorable, seconds=seconds, **about)
    return ScoringOutcome(
        bundle.task,
        status,
        day.as_of_date,
        bundle.model_version,
        scored_rows,
        unscorable,
        run_id,
        seconds,
    )


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Limit DuckDB to the calling threads, because the cores are busy with scoring."""
    ((threads,),) = fetch(connection, "select current_setting('threads')")
    fetch(connection, "set threads = 1")
    try:
        yield
    finally:
        with suppress(duckdb.Error):  # on a broken connection, the first error is the one to report
            fetch(connection, f"set threads = {threads}")


def _counted(
    batches: Iterable[pa.RecordBatch], advance: Callable[[int], None]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield batch
        advance(batch.num_rows)
