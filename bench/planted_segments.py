"""Generated shops with known true rates, as counts of micro-segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.random import Generator

__all__ = ["STRENGTHS", "Strength", "draw_shops"]

PARTS = (4, 12, 20, 4)
"""Parts of a segment, by level: life cycle, recency x frequency x money, age x salary, visits."""
EVENNESS = (2.0, 0.5, 0.5, 1.0)
"""Parameter of the Dirichlet distribution of the parts' shares; below 1, few parts are large."""
SIZES = (1_000, 5_000, 20_000)
BASE_RATES = (0.03, 0.12, 0.27)
FIRST_DATE = date(2026, 1, 1)


@dataclass(frozen=True)
class Strength:
    """How much segments differ: the standard deviation of siblings' log-odds, by level."""

    name: str
    spread: tuple[float, ...]


STRENGTHS = (
    Strength("strong", (1.2, 1.0, 0.8, 0.8)),
    Strength("medium", (0.8, 0.7, 0.4, 0.3)),
    Strength("mild", (0.5, 0.4, 0.25, 0.15)),
    Strength("weak", (0.3, 0.2, 0.1, 0.05)),
    Strength("none", (0.0, 0.0, 0.0, 0.0)),
)


def draw_shops(
    rng: Generator, shops: int, strengths: Sequence[Strength] = STRENGTHS
) -> pd.DataFrame:
    """Generate `shops` shops of each strength; each shop has its own as-of date.

    Returns one row per segment, level and shop: the columns of segments.micro_segment_counts, the
    strength, and `true_rate`, the mean of the customers' true rates. Differences are normal in
    log-odds, so the beta distribution that the estimates assume is only approximately true.
    """
    drawn: list[pd.DataFrame] = []
    for strength in strengths:
        for _ in range(shops):
            shop = _draw_shop(rng, strength.spread)
            when = FIRST_DATE + timedelta(days=len(drawn))
            drawn.append(shop.assign(strength=strength.name, as_of_date=when))
    return pd.concat(drawn, ignore_index=True)


def _draw_shop(rng: Generator, spread: Sequence[float]) -> pd.DataFrame:
    base = rng.choice(BASE_RATES)
    log_odds = np.array([np.log(base / (1 - base)) + rng.normal(0, 0.3)])
    share = np.ones(1)
    paths: list[tuple[str, ...]] = [("everyone",)]
    for level, (parts, evenness, sd) in enumerate(zip(PARTS, EVENNESS, spread, strict=True), 1):
        shares = rng.dirichlet([evenness] * parts, size=len(share))
        share = (share[:, None] * shares).ravel()
        log_odds = np.repeat(log_odds, parts) + rng.normal(0, sd, len(share))
        # Segments of level 1 are named without their parent, as in customer_micro_segments.
        paths = [
            (*path, f"{path[-1]}/{part}" if level > 1 else str(part))
            for path in paths
            for part in range(parts)
        ]
    customers = rng.multinomial(rng.choice(SIZES), share / share.sum())
    rate = 1 / (1 + np.exp(-log_odds))
    leaves = pd.DataFrame(paths)
    leaves["customers"] = customers
    leaves["expected"] = customers * rate
    leaves["buyers"] = rng.binomial(customers, rate)
    leaves = leaves[leaves["customers"] > 0]
    levels = []
    for level in range(len(PARTS) + 1):
        keys = [max(level - 1, 0), level] if level else [0]
        counted = leaves.groupby(keys)[["customers", "expected", "buyers"]].sum().reset_index()
        levels.append(
            pd.DataFrame(
                {
                    "segment_id": counted[level],
                    "segment_name": counted[level],
                    "level": level,
                    "parent_segment_id": counted[max(level - 1, 0)],
                    "outcome": "has_purchase_30d",
                    "customers": counted["customers"],
                    "buyers": counted["buyers"],
                    "revenue": 0.0,
                    "customers_scored": 0,
                    "buyers_scored": 0,
                    "predicted_buyers": 0.0,
                    "true_rate": counted["expected"] / counted["customers"],
                }
            )
        )
    return pd.concat(levels, ignore_index=True)
