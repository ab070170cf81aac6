"""One day of a feature table: does it keep its contract, what is in it, and its rows as Arrow."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from scoring.bundle import Bundle
from warehouse.connection import columns, fetch, qualified, quoted
from warehouse.errors import InputError, NothingToScoreError

__all__ = ["FeatureDay", "Seen", "check_contract", "choose_date", "count_rows", "look_at", "read"]

KEY_HASH = "hash of the key"
ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
"""Multipliers of a hash: the golden ratio, and one of Steele, Lea and Flood's SplitMix64."""


@dataclass(frozen=True)
class FeatureDay:
    """One as-of date of a bundle's feature table, and how many rows it has."""

    as_of_date: date
    rows: int


class Seen:
    """What is known of the rows that have been read so far; their order does not matter."""

    def __init__(self, features: tuple[str, ...], rows: int) -> None:
        """`rows` is how many will be read: eight bytes are kept of each."""
        self._features = features
        self._rows = self._sum = self._known = 0
        self._keys = np.empty(rows, np.uint64)

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at a batch of `read`.

        A row's hash is a polynomial of the bits of its features, mixed so that no two rows can
        trade values and keep the sum of all hashes.
        """
        keys = batch.column(KEY_HASH).to_numpy()
        row = keys.copy()
        for name in self._features:
            row *= ODD[0]
            row += batch.column(name).to_numpy().view(np.uint32)
        row ^= row >> np.uint64(32)
        row *= ODD[1]
        row ^= row >> np.uint64(29)
        self._rows += batch.num_rows
        self._sum = (self._sum + int(row.sum())) % 2**64
        known = keys[np.asarray(batch.column(0).is_valid())]
        self._keys[self._known : self._known + len(known)] = known
        self._known += len(known)

    @property
    def fingerprint(self) -> str:
        """Of the keys and features of all rows."""
        return f"{self._rows}-{self._sum:016x}"

    def may_have_twins(self) -> bool:
        """False where each key that is not null came once; true where two have the same hash."""
        keys = self._keys[: self._known]
        keys.sort()
        return bool((keys[1:] == keys[:-1]).any())


def check_contract(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Raise InputError unless the relation has the bundle's key, date and features, typed."""
    found = columns(connection, bundle.relation)
    if not found:
        raise InputError(f"the warehouse has no relation {bundle.relation}: run dbt build first")
    model = f"model {bundle.model_version} of {bundle.task}"
    for name in (bundle.entity_key, bundle.as_of_column, *bundle.features):
        if name not in found:
            raise InputError(
                f"{bundle.relation} has no column {name}, which {model} needs:"
                " put it back, or train again"
            )
    wanted = {bundle.as_of_column: "DATE"} | dict.fromkeys(bundle.features, "FLOAT")
    for name, kind in wanted.items():
        if found[name] != kind:
            raise InputError(
                f"{bundle.relation}.{name} is {found[name]}, {model} needs {kind}:"
                f" cast it to {kind.lower()} in its SQL"
            )


def choose_date(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, wanted: date | None = None
) -> date:
    """`wanted`, or the newest date of the bundle's relation.

    Raises NothingToScoreError when the relation has no rows, InputError when it has none on that
    date, naming the dates nearest to it.
    """
    day, relation = quoted(bundle.as_of_column), qualified(connection, bundle.relation)
    ((newest, there, before, after),) = fetch(
        connection,
        f"select max({day}), count(*) filter ({day} = $1), max({day}) filter ({day} < $1),"
        f" min({day}) filter ({day} > $1) from {relation}",
        [wanted],
    )
    if newest is None:
        raise NothingToScoreError(f"{bundle.relation} has no rows: run dbt build")
    if wanted is None:
        return date.fromisoformat(str(newest))
    if not there:
        nearest = " and ".join(str(other) for other in (before, after) if other)
        raise InputError(f"{bundle.relation} has no rows as of {wanted}: nearest are {nearest}")
    return wanted


def count_rows(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> FeatureDay:
    """The rows of `day`, counted."""
    ((rows,),) = fetch(connection, f"select count(*) from {_rows_of_day(connection, bundle, day)}")
    return FeatureDay(day, rows)


def look_at(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: FeatureDay, batch_rows: int
) -> Seen:
    """Read all of `day` and keep nothing of it; raises as `read` does."""
    seen = Seen(bundle.features, day.rows)
    for _ in read(connection, bundle, day.as_of_date, batch_rows, seen):
        pass
    return seen


def read(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date, batch_rows: int, seen: Seen
) -> Generator[pa.RecordBatch]:
    """The entity key (as text) and the features of `day`, streamed in batches of `batch_rows`.

    Missing values are NaN. The next batch is read, and added to `seen`, in another thread while one
    is worked on: close the iterator before the connection. Raises InputError at the end when an
    entity is there more than once.
    """
    key = quoted(bundle.entity_key)
    text = f"cast({key} as varchar)"
    values = ", ".join(
        f"coalesce({name}, 'nan'::float) as {name}" for name in map(quoted, bundle.features)
    )
    fetch(connection, "set enable_progress_bar = false")  # a cursor has settings of its own
    batches = connection.sql(
        f"select {text} as {key}, {values}, hash({text}) as {quoted(KEY_HASH)}"
        f" from {_rows_of_day(connection, bundle, day)}"
    ).to_arrow_reader(batch_rows)

    def following() -> pa.RecordBatch | None:
        batch = next(batches, None)
        if batch is not None:
            seen.add(batch)
        return batch

    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        coming = reader.submit(following)
        while (batch := coming.result()) is not None:
            coming = reader.submit(following)
            yield batch
    if seen.may_have_twins():
        _check_twins(connection, bundle, day)


def _check_twins(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> None:
    """Raise InputError that names an entity which is there more than once."""
    key = f"cast({quoted(bundle.entity_key)} as varchar)"
    rows_of_day = f"{_rows_of_day(connection, bundle, day)} and {key} is not null"
    found = fetch(
        connection,
        f"select {key}, count(*), sum(count(*) - 1) over () from {rows_of_day}"
        " group by 1 having count(*) > 1 order by 1 limit 1",
    )
    for entity, times, too_many in found:
        raise InputError(
            f"{bundle.relation} has {times} rows as of {day} for {bundle.entity_key} {entity}"
            f" ({too_many} rows too many in all): keep one row an entity and date"
        )


def _rows_of_day(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> str:
    relation = qualified(connection, bundle.relation)
    return f"{relation} where {quoted(bundle.as_of_column)} = date '{day}'"
