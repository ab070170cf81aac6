"""Scored rows as they are stored: integers in place of reasons and of values shared by a run.

Writing text that is the same in every row would be half of the cost of a million rows. The view
`scoring.predictions` joins the text again.
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
    "RowCounts",
    "count",
    "insert",
    "reason_numbers",
    "row_groups",
]

SCORES = "scoring.scores"
UNSCORABLE = "scoring.unscorable"
REASON_NAMES = "scoring.reasons"
ROW_GROUP = 122_880
"""Rows per insert: the size of DuckDB's row group.

An insert of one row group is written once; another size is merged and written again.
"""

_REASONS = tuple(f"reason_{rank}" for rank in range(1, REASONS + 1))
_STORED = ", ".join(
    ["probability", "score", *_REASONS, *(f"contribution_{rank}" for rank in range(1, REASONS + 1))]
)
RUN_KEY = "cast(hash($run) >> 1 as bigint)"
"""The integer key of a run, computed from its id $run: 63 bits of a hash, unique across files."""


@dataclass(frozen=True)
class RowCounts:
    """The number of entities with scores, and of unscorable ones."""

    scored: int = 0
    unscorable: int = 0

    def __add__(self, other: "RowCounts") -> "RowCounts":
        """The sums of both."""
        return RowCounts(self.scored + other.scored, self.unscorable + other.unscorable)


def count(batch: pa.RecordBatch) -> RowCounts:
    """Count the rows of one batch of `score_batches`."""
    scored = batch.column("unscorable").null_count
    return RowCounts(scored, batch.num_rows - scored)


def reason_numbers(connection: duckdb.DuckDBPyConnection, reasons: tuple[str, ...]) -> pa.Array:
    """The number of each reason in scoring.reasons, int32 [reasons]; new reasons are added."""
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
    """The same rows in tables of at least ROW_GROUP rows; only the last one may be smaller."""
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
) -> RowCounts:
    """Append scored rows (CODED_SCHEMA) to the tables scoring.scores and scoring.unscorable.

    `numbers` is the result of `reason_numbers`. `run` has the values of the run: run, task, day,
    version, at. DuckDB finds the variable `coded` by its name in this frame. Registering it would
    create a view in the transaction, which would keep the rows in memory until the commit.
    """
    counts = sum(map(count, rows.to_batches()), RowCounts())
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
    """The rows with the reasons replaced by their `numbers`."""
    for name in _REASONS:
        coded = [numbers.take(chunk.indices) for chunk in rows.column(name).chunks]
        position = rows.schema.get_field_index(name)
        rows = rows.set_column(position, name, pa.chunked_array(coded, pa.int32()))
    return rows
