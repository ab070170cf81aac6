"""Shared functions to generate data: random streams, events in time, identifiers."""

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

CHUNK_CUSTOMERS = 2_000  # customers that are generated and written together
CHUNK_IDS = 10_000_000  # range of identifiers of a chunk in one table, far more than it needs
ID_DIGITS = 12  # digits after the letter of an identifier
CUSTOMER_DIGITS = 7  # as in "C0000001"

LATE_SHARE = 0.015  # share of rows that arrive days late
LATE_DAYS = (1, 24)  # by how many days
DELAY_MEDIAN = 900.0  # seconds; the usual delay of arrival is log-normal
DELAY_SIGMA = 1.5  # standard deviation of its logarithm
DELAY_LIMIT = 43_200  # seconds; shorter than a day, so that only planted rows are late

# Orders and visits in each hour of the day, from midnight on, in relative numbers.
HOUR_LEVEL = np.array(
    [3, 2, 1, 1, 1, 2, 4, 8, 12, 14, 15, 16, 17, 15, 14, 14, 15, 17, 20, 24, 26, 22, 14, 7], float
)
_HOUR_SHARE = np.concatenate([[0.0], np.cumsum(HOUR_LEVEL) / HOUR_LEVEL.sum()])


class Streams(NamedTuple):
    """Independent random streams of one chunk, one per topic, so that topics do not interact."""

    people: Generator
    moods: Generator
    engagement: Generator
    orders: Generator
    visits: Generator
    dirt: Generator
    products: Generator


def streams(seed: int, chunk: int) -> Streams:
    """The streams of one chunk. They depend only on the seed and the number of the chunk."""
    children = SeedSequence([seed, chunk]).spawn(len(Streams._fields))
    return Streams(*(default_rng(child) for child in children))


def poisson_events(rng: Generator, daily: NDArray[np.float32]) -> tuple[Ints, Ints]:
    """Sample the events of independent Poisson processes.

    `daily` is [rows, days], the expected number of events per day. Returns the row and the day of
    each event [events], sorted. The total number of events is Poisson distributed, and each event
    falls into a cell with a probability in proportion to the cell's rate.
    """
    until = np.cumsum(daily, axis=None, dtype=np.float64)
    count = int(rng.poisson(until[-1]))
    cell = np.searchsorted(until, np.sort(rng.random(count)) * until[-1], side="right")
    cell = np.minimum(cell, until.size - 1).astype(np.int64)
    return cell // daily.shape[1], cell % daily.shape[1]


def second_of_day(rng: Generator, count: int) -> Ints:
    """Random times of day in seconds: many in the evening, few at night."""
    hours = np.interp(rng.random(count), _HOUR_SHARE, np.arange(25.0))
    return np.asarray(np.minimum(hours * 3_600, DAY_SECONDS - 1), np.int64)


def prompt_arrival(rng: Generator, seconds: Ints) -> Ints:
    """Arrival times in seconds, minutes to hours after the events; no row is late."""
    delay = np.exp(rng.normal(np.log(DELAY_MEDIAN), DELAY_SIGMA, len(seconds)))
    return seconds + np.clip(delay, 1, DELAY_LIMIT).astype(np.int64)


def arrival(rng: Generator, seconds: Ints) -> Ints:
    """Arrival times in seconds, minutes to hours after the events; a planted share is days late."""
    prompt = prompt_arrival(rng, seconds)
    first, last = LATE_DAYS
    late = seconds + rng.integers(first * DAY_SECONDS, last * DAY_SECONDS, len(seconds))
    return np.where(rng.random(len(seconds)) < LATE_SHARE, late, prompt)


def timestamps(seconds: Ints) -> NDArray[np.datetime64]:
    """UTC timestamps without time zone, from seconds since the first day."""
    return np.asarray(START.astype("datetime64[us]") + seconds.astype("timedelta64[s]"))


def identifiers(letter: str, numbers: Ints, digits: int = ID_DIGITS) -> pa.Array:
    """Zero-padded identifiers: ("O", 42) -> "O000000000042"."""
    padded = pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")
    return pc.binary_join_element_wise(letter, padded, "")


def customer_ids(numbers: Ints) -> pa.Array:
    """Identifiers of customers from their numbers, which start at 1."""
    return identifiers("C", numbers, CUSTOMER_DIGITS)


def words(options: Sequence[str], index: NDArray[np.integer]) -> pa.Array:
    """A text column with the option at each index."""
    return pa.array(list(options), pa.string()).take(pa.array(index))


def weighted(rng: Generator, weights: Sequence[float], count: int) -> Ints:
    """Random indices with probabilities in proportion to `weights`: [count]."""
    edges = np.cumsum(weights) / np.sum(weights)
    index = np.searchsorted(edges, rng.random(count), side="right")
    return np.minimum(index, len(weights) - 1).astype(np.int64)


def empty_where(values: pa.Array, mask: Flags) -> pa.Array:
    """The column with nulls where the mask is true."""
    return pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)
