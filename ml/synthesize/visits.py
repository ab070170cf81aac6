"""Web sessions in time: visits that end in an order, visits that precede one, and browsing."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ml.synthesize.draw import Flags, Ints, poisson_events, second_of_day
from ml.synthesize.history import DAY_SECONDS, HISTORY_DAYS
from ml.synthesize.orders import Orders
from ml.synthesize.people import People

LEADING = 1.1  # mean number of visits that precede an online order
LEADING_DAYS = 4.0  # mean days by which they precede it
LEADING_REACH = 13.8  # range of these days
LEADING_LEAST = 0.15  # these days at least
ANONYMOUS_SHARE = (0.23, 0.06)  # share without a customer: browsing, and ending in an order


@dataclass(frozen=True)
class Visits:
    """One chunk of sessions in order of customer and time; arrays of length m."""

    owner: Ints  # position of the customer in the chunk
    seconds: Ints  # since 2024-01-01: the start, or the moment of the order that ends the session
    order: Ints  # position of the order that ends the session, -1 for none
    is_leading: Flags  # precedes an order, within two weeks
    is_anonymous: Flags


def draw_visits(
    rng: Generator, people: People, orders: Orders, rates: NDArray[np.float32]
) -> Visits:
    """Generate the sessions of a chunk; `rates` [n, days]: visits per day without a purchase."""
    bought = np.flatnonzero(orders.is_online)
    leads = np.repeat(bought, rng.poisson(LEADING, len(bought)))
    before = LEADING_LEAST + rng.exponential(LEADING_DAYS, len(leads)) % LEADING_REACH
    browser, day = poisson_events(rng, rates[:, :HISTORY_DAYS])

    owner = np.concatenate([orders.owner[bought], orders.owner[leads], browser])
    seconds = np.concatenate(
        [
            orders.seconds[bought],
            orders.seconds[leads] - (before * DAY_SECONDS).astype(np.int64),
            day * DAY_SECONDS + second_of_day(rng, len(day)),
        ]
    )
    order = np.concatenate([bought, np.full(len(leads) + len(browser), -1)])
    is_leading = np.repeat([False, True, False], [len(bought), len(leads), len(browser)])
    share = np.where(order >= 0, ANONYMOUS_SHARE[1], ANONYMOUS_SHARE[0])
    is_anonymous = rng.random(len(owner)) < share
    # a visit without a purchase belongs to the history and to a registered customer
    kept = np.flatnonzero((order >= 0) | (seconds >= np.maximum(people.registered[owner], 0)))
    kept = kept[np.lexsort((seconds[kept], owner[kept]))]
    return Visits(owner[kept], seconds[kept], order[kept], is_leading[kept], is_anonymous[kept])
