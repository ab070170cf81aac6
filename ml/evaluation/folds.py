"""Which rows are used in training and which in evaluation: a time split, or repeated folds.

With one matured as-of date: repeated stratified folds, with equal rows in one fold. With several:
the newest date is the test set, and training uses only dates whose label window had ended by then.
Candidates are compared by forward chaining over the training dates, under the same rule. Rows that
were sampled for training only are never used in evaluation.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset, NothingToLearnError, duplicate_groups

__all__ = ["Fold", "Protocol", "grouped_folds", "protocol"]


SMALL = 2_000
"""Rows. Up to this number a fold is cheap and one split varies much by chance, so there are more
folds and many repeats."""
CHAIN = 3
"""Folds of the forward chain at most."""
THIN_ROWS, THIN_SHARE = 100, 0.005
"""A date with fewer rows, or a smaller share of all rows, is joined with the dates before it."""


@dataclass(frozen=True)
class Fold:
    """The row numbers for fitting and for validation."""

    train: RowNumbers
    validate: RowNumbers


@dataclass(frozen=True)
class Protocol:
    """How the candidates of a task are compared and measured."""

    name: str
    """The protocol in words, as the evaluation tables show it."""
    folds: tuple[Fold, ...]
    """The folds on which candidates and their settings are compared."""
    repeats: int
    """How often the rows are split into folds; the folds of one round follow each other."""
    final: RowNumbers
    """The rows on which the shipped model is fitted."""
    test: RowNumbers | None
    """Test rows, newer than all training rows; None without a time split."""


def protocol(
    data: Dataset, seed: int = 0, folds: int | None = None, repeats: int | None = None
) -> Protocol:
    """The protocol for these rows; `folds` and `repeats` replace the defaults for their number.

    Raises NothingToLearnError when a class has fewer distinct rows than there are folds.
    """
    blocks = _blocks(data)
    test = data.evaluation_rows(blocks[-1])
    learned = np.flatnonzero(_ended_by(data, data.as_of[test].min()))
    if data.as_of[0] == data.as_of[-1]:
        groups, rule = duplicate_groups(data.matrix), "duplicates in one fold"
        return _one_shot(data, blocks[-1], groups, rule, seed, folds, repeats)
    if not _both_classes(data, learned):
        rule = f"as of {data.as_of[-1]} only, no earlier label window had ended"
        newest = blocks[-1]
        return _one_shot(data, newest, _same_entity(data, newest), rule, seed, folds, repeats)
    chain = [
        Fold(train, data.evaluation_rows(block))
        for block in blocks[:-1]
        if np.isin(block, learned, assume_unique=True).all()
        and _both_classes(data, block)
        and _both_classes(data, train := np.flatnonzero(_ended_by(data, data.as_of[block].min())))
    ][-(folds or CHAIN) :]
    if not chain:  # one as-of date to train on: no customer is on both sides of a fold
        chain = _split(data, learned, _same_entity(data, learned), seed, folds or CHAIN, 1)
    dates = np.unique(data.as_of[test])
    when = str(dates[-1]) if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    return Protocol(f"time split, test as of {when}", tuple(chain), 1, learned, test)


def grouped_folds(
    labels: npt.NDArray[np.uint8], groups: npt.NDArray[np.int64], folds: int, seed: int
) -> npt.NDArray[np.int64]:
    """The fold of each row [rows], 0 to folds - 1: stratified, with the rows of a group together.

    `labels` and `groups` are [rows]. Groups are sorted by their buyers and size, at random where
    these are equal, and assigned to the folds in turn. For rows without duplicates this is
    stratified k-fold. scikit-learn's StratifiedGroupKFold is as even, but takes 40 s for 100,000
    groups.
    """
    number, group = np.unique(groups, return_inverse=True)
    size = np.bincount(group)
    buyers = np.bincount(group, weights=labels)
    tie_breaker = np.random.default_rng(seed).random(len(number))
    fold = np.empty(len(number), dtype=np.int64)
    fold[np.lexsort((tie_breaker, size, buyers))] = np.arange(len(number)) % folds
    return fold[group]


def _one_shot(
    data: Dataset,
    rows: RowNumbers,
    groups: npt.NDArray[np.int64],
    rule: str,
    seed: int,
    folds: int | None,
    repeats: int | None,
) -> Protocol:
    small = len(rows) <= SMALL
    count = folds or (5 if small else 3)
    times = repeats or (10 if small else 1)
    repeated = f", {times} repeats" if times > 1 else ""
    name = f"{count}-fold stratified CV{repeated}, {rule}"
    found = _split(data, rows, groups, seed, count, times)
    return Protocol(name, tuple(found), times, rows, None)


def _split(
    data: Dataset,
    rows: RowNumbers,
    groups: npt.NDArray[np.int64],
    seed: int,
    folds: int,
    repeats: int,
) -> list[Fold]:
    labels = data.labels[rows]
    evaluated = np.isin(rows, data.evaluation_rows(rows), assume_unique=True)
    fewest = min(len(np.unique(groups[evaluated & (labels == label)])) for label in (0, 1))
    if fewest < folds:
        raise NothingToLearnError(
            f"task {data.task.name} has only {fewest} distinct rows of one class in"
            f" {len(rows):,} labelled rows: {folds} folds need at least {folds}"
        )
    found = []
    for repeat in range(repeats):
        fold = grouped_folds(labels * evaluated, groups, folds, seed + repeat)
        found += [
            Fold(rows[fold != number], rows[evaluated & (fold == number)])
            for number in range(folds)
        ]
    return found


def _same_entity(data: Dataset, rows: RowNumbers) -> npt.NDArray[np.int64]:
    return np.unique(data.entities[rows], return_inverse=True)[1].astype(np.int64)


def _blocks(data: Dataset) -> list[RowNumbers]:
    """The rows by as-of date, oldest first; a thin date is joined with the dates before it."""
    enough = max(THIN_ROWS, THIN_SHARE * len(data.labels))
    return list(_walk_back(data, enough))[::-1]


def _walk_back(data: Dataset, enough: float) -> Iterator[RowNumbers]:
    dates, start = np.unique(data.as_of, return_index=True)  # rows are in order of their date
    end = len(data.labels)
    for position in range(len(dates) - 1, -1, -1):
        block = np.arange(start[position], end)
        last = position == 0
        if last or (len(block) >= enough and _both_classes(data, block)):
            yield block
            end = start[position]


def _ended_by(data: Dataset, date: np.datetime64) -> npt.NDArray[np.bool_]:
    """Whether each row is older than `date` and its label window had ended by then: [rows]."""
    horizon = np.timedelta64(data.task.horizon_days, "D")
    return np.asarray((data.as_of < date) & (data.as_of + horizon <= date))


def _both_classes(data: Dataset, rows: RowNumbers) -> bool:
    evaluated = data.evaluation_rows(rows)
    return bool(0 < data.labels[evaluated].sum() < len(evaluated))
