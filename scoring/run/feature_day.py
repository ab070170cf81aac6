"""One as-of date of a DuckDB feature table: check its contract, read and fingerprint its rows."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa

from scoring.bundle import Bundle
from scoring.run.contract import check_columns, check_date, duplicates
from warehouse.connection import columns, fetch, qualified, quoted
from warehouse.errors import InputError

__all__ = [
    "FeatureDay",
    "RowDigest",
    "check_contract",
    "choose_date",
    "count_rows",
    "digest_rows",
    "read",
]

KEY_HASH = "hash of the key"
ODD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)
"""Multipliers of the hash: 2^64 / golden ratio, and one of SplitMix64 (Steele, Lea, Flood 2014)."""


@dataclass(frozen=True)
class FeatureDay:
    """One as-of date of a bundle's feature table, and how many rows it has."""

    as_of_date: date
    rows: int


class RowDigest:
    """A fingerprint of the rows read so far, and a check for duplicate keys; order-independent."""

    def __init__(self, features: tuple[str, ...], rows: int) -> None:
        """`rows` is the number of rows that will be read; 8 bytes are kept for each."""
        self._features = features
        self._rows = self._sum = self._known = 0
        self._keys = np.empty(rows, np.uint64)

    def add(self, batch: pa.RecordBatch) -> None:
        """Add a batch of `read`.

        The hash of a row is a polynomial of the bits of its features, mixed at the end. Without the
        mixing, two rows could exchange values and the sum of all hashes would stay the same.
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
        """`<rows>-<16 hex digits>`, computed from the keys and features of all rows."""
        return f"{self._rows}-{self._sum:016x}"

    def may_have_duplicates(self) -> bool:
        """Whether two keys have the same hash; False means that every non-null key is unique."""
        keys = self._keys[: self._known]
        keys.sort()
        return bool((keys[1:] == keys[:-1]).any())


def check_contract(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Raise InputError unless the relation has the bundle's columns with the right types.

    These are the entity key, the as-of date (DATE) and the features (FLOAT).
    """
    found = columns(connection, bundle.relation)
    if not found:
        raise InputError(f"the warehouse has no relation {bundle.relation}: run dbt build first")
    check_columns(bundle, found, date_type="DATE", feature_type="FLOAT")


def choose_date(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, wanted: date | None = None
) -> date:
    """`wanted` if the bundle's relation has rows on that date; by default its newest date.

    Raises NothingToScoreError when the relation is empty, or has no rows on that date; it names the
    nearest dates.
    """
    day, relation = quoted(bundle.as_of_column), qualified(connection, bundle.relation)
    ((newest, rows, before, after),) = fetch(
        connection,
        f"select max({day}), count(*) filter ({day} = $1), max({day}) filter ({day} < $1),"
        f" min({day}) filter ({day} > $1) from {relation}",
        [wanted],
    )
    return check_date(bundle, wanted, newest, rows, before, after)


def count_rows(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> FeatureDay:
    """Count the rows of `day`."""
    ((rows,),) = fetch(connection, f"select count(*) from {_rows_of_day(connection, bundle, day)}")
    return FeatureDay(day, rows)


def digest_rows(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: FeatureDay, batch_rows: int
) -> RowDigest:
    """Read the rows of `day` only for their digest; raises as `read` does."""
    digest = RowDigest(bundle.features, day.rows)
    for _ in read(connection, bundle, day.as_of_date, batch_rows, digest):
        pass
    return digest


def read(
    connection: duckdb.DuckDBPyConnection,
    bundle: Bundle,
    day: date,
    batch_rows: int,
    digest: RowDigest,
) -> Generator[pa.RecordBatch]:
    """Stream the rows of `day` in batches of `batch_rows`, and add each batch to `digest`.

    A batch has the entity key as text, the features as float32 with NaN for missing values, and a
    hash of the key. Another thread reads the next batch while the caller works on one, so close
    the iterator before the connection. Raises InputError at the end when an entity has several
    rows.
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
            digest.add(batch)
        return batch

    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        coming = reader.submit(following)
        while (batch := coming.result()) is not None:
            coming = reader.submit(following)
            yield batch
    if digest.may_have_duplicates():
        _check_duplicates(connection, bundle, day)


def _check_duplicates(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> None:
    """Raise InputError when an entity has several rows on that date."""
    key = f"cast({quoted(bundle.entity_key)} as varchar)"
    rows_of_day = f"{_rows_of_day(connection, bundle, day)} and {key} is not null"
    found = fetch(
        connection,
        f"select {key}, count(*), sum(count(*) - 1) over () from {rows_of_day}"
        " group by 1 having count(*) > 1 order by 1 limit 1",
    )
    for entity, rows, too_many in found:
        raise duplicates(bundle, day, entity, rows, too_many)


def _rows_of_day(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> str:
    relation = qualified(connection, bundle.relation)
    return f"{relation} where {quoted(bundle.as_of_column)} = date '{day}'"
