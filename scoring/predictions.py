"""What was scored, in the warehouse: one transaction replaces a model's scores of a day.

A partition is (task, as_of_date, model_version). The tables have no keys or indexes on purpose: the
whole partition is deleted and inserted again, and a crash in between leaves what was there before.
`scoring.predictions` is a view of what is written here: numbers, and what they stand for.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa

from scoring import __version__
from scoring.batches import REASONS
from scoring.bundle import Bundle
from scoring.errors import IntegrityError
from scoring.features import FeatureDay, Seen
from scoring.steps import step
from scoring.warehouse import fetch, qualified, transaction

__all__ = ["TABLES", "Counts", "already_done", "code_version", "count", "replace"]

SCORES, UNSCORABLE, RUNS, NAMES = (
    "scoring.scores",
    "scoring.unscorable",
    "scoring.runs",
    "scoring.reasons",
)
TABLES = (SCORES, UNSCORABLE, RUNS, NAMES)

ROW_GROUP = 122_880
"""Rows written at once. It is DuckDB's row group: an insert of exactly one is written once, any
other size is merged and written again."""

_PARTITION = "task = $task and as_of_date = $day and model_version = $version"
_REASONS = tuple(f"reason_{rank}" for rank in range(1, REASONS + 1))
_STORED = ", ".join(
    ["probability", "score", *_REASONS, *(f"contribution_{rank}" for rank in range(1, REASONS + 1))]
)
_KEY = "cast(hash($run) >> 1 as bigint)"
"""A run's number, from its id: it must never stand for another run, not even in another file."""


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
        numbers = _reason_numbers(connection, bundle.reasons)
        for rows in _row_groups(batches):
            total += _insert(connection, rows, numbers, run)
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
        f"insert into {qualified(connection, RUNS)} (run_key, run_id, task, as_of_date,"
        " model_version, bundle_sha256, feature_schema_hash, code_version,"
        " features_fingerprint, rows_scored, rows_unscorable, started_at, finished_at)"
        f" values ({_KEY}, $run, $task, $day, $version, $sha, $schema, $code, $fingerprint,"
        " $scored, $unscorable, $at, $finished)",
        run
        | {"sha": bundle.bundle_sha256, "fingerprint": fingerprint, "finished": _now()}
        | {"schema": bundle.feature_schema_hash, "code": code_version()}
        | {"scored": total.scored, "unscorable": total.unscorable},
    )


def _reason_numbers(connection: duckdb.DuckDBPyConnection, reasons: tuple[str, ...]) -> pa.Array:
    """The number that stands for each reason; those that have none yet get one."""
    table = qualified(connection, NAMES)
    known = dict(fetch(connection, f"select reason, reason_number from {table}"))
    new = [reason for reason in dict.fromkeys(reasons) if reason not in known]
    first = max(known.values(), default=0) + 1
    numbers = list(range(first, first + len(new)))
    fetch(
        connection,
        f"insert into {table} (reason, reason_number) select unnest($reasons), unnest($numbers)",
        {"reasons": new, "numbers": numbers},
    )
    known |= zip(new, numbers, strict=True)
    return pa.array([known[reason] for reason in reasons], pa.int32())


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of ROW_GROUP rows or little more, the last one of what is left."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _insert(
    connection: duckdb.DuckDBPyConnection,
    rows: pa.Table,
    numbers: pa.Array,
    run: dict[str, object],
) -> Counts:
    """Append scored rows to both tables.

    DuckDB finds `coded` by its name in this very frame. Registering it instead would make a view
    in the transaction, and that keeps all of it in memory until the commit.
    """
    counts = sum(map(count, rows.to_batches()), Counts())
    coded = _coded(rows, numbers)
    if counts.scored:
        connection.execute(
            f"insert into {qualified(connection, SCORES)} (run_key, entity_id, {_STORED})"
            f" select {_KEY}, entity_id, {_STORED} from coded where unscorable is null",
            {"run": run["run"]},
        ).fetchall()
    if counts.unscorable:
        connection.execute(
            f"insert into {qualified(connection, UNSCORABLE)} (task, entity_id, as_of_date,"
            " model_version, run_id, reason, scored_at)"
            " select $task, entity_id, $day, $version, $run, unscorable, $at from coded"
            " where unscorable is not null",
            run,
        ).fetchall()
    return counts


def _coded(rows: pa.Table, numbers: pa.Array) -> pa.Table:
    """The rows with `numbers` in place of reasons."""
    for name in _REASONS:
        coded = [numbers.take(chunk.indices) for chunk in rows.column(name).chunks]
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, name, pa.chunked_array(coded, pa.int32()))
    return rows


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
