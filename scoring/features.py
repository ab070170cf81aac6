"""One day of a feature table: does it keep its contract, what is in it, and its rows as Arrow."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from scoring.bundle import Bundle
from scoring.errors import InputError, NothingToScoreError
from scoring.warehouse import columns, fetch, qualified, quoted

__all__ = ["FeatureDay", "check_contract", "choose_date", "describe", "read"]


@dataclass(frozen=True)
class FeatureDay:
    """The rows of one as-of date: how many, and a fingerprint of what a model would read."""

    as_of_date: date
    rows: int
    fingerprint: str


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


def describe(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> FeatureDay:
    """Count and fingerprint the rows of `day`; the order of the rows does not matter.

    Raises InputError when an entity is there more than once.
    """
    key = f"cast({quoted(bundle.entity_key)} as varchar)"
    values = ", ".join(map(quoted, bundle.features))
    rows_of_day = _rows_of_day(connection, bundle, day)
    ((rows, keyed, entities, content),) = fetch(
        connection,
        f"select count(*), count({key}), count(distinct {key}), sum(hash({key}, {values}))"
        f" from {rows_of_day}",
    )
    if entities < keyed:
        ((entity, times),) = fetch(
            connection,
            f"select {key}, count(*) from {rows_of_day} and {key} is not null"
            " group by 1 having count(*) > 1 order by 1 limit 1",
        )
        raise InputError(
            f"{bundle.relation} has {times} rows as of {day} for {bundle.entity_key} {entity}"
            f" ({keyed - entities} rows too many in all): keep one row an entity and date"
        )
    return FeatureDay(day, rows, f"{rows}-{content or 0:x}")


def read(
    connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date, batch_rows: int
) -> Generator[pa.RecordBatch]:
    """The entity key (as text) and the features of `day`, streamed in batches of `batch_rows`.

    The next batch is read in another thread while one is worked on: close the iterator before the
    connection.
    """
    key = quoted(bundle.entity_key)
    values = ", ".join(map(quoted, bundle.features))
    fetch(connection, "set enable_progress_bar = false")  # a cursor has settings of its own
    batches = connection.sql(
        f"select cast({key} as varchar) as {key}, {values}"
        f" from {_rows_of_day(connection, bundle, day)}"
    ).to_arrow_reader(batch_rows)
    with ThreadPoolExecutor(1, thread_name_prefix="read") as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _rows_of_day(connection: duckdb.DuckDBPyConnection, bundle: Bundle, day: date) -> str:
    relation = qualified(connection, bundle.relation)
    return f"{relation} where {quoted(bundle.as_of_column)} = date '{day}'"
