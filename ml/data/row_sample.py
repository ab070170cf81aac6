"""Which labelled rows are read where there are more than a model needs: chosen in the warehouse.

A stratum is an as-of date and an outcome. Of each, the rows are drawn whose hash of entity, date
and seed is lowest, so that the same rows are drawn again, wherever they are stored. Counting looks
at keys, dates and labels alone; of the wide rows only those are read that are drawn, once.

Most are drawn in proportion: they have the base rate of all, and they alone judge. To learn from,
up to a quarter of the draw is more rows of the rarer outcome.
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

__all__ = ["Stratum", "allocate", "draw", "said"]

RARER_SHARE = 4
"""At most one in so many rows of a draw is there to learn from only."""
PREFIX = 2
"""Hexadecimal digits of the hash that rows are counted by: 256 counts a stratum."""
NONE, ALL = "", "g"
"""Texts before and after every hash."""


@dataclass(frozen=True)
class Stratum:
    """The rows of one as-of date and outcome, and how many of them are drawn."""

    as_of: date
    outcome: int
    there: int
    kept: int
    """Drawn in proportion, to learn from and to judge by."""
    more: int = 0
    """Drawn to learn from only."""
    kept_to: str = ALL
    """The last hash of those kept."""
    drawn_to: str = ALL
    """The last hash of all that are drawn."""

    @property
    def drawn(self) -> int:
        """Rows that are read."""
        return self.kept + self.more

    @property
    def weight(self) -> float:
        """How many rows each drawn one stands for."""
        return self.there / self.drawn

    def facts(self) -> dict[str, Any]:
        """As the bundle holds it."""
        return {
            "as_of": str(self.as_of),
            "outcome": self.outcome,
            "rows": self.there,
            "drawn": self.drawn,
            "learned_only": self.more,
            "weight": self.weight,
        }


def draw(
    connection: duckdb.DuckDBPyConnection, labelled: Labelled, most: int, to_learn: bool = False
) -> tuple[Stratum, ...]:
    """The strata in order of date and outcome, and what is drawn of each: all where it is few.

    With `to_learn` there are more of the rarer outcome. Raises UsageError when `most` is less than
    one row a stratum.
    """
    counts = fetch(
        connection,
        f"select {labelled.as_of}, {labelled.outcome}, count(*) from {labelled.source}"
        f" where {labelled.is_known} group by 1, 2 order by 1, 2",
    )
    strata = allocate({(day, outcome): there for day, outcome, there in counts}, most, to_learn)
    if all(stratum.drawn == stratum.there and not stratum.more for stratum in strata):
        return strata
    return _bounded(connection, labelled, strata)


def allocate(
    counts: Mapping[tuple[date, int], int], most: int, to_learn: bool = False
) -> tuple[Stratum, ...]:
    """How many rows to draw of each (as-of date, outcome), given how many there are.

    All where they are no more than `most`; else `most` exactly. Largest remainders round, and no
    stratum is left without a row.
    """
    there = list(counts.values())
    total = sum(there)
    if total <= most:
        return tuple(Stratum(*key, count, count) for key, count in counts.items())
    if most < len(there):
        raise UsageError(
            f"{most:,} rows cannot be drawn from {len(there):,} dates and outcomes: at least one of"
            " each; set NUMEROSITY_TRAINING_ROWS higher"
        )
    rarer = _rarer(counts)
    extra = _extra(total, sum(there[i] for i in rarer), most) if to_learn else 0
    kept, more = _shares(there, most - extra), [0] * len(there)
    while sum(left := [there[i] - kept[i] for i in rarer]) < extra:  # by a row that was rounded up
        extra -= 1
        kept = _shares(there, most - extra)
    for i, count in zip(rarer, _shares(left, extra), strict=True):
        more[i] = count
    for i in range(len(there)):
        if not kept[i] + more[i]:
            largest = max(range(len(there)), key=lambda j: kept[j] + more[j])
            (kept if kept[largest] > 1 else more)[largest] -= 1
            (more if to_learn else kept)[i] = 1
    return tuple(
        Stratum(day, outcome, *figures)
        for (day, outcome), figures in zip(counts, zip(there, kept, more, strict=True), strict=True)
    )


def said(strata: Sequence[Stratum]) -> str | None:
    """What was drawn, as people read it; None where everything was read."""
    there, drawn = sum(each.there for each in strata), sum(each.drawn for each in strata)
    if there == drawn:
        return None
    parts = [_part(strata, 1, "buyers"), _part(strata, 0, "others")]
    more = sum(each.more for each in strata)
    only = f"; {more:,} of them to learn from only" if more else ""
    return f"drew {drawn:,} of {there:,} labelled rows: {', '.join(filter(None, parts))}{only}"


def _part(strata: Sequence[Stratum], outcome: int, name: str) -> str:
    some = [each for each in strata if each.outcome == outcome]
    there, drawn = sum(each.there for each in some), sum(each.drawn for each in some)
    if there == drawn:
        return f"all {there:,} {name}" if there else ""
    ratio = f" (1 in {there / drawn:.3g})" if there > 1.05 * drawn else ""
    return f"{drawn:,} of {there:,} {name}{ratio}"


def _rarer(counts: Mapping[tuple[date, int], int]) -> list[int]:
    """The numbers of the strata of the outcome with fewer rows."""
    by_outcome = [
        sum(count for (_, outcome), count in counts.items() if outcome == each) for each in (0, 1)
    ]
    rarer = int(by_outcome[1] <= by_outcome[0])
    return [i for i, (_, outcome) in enumerate(counts) if outcome == rarer]


def _extra(total: int, rarer: int, most: int) -> int:
    """How many rows of the rarer outcome to add to a proportional draw that is so much smaller.

    So many that they are a share of the draw, all there are, or half of it with those drawn in
    proportion, whichever is least.
    """
    rate = rarer / total
    all_there_are = rate * (total - most) / (1 - rate)
    half = most * (0.5 - rate) / (1 - rate)
    return max(0, int(min(most / RARER_SHARE, all_there_are, half)))


def _shares(sizes: Sequence[int], total: int) -> list[int]:
    """`total` whole rows dealt out in proportion to `sizes`, the largest remainders rounded up.

    None gets more than its size while `total` is at most their sum.
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
    """The strata with the hashes at which they end.

    Rows are counted by the first digits of their hash; only where an end falls are they ranked.
    """
    prefix = f"substr({labelled.hash}, 1, {PREFIX})"
    counted = fetch(
        connection,
        f"select {labelled.as_of}, {labelled.outcome}, {prefix}, count(*)"
        f" from {labelled.source} where {labelled.is_known} group by 1, 2, 3 order by 1, 2, 3",
    )
    ends: dict[tuple[date, int, int], str] = {}  # by stratum and how many rows come before it
    places = []
    of_stratum = {key: list(rows) for key, rows in groupby(counted, key=lambda row: row[:2])}
    for stratum in strata:
        key = stratum.as_of, stratum.outcome
        for rank in {stratum.kept, stratum.drawn}:
            if rank in (0, stratum.there):
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
            drawn_to=ends[each.as_of, each.outcome, each.drawn],
        )
        for each in strata
    )


def _ranked(
    connection: duckdb.DuckDBPyConnection,
    labelled: Labelled,
    places: Sequence[tuple[date, int, str, int, int]],
) -> list[tuple[date, int, int, str]]:
    """The hash at each place (date, outcome, first digits, rank among those, name of the place)."""
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
