"""What was scored, in the warehouse: one transaction replaces a model's scores of a day.

A partition is (task, as_of_date, model_version). The tables have no keys or indexes on purpose: the
whole partition is deleted and inserted again, and a crash in between leaves what was there before.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from scoring import __version__
from scoring.bundle import Bundle
from scoring.errors import IntegrityError
from scoring.features import FeatureDay
from scoring.steps import step
from scoring.warehouse import fetch, qualified, transaction

__all__ = ["TABLES", "Counts", "already_done", "code_version", "count", "replace"]

TABLES = ("scoring.predictions", "scoring.unscorable", "scoring.runs")

_PARTITION = "task = $task and as_of_date = $day and model_version = $version"
_SCORES = (
    "probability, score, reason_1, reason_2, reason_3,"
    " contribution_1, contribution_2, contribution_3"
)


@dataclass(frozen=True)
class Counts:
    """How many entities got a score, and how many a reason why not."""

    scored: int = 0
    unscorable: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(self.scored + other.scored, self.unscorable + other.unscorable)


def count(batch: pa.RecordBatch) -> Counts:
    """Count one batch of `score_batches`."""
    scored = batch.column("unscorable").null_count
    return Counts(scored, batch.num_rows - scored)


@cache
def code_version() -> str:
    """The version of the package, and eight digits of the SHA-256 of the code that scores."""
    code = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        code.update(path.read_bytes())
    return f"{__version__}+{code.hexdigest()[:8]}"


def already_done(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: FeatureDay
) -> tuple[str, Counts] | None:
    """The run whose result is in place for this model and exactly these features, or None.

    The rows themselves must be of that run and as many as it wrote: an older run over the same
    features may have been replaced since.
    """
    values = _values(bundle, day.as_of_date)
    runs = fetch(
        connection,
        f"select run_id, rows_scored, rows_unscorable from {qualified(connection, TABLES[2])}"
        f" where {_PARTITION} and bundle_sha256 = $sha and features_fingerprint = $fingerprint"
        " order by finished_at desc",
        values | {"sha": bundle.bundle_sha256, "fingerprint": day.fingerprint},
    )
    present = [_present(connection, table, values) for table in TABLES[:2]]
    for run_id, *wanted in runs:
        if present == [{run_id: rows} if rows else {} for rows in wanted]:
            return run_id, Counts(*wanted)
    return None


def replace(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    day: FeatureDay,
    run_id: str,
    batches: Iterable[pa.RecordBatch],
) -> Counts:
    """Put the scored `batches` in place of the partition's rows, and note the run; all or nothing.

    The batches must not be read through `connection` itself. Whatever they raise undoes everything.
    Raises IntegrityError unless exactly the rows of `day` came out, and are there when read back.
    """
    started = _now()
    values = _values(bundle, day.as_of_date)
    run = values | {"run": run_id, "at": started}
    total = Counts()
    with transaction(connection):
        for table in TABLES[:2]:
            fetch(
                connection, f"delete from {qualified(connection, table)} where {_PARTITION}", values
            )
        step("old scores deleted")
        for batch in batches:
            counts = count(batch)
            _insert(connection, batch, counts, run | {"sha": bundle.bundle_sha256})
            total += counts
            step("batch written")
        written = [sum(_present(connection, table, values).values()) for table in TABLES[:2]]
        if written != [total.scored, total.unscorable] or sum(written) != day.rows:
            raise IntegrityError(
                f"{bundle.relation} has {day.rows} rows as of {day.as_of_date}, but {written[0]}"
                f" were scored and {written[1]} listed as unscorable: nothing was kept, run again"
            )
        fetch(
            connection,
            f"insert into {qualified(connection, TABLES[2])} (run_id, task, as_of_date,"
            " model_version, bundle_sha256, feature_schema_hash, code_version,"
            " features_fingerprint, rows_scored, rows_unscorable, started_at, finished_at)"
            " values ($run, $task, $day, $version, $sha, $schema, $code, $fingerprint, $scored,"
            " $unscorable, $at, $finished)",
            run
            | {"sha": bundle.bundle_sha256, "fingerprint": day.fingerprint, "finished": _now()}
            | {"schema": bundle.feature_schema_hash, "code": code_version()}
            | {"scored": total.scored, "unscorable": total.unscorable},
        )
    return total


def _insert(
    connection: duckdb.DuckDBPyConnection,
    scored_batch: pa.RecordBatch,
    counts: Counts,
    values: dict[str, object],
) -> None:
    """Append one batch to both tables.

    DuckDB finds `scored_batch` by its name in this very frame. Registering it instead would make a
    view in the transaction, and that keeps every batch in memory until the commit.
    """
    where = "task, entity_id, as_of_date, model_version, run_id"
    who = "$task, entity_id, $day, $version, $run"
    if counts.scored:
        connection.execute(
            f"insert into {qualified(connection, TABLES[0])}"
            f" ({where}, {_SCORES}, bundle_sha256, scored_at)"
            f" select {who}, {_SCORES}, $sha, $at from scored_batch where unscorable is null",
            values,
        ).fetchall()
    if counts.unscorable:
        connection.execute(
            f"insert into {qualified(connection, TABLES[1])} ({where}, reason, scored_at)"
            f" select {who}, unscorable, $at from scored_batch where unscorable is not null",
            {name: value for name, value in values.items() if name != "sha"},
        ).fetchall()


def _present(
    connection: duckdb.DuckDBPyConnection, table: str, partition: dict[str, object]
) -> dict[str, int]:
    """The partition's rows in `table`, by run."""
    rows = fetch(
        connection,
        f"select run_id, count(*) from {qualified(connection, table)}"
        f" where {_PARTITION} group by run_id",
        partition,
    )
    return dict(rows)


def _values(bundle: Bundle, day: date) -> dict[str, object]:
    return {"task": bundle.task, "day": day, "version": bundle.model_version}


def _now() -> datetime:
    """UTC, as the naive timestamp the tables hold."""
    return datetime.now(UTC).replace(tzinfo=None)
