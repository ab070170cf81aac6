"""`python -m bench discover`: what discovery finds in noise, and in data with planted segments.

Noise: each customer keeps a habit over all dates, and no feature is related to it. Every confirmed
segment is then false, and at most one run in twenty may have one. For comparison, the same rules
are also confirmed at a later date by the customers who proposed them: this shows why customers are
split.

Planted: the same customers, with five segments planted in their features.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table
from scipy.stats import binomtest

from bench.machine import machine
from ml.data.arrays import Flags, Floats
from ml.data.dataset import Dataset
from ml.discover.confirm import Discovery, confirm
from ml.discover.evidence import overlap
from ml.discover.propose import propose
from ml.discover.rules import Members
from ml.discover.windows import Windows, split
from warehouse.console import progress_bar, show
from warehouse.feature_tables import Feature, FeatureTable, Task

__all__ = ["PLANTED", "Shop", "discover", "draw", "evaluate", "find", "same_customers_later"]


DATES, STEP, HORIZON = 6, 28, 30
BASE = 0.2
"""Expected orders of an average customer within the horizon, before planted effects."""
HABIT, STRONG_HABIT = 1.0, 8.0
"""Variance of a customer's own order rate: gamma distributed, mean 1, the same on all dates."""
FOUND = 0.5
"""A planted segment is found when a confirmed one overlaps with it by this much (Jaccard)."""
LEAST_EFFECT = 1.05
"""A finding is false when the true rates differ by a smaller factor, or in the other direction."""

GROUPS = {
    "people": ("age", "salary", "is_woman", "tenure_days"),
    "orders": ("order_count_90d", "spent_90d", "days_since_last_order", "discount_share"),
    "web": ("visit_count_30d", "seconds", "click_count_90d", "is_mobile"),
}


@dataclass(frozen=True)
class Planted:
    """A planted segment whose members order `times` as often."""

    name: str
    times: float
    applies: Callable[[dict[str, Floats]], Flags]


PLANTED = (
    Planted(
        "age 25 to 34, salary 60,000 or more",
        3.0,
        lambda x: np.asarray((x["age"] >= 25) & (x["age"] < 35) & (x["salary"] >= 60_000)),
    ),
    Planted(
        "age 55 or more, salary under 30,000",
        0.2,
        lambda x: np.asarray((x["age"] >= 55) & (x["salary"] < 30_000)),
    ),
    Planted(
        "3 or more orders, last one under 30 days ago",
        3.0,
        lambda x: np.asarray((x["order_count_90d"] >= 3) & (x["days_since_last_order"] < 30)),
    ),
    Planted(
        "woman, 2 or more clicks",
        2.5,
        lambda x: np.asarray((x["is_woman"] == 1) & (x["click_count_90d"] >= 2)),
    ),
    Planted(
        "on a phone, 5 or more visits, under 60 seconds",
        3.0,
        lambda x: np.asarray(
            (x["is_mobile"] == 1) & (x["visit_count_30d"] >= 5) & (x["seconds"] < 60)
        ),
    ),
)


@dataclass(frozen=True)
class Shop:
    """A generated data set and its truth."""

    data: Dataset
    probability: Floats
    """[rows], true probability of buying given the features, averaged over habits."""
    planted: tuple[Flags, ...]
    """The members of each planted segment, [rows] each; empty for noise."""


def draw(
    customers: int, seed: int, planted: Sequence[Planted] = (), habit_variance: float = HABIT
) -> Shop:
    """Generate a shop of `customers` at `DATES` dates, with some values missing."""
    rng = np.random.default_rng(seed)
    columns = _columns(rng, customers)
    effect = np.ones(customers * DATES)
    if planted:
        effect *= (columns["salary"] / 40_000) ** 0.3 * np.exp(0.05 * columns["order_count_90d"])
    members = tuple(one.applies(columns) for one in planted)
    for one, who in zip(planted, members, strict=True):
        effect = np.where(who, effect * one.times, effect)
    habit = np.tile(rng.gamma(1 / habit_variance, habit_variance, customers), DATES)
    labels = rng.random(len(effect)) < -np.expm1(-BASE * effect * habit)
    probability = 1 - (1 + habit_variance * BASE * effect) ** (-1 / habit_variance)
    matrix = np.column_stack(list(columns.values())).astype(np.float32)
    matrix[rng.random(matrix.shape) < 0.01] = np.nan
    return Shop(_dataset(matrix, labels, customers), probability, members)


def find(data: Dataset, windows: Windows, seed: int) -> list[Discovery]:
    """Propose and confirm segments; returns the confirmed ones."""
    found = confirm(data, propose(data, windows, seed), windows.proposed, windows.confirming)
    return [one for one in found if one.is_confirmed]


def same_customers_later(data: Dataset, windows: Windows) -> Windows:
    """A split by time alone: all customers propose, and the same customers confirm later."""
    newest = data.as_of == data.as_of.max()
    ended = data.as_of + np.timedelta64(HORIZON, "D") <= data.as_of.max()
    earlier, later = np.flatnonzero(ended), np.flatnonzero(newest)
    before = np.flatnonzero(data.as_of == data.as_of[earlier].max())
    return Windows(earlier, before, later, windows.customers)


def evaluate(shop: Shop, found: Sequence[Discovery]) -> tuple[int, int]:
    """The number of planted segments that were found, and of confirmed segments that are false."""
    newest = np.flatnonzero(shop.data.as_of == shop.data.as_of.max())
    members = Members(shop.data.names, shop.data.matrix[newest])
    truth = shop.probability[newest]
    recalled = sum(
        any(
            one.is_above == (plan.times > 1) and overlap(members(one.rule), who[newest]) >= FOUND
            for one in found
        )
        for plan, who in zip(PLANTED, shop.planted, strict=False)
    )
    return recalled, sum(_is_false(one, members, truth) for one in found)


def discover(runs: int = 100, customers: int = 500, seed: int = 0) -> dict[str, Any]:
    """Run the benchmark, print its table, and return its figures."""
    rows = [
        _noise("noise", runs, customers, seed, HABIT),
        _noise("noise, strong habits", runs, customers, seed, STRONG_HABIT),
        _noise(
            "the same, split by time alone",
            runs,
            customers,
            seed,
            STRONG_HABIT,
            same_customers_later,
        ),
        *(_planted(max(3, runs // 20), size, seed) for size in (5_000, 20_000)),
    ]
    table = Table(title=f"discovery of segments, {_machine_text()}", title_justify="left")
    for heading in rows[0]:
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for row in rows:
        table.add_row(*map(str, row.values()))
    show(table)
    return {"command": "discover", "machine": _machine_text(), "rows": rows}


def _noise(
    what: str,
    runs: int,
    customers: int,
    seed: int,
    habit: float,
    windows_of: Callable[[Dataset, Windows], Windows] = lambda _, windows: windows,
) -> dict[str, Any]:
    started = time.perf_counter()
    wrong = []
    with progress_bar(what) as advance:
        for run in range(runs):
            data = draw(customers, seed + run, habit_variance=habit).data
            wrong.append(len(find(data, windows_of(data, split(data, run)), run)))
            advance(run + 1, runs)
    failed = sum(count > 0 for count in wrong)
    interval = binomtest(failed, runs).proportion_ci(0.95, "wilson")
    return {
        "what": what,
        "customers": customers,
        "runs": runs,
        "runs with a false segment": f"{failed / runs:.1%}",
        "95 % interval": f"{interval.low:.1%} to {interval.high:.1%}",
        "confirmed": f"{np.mean(wrong):.2f}",
        "false": f"{np.mean(wrong):.2f}",
        "planted found": "",
        "seconds": f"{(time.perf_counter() - started) / runs:.1f}",
    }


def _planted(runs: int, customers: int, seed: int) -> dict[str, Any]:
    started = time.perf_counter()
    confirmed, recalled, false = [], [], []
    with progress_bar(f"planted, {customers:,} customers") as advance:
        for run in range(runs):
            shop = draw(customers, seed + run, PLANTED)
            found = find(shop.data, split(shop.data, run), run)
            right, wrong = evaluate(shop, found)
            confirmed.append(len(found))
            recalled.append(right)
            false.append(wrong)
            advance(run + 1, runs)
    failed = sum(count > 0 for count in false)
    interval = binomtest(failed, runs).proportion_ci(0.95, "wilson")
    return {
        "what": f"planted: {len(PLANTED)} segments",
        "customers": customers,
        "runs": runs,
        "runs with a false segment": f"{failed / runs:.1%}",
        "95 % interval": f"{interval.low:.1%} to {interval.high:.1%}",
        "confirmed": f"{np.mean(confirmed):.2f}",
        "false": f"{np.mean(false):.2f}",
        "planted found": f"{np.mean(recalled):.2f}",
        "seconds": f"{(time.perf_counter() - started) / runs:.1f}",
    }


def _columns(rng: np.random.Generator, customers: int) -> dict[str, Floats]:
    """Features by name, [customers × dates] each, date by date."""
    n = customers * DATES
    age, salary, woman, tenure = (
        rng.uniform(18, 80, customers),
        np.round(rng.lognormal(np.log(40_000), 0.45, customers), -2),
        rng.integers(0, 2, customers),
        rng.uniform(0, 2_000, customers),
    )
    later = np.repeat(np.arange(DATES), customers) * STEP
    pace = np.tile(rng.gamma(1.0, 1.0, customers), DATES)
    orders = rng.poisson(pace * 1.3)
    return {
        "age": np.tile(age, DATES) + later / 365,
        "salary": np.tile(salary, DATES),
        "is_woman": np.tile(woman, DATES).astype(np.float64),
        "tenure_days": np.tile(tenure, DATES) + later,
        "order_count_90d": orders.astype(np.float64),
        "spent_90d": orders * rng.lognormal(3.5, 0.6, n),
        "days_since_last_order": np.where(orders > 0, rng.integers(1, 91, n), np.nan),
        "discount_share": rng.beta(1, 4, n),
        "visit_count_30d": rng.poisson(4, n).astype(np.float64),
        "seconds": rng.lognormal(4.4, 0.8, n),
        "click_count_90d": rng.poisson(0.8, n).astype(np.float64),
        "is_mobile": np.tile(rng.integers(0, 2, customers), DATES).astype(np.float64),
    }


def _dataset(matrix: npt.NDArray[np.float32], labels: Flags, customers: int) -> Dataset:
    features = tuple(
        Feature(name, name.replace("_", " "), group, False, False, None)
        for group, names in GROUPS.items()
        for name in names
    )
    task = Task("purchase", "buys", "has_purchase", HORIZON, ())
    dates = np.datetime64("2026-01-01", "D") + STEP * np.arange(DATES)
    keys = np.array([f"c{number:06d}" for number in range(customers)], dtype=object)
    return Dataset(
        table=FeatureTable("features.drawn", "customer", "key", "as_of", features, (task,)),
        task=task,
        matrix=matrix,
        labels=labels.astype(np.uint8),
        entities=np.tile(keys, DATES),
        as_of=np.repeat(dates, customers),
    )


def _is_false(one: Discovery, members: Members, truth: Floats) -> bool:
    """Whether the true rates contradict one of the segment's comparisons."""
    return any(ratio < LEAST_EFFECT for ratio in _true_ratios(one, members, truth))


def _true_ratios(one: Discovery, members: Members, truth: Floats) -> Iterator[float]:
    who = members(one.rule)
    for base in (np.ones(len(truth), dtype=bool), *map(members, one.rule.parents())):
        inside, outside = truth[who].mean(), truth[base & ~who].mean()
        yield float(inside / outside if one.is_above else outside / inside)


def _machine_text() -> str:
    facts = machine()
    return f"{facts['cores']} cores, {facts['memory_gib']:.0f} GiB"
