"""Write scores to the warehouse: one transaction replaces the scores of one partition.

A partition is (task, as_of_date, model_version). It is deleted and inserted again, and a crash in
between leaves the old rows. The tables have no keys or indexes, which would slow this down.
`scoring.predictions` is a view of the tables written here.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from scoring import __version__
from scoring.bundle import Bundle
from scoring.run.feature_day import FeatureDay, RowDigest
from scoring.run.stored_scores import (
    REASON_NAMES,
    RUN_KEY,
    SCORES,
    UNSCORABLE,
    RowCounts,
    insert,
    reason_numbers,
    row_groups,
)
from warehouse.connection import fetch, qualified, transaction
from warehouse.errors import IntegrityError
from warehouse.steps import step

__all__ = ["TABLES", "already_done", "code_version", "replace"]

RUNS = "scoring.runs"
TABLES = (SCORES, UNSCORABLE, RUNS, REASON_NAMES)

_PARTITION = "task = $task and as_of_date = $day and model_version = $version"


@cache
def code_version() -> str:
    """`<package version>+<8 hex digits of the SHA-256 of the scoring code>`."""
    code = hashlib.sha256()
    run = Path(__file__).parent
    for path in sorted([*run.glob("*.py"), *(run.parent / "bundle").glob("*.py")]):
        code.update(path.read_bytes())
    return f"{__version__}+{code.hexdigest()[:8]}"


def already_done(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    day: FeatureDay,
    fingerprint: Callable[[], str],
) -> tuple[str, RowCounts] | None:
    """The run that wrote the partition's current rows from the same model and features, or None.

    The rows must carry its run_id and be as many as it wrote, because a later run may have replaced
    them. `fingerprint`, which reads all features, is called only in that case.
    """
    values = _values(bundle, day.as_of_date)
    runs = fetch(
        connection,
        "select run_id, features_fingerprint, rows_scored, rows_unscorable"
        f" from {qualified(connection, RUNS)} where {_PARTITION} and bundle_sha256 = $sha"
        " order by finished_at desc",
        values | {"sha": bundle.bundle_sha256},
    )
    present = [_present(connection, table, values) for table in (SCORES, UNSCORABLE)]
    for run_id, then, *wanted in runs:
        if present == [{run_id: rows} if rows else {} for rows in wanted]:
            return (run_id, RowCounts(*wanted)) if then == fingerprint() else None
    return None


def replace(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    day: FeatureDay,
    run_id: str,
    batches: Iterable[pa.RecordBatch],
    digest: RowDigest,
) -> RowCounts:
    """Replace the partition's rows by the scored `batches`, and record the run, atomically.

    The batches have CODED_SCHEMA and must not be read through `connection` itself. `digest` covers
    all features once the batches end. An error of the batches rolls everything back. Raises
    IntegrityError unless every row of `day` is written exactly once, as counted after the writing.
    """
    values = _values(bundle, day.as_of_date)
    run = values | {"run": run_id, "at": _now()}
    total = RowCounts()
    with transaction(connection):
        of_partition = f"select run_key from {qualified(connection, RUNS)} where {_PARTITION}"
        fetch(
            connection,
            f"delete from {qualified(connection, SCORES)} where run_key in ({of_partition})",
            values,
        )
        fetch(
            connection,
            f"delete from {qualified(connection, UNSCORABLE)} where {_PARTITION}",
            values,
        )
        step("old scores deleted")
        numbers = reason_numbers(connection, bundle.reasons)
        for rows in row_groups(batches):
            total += insert(connection, rows, numbers, run)
            step("batch written")
        _record(connection, bundle, run, total, digest.fingerprint)
        written = [
            sum(_present(connection, table, values).values()) for table in (SCORES, UNSCORABLE)
        ]
        if written != [total.scored, total.unscorable] or sum(written) != day.rows:
            raise IntegrityError(
                f"{bundle.relation} has {day.rows} rows as of {day.as_of_date}, but {written[0]}"
                f" were scored and {written[1]} listed as unscorable, nothing was kept: run again"
            )
    return total


def _record(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    run: dict[str, object],
    total: RowCounts,
    fingerprint: str,
) -> None:
    """Write the run's row, with the values that all of its scores share."""
    fetch(
        connection,
        f"insert into {qualified(connection, RUNS)} by name select {RUN_KEY} as run_key,"
        " $run as run_id, $task as task, $day as as_of_date, $version as model_version,"
        " $sha as bundle_sha256, $schema as feature_schema_hash, $code as code_version,"
        " $fingerprint as features_fingerprint, $scored as rows_scored,"
        " $unscorable as rows_unscorable, $at as started_at, $finished as finished_at",
        run
        | {"sha": bundle.bundle_sha256, "fingerprint": fingerprint, "finished": _now()}
        | {"schema": bundle.feature_schema_hash, "code": code_version()}
        | {"scored": total.scored, "unscorable": total.unscorable},
    )


def _present(
    connection: duckdb.DuckDBPyConnection, table: str, partition: dict[str, object]
) -> dict[str, int]:
    """The number of the partition's rows in `table`, by run_id."""
    counted = f"{qualified(connection, table)} as counted"
    if table == SCORES:
        counted += f" inner join {qualified(connection, RUNS)} as runs using (run_key)"
    rows = fetch(
        connection,
        f"select run_id, count(*) from {counted} where {_PARTITION} group by run_id",
        partition,
    )
    return dict(rows)


def _values(bundle: Bundle, day: date) -> dict[str, object]:
    return {"task": bundle.task, "day": day, "version": bundle.model_version}


def _now() -> datetime:
    """The time as naive UTC, like the timestamps of all tables."""
    return datetime.now(UTC).replace(tzinfo=None)
