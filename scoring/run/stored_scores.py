"""Scored rows as they are stored: numbers stand for reasons, and for what all rows of a run share.

Text that is the same in every row is half of the cost of writing a million. The view
`scoring.predictions` puts it back.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from scoring.run.batches import REASONS
from warehouse.connection import fetch, qualified

__all__ = [
    "REASON_NAMES",
    "ROW_GROUP",
    "RUN_KEY",
    "SCORES",
    "UNSCORABLE",
    "Counts",
    "count",
    "insert",
    "reason_numbers",
    "row_groups",
]

SCORES = "scoring.scores"
UNSCORABLE = "scoring.unscorable"
REASON_NAMES = "scoring.reasons"
ROW_GROUP = 122_880
"""Rows written at once. It is DuckDB's row group: an insert of exactly one is written once, any
other size is merged and written again."""

_REASONS = tuple(f"reason_{rank}" for rank in range(1, REASONS + 1))
_STORED = ", ".join(
    ["probability", "score", *_REASONS, *(f"contribution_{rank}" for rank in range(1, REASONS + 1))]
)
RUN_KEY = "cast(hash($run) >> 1 as bigint)"
"""A run's number, from its id $run: it never stands for another run, not even in another file."""


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


def reason_numbers(connection: duckdb.DuckDBPyConnection, reasons: tuple[str, ...]) -> pa.Array:
    """The number that stands for each reason; those that have none yet get one."""
    table = qualified(connection, REASON_NAMES)
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


def row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The same rows in tables of ROW_GROUP rows or little more, the last one of what is left."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def insert(
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
    coded = _coded(rows, numbers)  # noqa: F841 - DuckDB reads it by its name
    if counts.scored:
        connection.execute(
            f"insert into {qualified(connection, SCORES)} by name select {RUN_KEY} as run_key,"
            f" entity_id, {_STORED} from coded where unscorable is null",
            {"run": run["run"]},
        ).fetchall()
    if counts.unscorable:
        connection.execute(
            f"insert into {qualified(connection, UNSCORABLE)} by name select $task as task,"
            " entity_id, $day as as_of_date, $version as model_version, $run as run_id,"
            " unscorable as reason, $at as scored_at from coded where unscorable is not null",
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
