"""The heart of the truth: every customer's expected orders a day.

Given these rates, a customer's orders are a Poisson process, so the probability of at least one
order in [d, d + h) is 1 - exp(-sum of the rates of these days), exactly.
"""

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ml.synthesize.draw import Flags, Floats
from ml.synthesize.drivers import (
    BULK_LEVEL,
    DISCOUNT_RESPONSE_LEVEL,
    RESPONSE_LEVEL,
    attribute_level,
    attributes,
)
from ml.synthesize.history import (
    ALL_DAYS,
    CAMPAIGN_OF_DAY,
    HORIZONS,
    MONTH_OF_DAY,
    MONTH_STARTS,
    SEASON,
)
from ml.synthesize.people import People

BASE_RATE = 0.0073  # orders a day of an average customer
NEW_DAYS = 45  # a new customer buys more during these first days …
NEW_LEVEL = 1.7  # … by this factor
LOST_LEVEL = 0.03  # a lost customer hardly ever comes back

MOOD_DAYS = 14  # a customer's mood holds this long …
MOOD_MEMORY = 0.6  # … and resembles the next one this much
MOOD_SIGMA = 0.38  # spread of its logarithm

VISIT_RATE = 1.25  # visits a day = this x browsing x (orders a day) ^ VISIT_POWER
VISIT_POWER = 0.6  # visits follow the order rate, but less than proportionally


def _moods(rng: Generator, n: int) -> Floats:
    """Slow swings of the wish to buy, [n, periods], mean 1: a log-normal autoregression."""
    periods = -(-ALL_DAYS // MOOD_DAYS)
    shocks = rng.normal(size=(n, periods))
    state = shocks.copy()
    for period in range(1, periods):
        fresh = np.sqrt(1 - MOOD_MEMORY**2) * shocks[:, period]
        state[:, period] = MOOD_MEMORY * state[:, period - 1] + fresh
    return np.exp(MOOD_SIGMA * state - MOOD_SIGMA**2 / 2)


def order_rates(
    rng: Generator, people: People, responded: Flags, change_day: int | None = None
) -> NDArray[np.float32]:
    """Expected orders a day, [n, ALL_DAYS].

    `responded` is [n, campaigns]. Age, salary and region act as they stand on the first day of the
    month. From `change_day` on who bought most buys least.
    """
    n = len(people.number)
    days = np.arange(ALL_DAYS)
    trait = BASE_RATE * people.propensity * np.where(people.is_bulk, BULK_LEVEL, 1.0)
    levels = [attribute_level(attributes(people, int(day))) for day in MONTH_STARTS]
    moods = _moods(rng, n)

    boost = np.where(people.is_discount_lover, DISCOUNT_RESPONSE_LEVEL, RESPONSE_LEVEL)[:, None]
    response = np.where(responded, boost, 1.0)
    response = np.concatenate([response, np.ones((n, 1))], axis=1)  # the last: no campaign runs

    tenure = days - people.registered_day[:, None]
    stage = np.where(tenure < NEW_DAYS, np.float32(NEW_LEVEL), np.float32(1))
    stage = np.where(tenure < 0, np.float32(0), stage)
    stage = np.where(days >= people.churn_day[:, None], stage * np.float32(LOST_LEVEL), stage)

    rates = _daily([trait * level for level in levels])
    if change_day is not None:
        turned = _daily([_turned(trait * level) for level in levels])
        rates[:, change_day:] = turned[:, change_day:]
    rates *= moods.astype(np.float32)[:, days // MOOD_DAYS]
    rates *= response.astype(np.float32)[:, CAMPAIGN_OF_DAY]
    rates *= SEASON.astype(np.float32)
    rates *= stage
    return rates


def _daily(months: Sequence[Floats]) -> NDArray[np.float32]:
    """The level of each day, from those of the months."""
    return np.stack(months, axis=1).astype(np.float32)[:, MONTH_OF_DAY]


def _turned(level: Floats) -> Floats:
    """Who bought more buys less, by the same factor, and as much is bought in all."""
    return np.asarray(level.sum() / (1 / level).sum() / level)


def visit_rates(
    people: People, rates: NDArray[np.float32], change_day: int | None = None
) -> NDArray[np.float32]:
    """Expected visits a day without a purchase, [n, days], for rates of the same shape.

    From `change_day` on visits say nothing of the wish to buy: everybody's follow the mean.
    """
    browsing = (VISIT_RATE * people.browsing).astype(np.float32)[:, None]
    wish = rates
    if change_day is not None:
        wish = rates.copy()
        wish[:, change_day:] = rates[:, change_day:].mean()
        wish[rates == 0] = 0  # not registered yet
    return browsing * wish ** np.float32(VISIT_POWER)


def purchase_probabilities(rates: NDArray[np.float32], day: int) -> dict[int, Floats]:
    """Probability of at least one order in [day, day + horizon): by horizon in days, each [n]."""
    until = np.cumsum(rates[:, day : day + max(HORIZONS)], axis=1, dtype=np.float64)
    return {horizon: -np.expm1(-until[:, horizon - 1]) for horizon in HORIZONS}
