"""The central part of the truth: the expected orders of each customer per day.

Given these rates, a customer's orders are a Poisson process. So the probability of at least one
order in [d, d + h) is exactly 1 - exp(-sum of the rates of these days).
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

BASE_RATE = 0.0073  # orders per day of an average customer
NEW_DAYS = 45  # days after registration on which a customer buys more
NEW_LEVEL = 1.7  # factor of the order rate on these days
LOST_LEVEL = 0.03  # factor of the order rate of a lost customer

MOOD_DAYS = 14  # days for which a customer's mood stays the same
MOOD_MEMORY = 0.6  # correlation between the moods of consecutive periods
MOOD_SIGMA = 0.38  # standard deviation of the logarithm of a mood

VISIT_RATE = 1.25  # visits per day = VISIT_RATE x browsing x (orders per day) ^ VISIT_POWER
VISIT_POWER = 0.6  # below 1: visits increase less than the order rate


def _moods(rng: Generator, n: int) -> Floats:
    """Slow changes of the order rate, [n, periods], mean 1: a log-normal autoregression."""
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
    """Expected orders per day, [n, ALL_DAYS].

    `responded` is [n, campaigns]. The effects of age, salary and region are those of the first day
    of each month. From `change_day` on, customers who bought most buy least.
    """
    n = len(people.number)
    days = np.arange(ALL_DAYS)
    trait = BASE_RATE * people.propensity * np.where(people.is_bulk, BULK_LEVEL, 1.0)
    levels = [attribute_level(attributes(people, int(day))) for day in MONTH_STARTS]
    moods = _moods(rng, n)

    boost = np.where(people.is_discount_lover, DISCOUNT_RESPONSE_LEVEL, RESPONSE_LEVEL)[:, None]
    response = np.where(responded, boost, 1.0)
    response = np.concatenate([response, np.ones((n, 1))], axis=1)  # the last column: no campaign

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
    """The level of each day, [n, ALL_DAYS], from the levels of the months, [n] each."""
    return np.stack(months, axis=1).astype(np.float32)[:, MONTH_OF_DAY]


def _turned(level: Floats) -> Floats:
    """The reversed levels, [n]: proportional to 1 / level, with the same total."""
    return np.asarray(level.sum() / (1 / level).sum() / level)


def visit_rates(
    people: People, rates: NDArray[np.float32], change_day: int | None = None
) -> NDArray[np.float32]:
    """Expected visits without a purchase per day, [n, days]; `rates` has the same shape.

    From `change_day` on visits do not depend on a customer's order rate, but on the mean rate.
    """
    browsing = (VISIT_RATE * people.browsing).astype(np.float32)[:, None]
    wish = rates
    if change_day is not None:
        wish = rates.copy()
        wish[:, change_day:] = rates[:, change_day:].mean()
        wish[rates == 0] = 0  # not registered yet
    return browsing * wish ** np.float32(VISIT_POWER)


def purchase_probabilities(rates: NDArray[np.float32], day: int) -> dict[int, Floats]:
    """Probability of at least one order in [day, day + horizon), by horizon in days: [n] each."""
    until = np.cumsum(rates[:, day : day + max(HORIZONS)], axis=1, dtype=np.float64)
    return {horizon: -np.expm1(-until[:, horizon - 1]) for horizon in HORIZONS}
