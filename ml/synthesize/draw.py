"""Tools for drawing that the modules share: random streams, events in time, identifiers."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator, SeedSequence, default_rng
from numpy.typing import NDArray

from ml.synthesize.history import DAY_SECONDS, START

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHUNK_CUSTOMERS = 2_000  # customers drawn, written and forgotten together
CHUNK_IDS = 10_000_000  # identifiers a chunk may use in one table, far more than it needs
ID_DIGITS = 12  # a letter and this many digits
CUSTOMER_DIGITS = 7  # "C0000001"

LATE_SHARE = 0.015  # share of rows that arrive days late
LATE_DAYS = (1, 24)  # how late those are
DELAY_MEDIAN = 900.0  # seconds; the usual delay of arrival is log-normal
DELAY_SIGMA = 1.5
DELAY_LIMIT = 43_200  # 12 hours: whatever is later than a day was planted late

# Orders and visits relative to an average hour: midnight … 23 o'clock.
HOUR_LEVEL = np.array(
    [3, 2, 1, 1, 1, 2, 4, 8, 12, 14, 15, 16, 17, 15, 14, 14, 15, 17, 20, 24, 26, 22, 14, 7], float
)
_HOUR_SHARE = np.concatenate([[0.0], np.cumsum(HOUR_LEVEL) / HOUR_LEVEL.sum()])


class Streams(NamedTuple):
    """Independent random streams of one chunk: one a topic, so that no topic shifts another."""

    people: Generator
    moods: Generator
    engagement: Generator
    orders: Generator
    visits: Generator
    dirt: Generator
    products: Generator


def streams(seed: int, chunk: int) -> Streams:
    """The streams of one chunk; they depend on the seed and the chunk's number only."""
    children = SeedSequence([seed, chunk]).spawn(len(Streams._fields))
    return Streams(*(default_rng(child) for child in children))


def poisson_events(rng: Generator, daily: NDArray[np.float32]) -> tuple[Ints, Ints]:
    """Events of independent Poisson processes.

    `daily` is [rows, days], the expected events a day. Returns the row and the day of every event,
    sorted. The superposition of the processes has Poisson(total) events, and each of them falls
    into a cell with a probability in proportion to the cell's rate.
    """
    until = np.cumsum(daily, axis=None, dtype=np.float64)
    count = int(rng.poisson(until[-1]))
    cell = np.searchsorted(until, np.sort(rng.random(count)) * until[-1], side="right")
    cell = np.minimum(cell, until.size - 1).astype(np.int64)
    return cell // daily.shape[1], cell % daily.shape[1]


def second_of_day(rng: Generator, count: int) -> Ints:
    """Times of day in seconds, busy in the evening, quiet at night."""
    hours = np.interp(rng.random(count), _HOUR_SHARE, np.arange(25.0))
    return np.asarray(np.minimum(hours * 3_600, DAY_SECONDS - 1), np.int64)


def prompt_arrival(rng: Generator, seconds: Ints) -> Ints:
    """When rows that are never late arrive: minutes to hours after their event."""
    delay = np.exp(rng.normal(np.log(DELAY_MEDIAN), DELAY_SIGMA, len(seconds)))
    return seconds + np.clip(delay, 1, DELAY_LIMIT).astype(np.int64)


def arrival(rng: Generator, seconds: Ints) -> Ints:
    """When rows arrive: minutes to hours after their event, a planted share of them days late."""
    prompt = prompt_arrival(rng, seconds)
    first, last = LATE_DAYS
    late = seconds + rng.integers(first * DAY_SECONDS, last * DAY_SECONDS, len(seconds))
    return np.where(rng.random(len(seconds)) < LATE_SHARE, late, prompt)


def timestamps(seconds: Ints) -> NDArray[np.datetime64]:
    """Naive UTC timestamps of seconds since the first day."""
    return np.asarray(START.astype("datetime64[us]") + seconds.astype("timedelta64[s]"))


def identifiers(letter: str, numbers: Ints, digits: int = ID_DIGITS) -> pa.Array:
    """Zero-padded identifiers: ("O", 42) -> "O000000000042"."""
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(letter, padded, "")


def customer_ids(numbers: Ints) -> pa.Array:
    """Identifiers of customers by their number, which starts at 1."""
    return identifiers("C", numbers, CUSTOMER_DIGITS)


def words(options: Sequence[str], index: NDArray[np.integer]) -> pa.Array:
    """A text column: the option at every index."""
    return pa.array(list(options), pa.string()).take(pa.array(index))


def weighted(rng: Generator, weights: Sequence[float], count: int) -> Ints:
    """Indices drawn in proportion to weights."""
    edges = np.cumsum(weights) / np.sum(weights)
    index = np.searchsorted(edges, rng.random(count), side="right")
    return np.minimum(index, len(weights) - 1).astype(np.int64)


def empty_where(values: pa.Array, mask: Flags) -> pa.Array:
    """The column with nulls where the mask is true."""
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)
