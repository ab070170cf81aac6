"""Functions that turn good rows of a table into faulty rows."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from ml.synthesize.draw import customer_ids, identifiers
from ml.synthesize.history import DAY_SECONDS

Change = Callable[[pa.Table, Generator], pa.Table]

FUTURE_DAYS = (60, 200)  # days by which a future event is later than its arrival
ABSENT_CUSTOMERS = 9_900_000  # numbers from here on belong to no customer
ABSENT_ORDERS = 999_000_000_000


def put(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """The table with one column replaced."""
    place = rows.schema.get_field_index(column)
    return rows.set_column(place, rows.schema.field(place), values)


def cycle(column: str, values: Sequence[object]) -> Change:
    """Put these values into a column, in turn."""

    def change(rows: pa.Table, rng: Generator) -> pa.Table:
        chosen = [values[place % len(values)] for place in range(len(rows))]
        return put(rows, column, pa.array(chosen, rows.schema.field(column).type))

    return change


def scale(column: str, factor: float) -> Change:
    """Multiply a column."""
    return lambda rows, rng: put(rows, column, pc.multiply(rows[column], factor))


def blank(*columns: str) -> Change:
    """Empty one of the columns in each row, in turn."""

    def change(rows: pa.Table, rng: Generator) -> pa.Table:
        for place, column in enumerate(columns):
            values = rows[column].to_pylist()
            values[place :: len(columns)] = [None] * len(values[place :: len(columns)])
            rows = put(rows, column, pa.array(values, rows.schema.field(column).type))
        return rows

    return change


def respell(column: str, spellings: Mapping[str, Sequence[str]] | None = None) -> Change:
    """Spell a text differently: in one of the given ways, or with other case or extra spaces."""

    def change(rows: pa.Table, rng: Generator) -> pa.Table:
        texts: list[str] = rows[column].to_pylist()
        ways = [(spellings or {}).get(t) or (t.upper(), f"{t.lower()} ", f" {t}") for t in texts]
        chosen = [way[place % len(way)] for place, way in enumerate(ways)]
        return put(rows, column, pa.array(chosen, pa.string()))

    return change


def in_turn(*changes: Change) -> Change:
    """The first change for the first row, the second for the next, and so on."""

    def change(rows: pa.Table, rng: Generator) -> pa.Table:
        turn = np.arange(len(rows)) % len(changes)
        parts = [one(rows.filter(pa.array(turn == k)), rng) for k, one in enumerate(changes)]
        back = np.argsort(np.argsort(turn, kind="stable"), kind="stable")
        return pa.concat_tables(parts).take(pa.array(back))

    return change


def to_future(column: str) -> Change:
    """Move an event to months after its arrival."""

    def change(rows: pa.Table, rng: Generator) -> pa.Table:
        seconds = rng.integers(
            FUTURE_DAYS[0] * DAY_SECONDS, FUTURE_DAYS[1] * DAY_SECONDS, len(rows)
        )
        moved = rows["known_at"].to_numpy() + seconds.astype("timedelta64[s]")
        return put(rows, column, pa.array(moved))

    return change


def absent_customer(rows: pa.Table, rng: Generator) -> pa.Table:
    """Point to customers who do not exist."""
    return put(
        rows, "customer_id", customer_ids(ABSENT_CUSTOMERS + rng.integers(0, 99_999, len(rows)))
    )


def absent_order(rows: pa.Table, rng: Generator) -> pa.Table:
    """Point to orders that do not exist."""
    return put(
        rows, "order_id", identifiers("O", ABSENT_ORDERS + rng.integers(0, 999_999, len(rows)))
    )


def unchanged(rows: pa.Table, rng: Generator) -> pa.Table:
    """Return the rows as they are, for exact copies."""
    return rows
