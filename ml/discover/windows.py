"""Which rows propose rules, and which confirm them: other customers, and later dates if possible.

A customer who buys often does so on every date. So a group that has many such customers by chance
still has them at a later date, and a later window alone cannot confirm a rule. Therefore customers
are split first, by a hash of their key, and rules are confirmed by customers who did not propose
them.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset, NothingToLearnError

__all__ = ["Windows", "split"]


PROPOSING_SHARE = 0.5
"""Share of the customers who propose; their rows of all earlier dates are used."""
NEWEST_SHARE = 1 / 3
"""The confirming window consists of the newest dates that contain this share of all customers."""
FEWEST = 50
"""Customers needed on each side."""
FEWEST_BUYERS = 5
"""Customers needed on each side with either outcome."""


@dataclass(frozen=True)
class Windows:
    """Row numbers of a Dataset."""

    proposing: RowNumbers
    """Rows from which rules are learned; a customer may have several dates."""
    proposed: RowNumbers
    """The newest proposing row of each customer."""
    confirming: RowNumbers
    """The newest row of each other customer in the confirming window."""
    customers: npt.NDArray[np.int64]
    """[rows of the Dataset], the number of each row's entity."""


def split(data: Dataset, seed: int = 0) -> Windows:
    """Split the matured rows of a task into the two windows.

    Raises NothingToLearnError when a side has too few customers, or too few with either outcome.
    """
    customers, keys = pd.factorize(data.entities)
    proposes = np.array([_hash_share(key, seed) < PROPOSING_SHARE for key in keys])[customers]
    newest = data.as_of >= _confirming_from(data, customers, len(keys))
    horizon = np.timedelta64(data.task.horizon_days, "D")
    ended = data.as_of + horizon <= data.as_of[newest].min()
    earlier = np.flatnonzero(proposes & ~newest & ended)
    confirming = _once(np.flatnonzero(~proposes & newest), customers, len(keys))
    if not _enough(data, _once(earlier, customers, len(keys))):
        earlier = np.flatnonzero(proposes & newest)
    windows = Windows(earlier, _once(earlier, customers, len(keys)), confirming, customers)
    for side, rows in (("propose", windows.proposed), ("confirm", windows.confirming)):
        if not _enough(data, rows):
            buyers = int(data.labels[rows].sum())
            raise NothingToLearnError(
                f"task {data.task.name} has {len(rows):,} customers, {buyers:,} of them buyers, to"
                f" {side} segments: at least {FEWEST} are needed, and {FEWEST_BUYERS} with either"
                " outcome"
            )
    return windows


def _hash_share(key: str, seed: int) -> float:
    """A number from 0 to 1 that depends on the customer's key and the seed only."""
    digest = hashlib.blake2b(f"{seed} {key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _confirming_from(data: Dataset, customers: npt.NDArray[np.int64], count: int) -> np.datetime64:
    """The first date of the confirming window."""
    seen = np.zeros(count, dtype=bool)
    dates, start = np.unique(data.as_of, return_index=True)  # rows are in order of their date
    for position in range(len(dates) - 1, -1, -1):
        seen[customers[start[position] :]] = True
        if seen.mean() >= NEWEST_SHARE:
            break
    return np.datetime64(dates[position])


def _once(rows: RowNumbers, customers: npt.NDArray[np.int64], count: int) -> RowNumbers:
    """The last of `rows` of each customer; the rows are in order of their date."""
    last = np.full(count, -1, dtype=np.int64)
    last[customers[rows]] = rows
    return np.sort(last[last >= 0])


def _enough(data: Dataset, rows: RowNumbers) -> bool:
    buyers = int(data.labels[rows].sum())
    return len(rows) >= FEWEST and FEWEST_BUYERS <= buyers <= len(rows) - FEWEST_BUYERS
