"""What was scored, in the warehouse: one transaction replaces a model's scores of a day.

A partition is (task, as_of_date, model_version). The tables have no keys or indexes on purpose: the
whole partition is deleted and inserted again, and a crash in between leaves what was there before.
`scoring.predictions` is a view of what is written here: numbers, and what they stand for.
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
from scoring.run.feature_day import FeatureDay, Seen
from scoring.run.stored_scores import (
    REASON_NAMES,
    RUN_KEY,
    SCORES,
    UNSCORABLE,
    Counts,
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
    """The version of the package, and eight digits of the SHA-256 of the code that scores."""
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
) -> tuple[str, Counts] | None:
    """The run whose result is in place for this model and exactly these features, or None.

    The rows themselves must be of that run and as many as it wrote: an older run over the same
    features may have been replaced since. Only then is the `fingerprint` of the features asked for.
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
            return (run_id, Counts(*wanted)) if then == fingerprint() else None
    return None


def replace(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    day: FeatureDay,
    run_id: str,
    batches: Iterable[pa.RecordBatch],
    seen: Seen,
) -> Counts:
    """Put the scored `batches` in place of the partition's rows, and note the run; all or nothing.

    The batches are of CODED_SCHEMA, and `seen` knows all features once they end. They must not be
    read through `connection` itself. Whatever they raise undoes everything.
    Raises IntegrityError unless exactly the rows of `day` came out, and are there when read back.
    """
    values = _values(bundle, day.as_of_date)
    run = values | {"run": run_id, "at": _now()}
    total = Counts()
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
        _note(connection, bundle, run, total, seen.fingerprint)
        written = [
            sum(_present(connection, table, values).values()) for table in (SCORES, UNSCORABLE)
        ]
        if written != [total.scored, total.unscorable] or sum(written) != day.rows:
            raise IntegrityError(
                f"{bundle.relation} has {day.rows} rows as of {day.as_of_date}, but {written[0]}"
                f" were scored and {written[1]} listed as unscorable: nothing was kept, run again"
            )
    return total


def _note(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    run: dict[str, object],
    total: Counts,
    fingerprint: str,
) -> None:
    """The run's row: what all of its scores have in common."""
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
    """The partition's rows in `table`, by run."""
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
    """UTC, as the naive timestamp the tables hold."""
    return datetime.now(UTC).replace(tzinfo=None)
