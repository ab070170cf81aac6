"""Sample labelled rows in the warehouse where there are more than a model needs.

A stratum is an as-of date and an outcome. From each stratum the rows with the lowest hash of
entity, date and seed are sampled. So the sample is the same in every run, wherever the rows are
stored. The strata are counted from keys, dates and labels only; of the features, only the sampled
rows are read.

Most rows are sampled in proportion to the strata, so they have the true base rate. Only these rows
are used in evaluation. For training, up to a quarter of the sample consists of further rows of the
rarer outcome.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

import duckdb

from ml.data.labelled_rows import Labelled
from warehouse.connection import fetch
from warehouse.errors import UsageError

__all__ = ["Stratum", "allocate", "describe", "sample"]

RARER_SHARE = 4
"""At most one in this many sampled rows is used in training only."""
PREFIX = 2
"""Hexadecimal digits of the hash by which rows are counted: 256 counts per stratum."""
NONE, ALL = "", "g"
"""Texts that sort before and after every hash."""


@dataclass(frozen=True)
class Stratum:
    """The rows of one as-of date and outcome, and how many of them are sampled."""

    as_of: date
    outcome: int
    available: int
    """Rows in the warehouse."""
    kept: int
    """Rows sampled in proportion, for training and evaluation."""
    more: int = 0
    """Rows sampled for training only."""
    kept_to: str = ALL
    """The highest hash of the rows sampled in proportion."""
    sampled_to: str = ALL
    """The highest hash of all sampled rows."""

    @property
    def sampled(self) -> int:
        """The number of sampled rows."""
        return self.kept + self.more

    @property
    def weight(self) -> float:
        """The number of available rows that each sampled row represents."""
        return self.available / self.sampled

    def facts(self) -> dict[str, Any]:
        """The stratum as the bundle's model.json holds it."""
        return {
            "as_of": str(self.as_of),
            "outcome": self.outcome,
            "rows": self.available,
            "drawn": self.sampled,
            "learned_only": self.more,
            "weight": self.weight,
        }


def sample(
    connection: duckdb.DuckDBPyConnection, labelled: Labelled, most: int, to_learn: bool = False
) -> tuple[Stratum, ...]:
    """The strata in order of date and outcome, with the rows to sample from each.

    At most `most` rows are sampled in total; with fewer available, all of them. With `to_learn` the
    sample has more rows of the rarer outcome. Raises UsageError when `most` is less than one row
    per stratum.
    """
    counts = fetch(
        connection,
        f"select {labelled.as_of}, {labelled.outcome}, count(*) from {labelled.source}"
        f" where {labelled.is_known} group by 1, 2 order by 1, 2",
    )
    strata = allocate({(day, outcome): rows for day, outcome, rows in counts}, most, to_learn)
    if all(stratum.sampled == stratum.available and not stratum.more for stratum in strata):
        return strata
    return _bounded(connection, labelled, strata)


def allocate(
    counts: Mapping[tuple[date, int], int], most: int, to_learn: bool = False
) -> tuple[Stratum, ...]:
    """How many rows to sample from each stratum.

    `counts` holds the available rows by as-of date and outcome. With at most `most` rows in total
    all are sampled, otherwise exactly `most`. Shares are rounded by largest remainders, and every
    stratum gets at least one row. Raises UsageError when `most` is less than one row per stratum.
    """
    available = list(counts.values())
    total = sum(available)
    if total <= most:
        return tuple(Stratum(*key, count, count) for key, count in counts.items())
    if most < len(available):
        raise UsageError(
            f"{most:,} rows are too few for {len(available):,} dates and outcomes: at least one of"
            " each is needed; set NUMEROSITY_TRAINING_ROWS higher"
        )
    rarer = _rarer(counts)
    extra = _extra(total, sum(available[i] for i in rarer), most) if to_learn else 0
    kept, more = _shares(available, most - extra), [0] * len(available)
    # Rounding up may leave one row too few of the rarer outcome.
    while sum(left := [available[i] - kept[i] for i in rarer]) < extra:
        extra -= 1
        kept = _shares(available, most - extra)
    for i, count in zip(rarer, _shares(left, extra), strict=True):
        more[i] = count
    for i in range(len(available)):
        if not kept[i] + more[i]:
            largest = max(range(len(available)), key=lambda j: kept[j] + more[j])
            (kept if kept[largest] > 1 else more)[largest] -= 1
            (more if to_learn else kept)[i] = 1
    return tuple(
        Stratum(day, outcome, *figures)
        for (day, outcome), figures in zip(
            counts, zip(available, kept, more, strict=True), strict=True
        )
    )


def describe(strata: Sequence[Stratum]) -> str | None:
    """A sentence about the sample for people; None where all rows are read."""
    available = sum(each.available for each in strata)
    sampled = sum(each.sampled for each in strata)
    if available == sampled:
        return None
    parts = [_part(strata, 1, "buyers"), _part(strata, 0, "others")]
    more = sum(each.more for each in strata)
    only = f"; {more:,} of them for training only" if more else ""
    listed = ", ".join(filter(None, parts))
    return f"sampled {sampled:,} of {available:,} labelled rows: {listed}{only}"


def _part(strata: Sequence[Stratum], outcome: int, name: str) -> str:
    some = [each for each in strata if each.outcome == outcome]
    available, sampled = sum(each.available for each in some), sum(each.sampled for each in some)
    if available == sampled:
        return f"all {available:,} {name}" if available else ""
    ratio = f" (1 in {available / sampled:.3g})" if available > 1.05 * sampled else ""
    return f"{sampled:,} of {available:,} {name}{ratio}"


def _rarer(counts: Mapping[tuple[date, int], int]) -> list[int]:
    """The positions of the strata of the rarer outcome."""
    by_outcome = [
        sum(count for (_, outcome), count in counts.items() if outcome == each) for each in (0, 1)
    ]
    rarer = int(by_outcome[1] <= by_outcome[0])
    return [i for i, (_, outcome) in enumerate(counts) if outcome == rarer]


def _extra(total: int, rarer: int, most: int) -> int:
    """How many rows of the rarer outcome to sample for training only.

    The smallest of three numbers: one `RARER_SHARE`-th of the sample, all that are available, and
    as many as make the rarer outcome half of the sample.
    """
    rate = rarer / total
    all_there_are = rate * (total - most) / (1 - rate)
    half = most * (0.5 - rate) / (1 - rate)
    return max(0, int(min(most / RARER_SHARE, all_there_are, half)))


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """`total` rows distributed in proportion to `sizes`; the largest remainders are rounded up.

    No share exceeds its size while `total` is at most the sum of `sizes`.
    """
    whole = sum(sizes)
    if not whole:
        return [0] * len(sizes)
    shares = [total * size // whole for size in sizes]
    remainders = [total * size % whole for size in sizes]
    order = sorted(range(len(sizes)), key=lambda i: -remainders[i])
    for i in order[: total - sum(shares)]:
        shares[i] += 1
    return shares


def _bounded(
    connection: duckdb.DuckDBPyConnection, labelled: Labelled, strata: Sequence[Stratum]
) -> tuple[Stratum, ...]:
    """The strata with the highest hashes that they sample.

    Rows are counted by the first digits of their hash. Hashes are ranked only among rows with the
    digits at which a sample ends.
    """
    prefix = f"substr({labelled.hash}, 1, {PREFIX})"
    counted = fetch(
        connection,
        f"select {labelled.as_of}, {labelled.outcome}, {prefix}, count(*)"
        f" from {labelled.source} where {labelled.is_known} group by 1, 2, 3 order by 1, 2, 3",
    )
    ends: dict[tuple[date, int, int], str] = {}  # by stratum and number of rows up to this hash
    places = []
    of_stratum = {key: list(rows) for key, rows in groupby(counted, key=lambda row: row[:2])}
    for stratum in strata:
        key = stratum.as_of, stratum.outcome
        for rank in {stratum.kept, stratum.sampled}:
            if rank in (0, stratum.available):
                ends[*key, rank] = ALL if rank else NONE
                continue
            before = 0
            for *_, digits, count in of_stratum[key]:
                if before + count >= rank:
                    places.append((*key, digits, rank - before, rank))
                    break
                before += count
    found = _ranked(connection, labelled, places) if places else []
    ends |= {(day, outcome, rank): digest for day, outcome, rank, digest in found}
    return tuple(
        replace(
            each,
            kept_to=ends[each.as_of, each.outcome, each.kept],
            sampled_to=ends[each.as_of, each.outcome, each.sampled],
        )
        for each in strata
    )


def _ranked(
    connection: duckdb.DuckDBPyConnection,
    labelled: Labelled,
    places: Sequence[tuple[date, int, str, int, int]],
) -> list[tuple[date, int, int, str]]:
    """The hash at each place.

    A place is date, outcome, first digits, rank among rows with these digits, and rank in the
    stratum. Returns date, outcome, rank in the stratum, and hash.
    """
    listed = ", ".join(
        f"(date '{day}', {outcome}, '{digits}', {nth}, {place})"
        for day, outcome, digits, nth, place in places
    )
    prefix = f"substr({labelled.hash}, 1, {PREFIX})"
    return fetch(
        connection,
        f"with near as (select distinct as_of, outcome, digits from (values {listed})"
        " as places (as_of, outcome, digits, nth, place)),"
        f" ranked as (select near.as_of, near.outcome, near.digits, {labelled.hash} as hash,"
        f" row_number() over (partition by near.as_of, near.outcome, near.digits"
        f" order by {labelled.hash}) as nth from {labelled.source}"
        f" inner join near on {labelled.as_of} = near.as_of"
        f" and {labelled.outcome} = near.outcome and {prefix} = near.digits"
        f" where {labelled.is_known})"
        " select places.as_of, places.outcome, places.place, ranked.hash from ranked"
        f" inner join (values {listed}) as places (as_of, outcome, digits, nth, place)"
        " on ranked.as_of = places.as_of and ranked.outcome = places.outcome"
        " and ranked.digits = places.digits and ranked.nth = places.nth",
    )
