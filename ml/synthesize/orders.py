"""Orders: purchases generated from the rates, and the returns and cancellations that follow."""

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from numpy.typing import NDArray

from ml.synthesize.draw import (
    CHUNK_IDS,
    Flags,
    Ints,
    arrival,
    customer_ids,
    empty_where,
    identifiers,
    poisson_events,
    second_of_day,
    timestamps,
    words,
)
from ml.synthesize.engagement import campaign_ids
from ml.synthesize.history import CAMPAIGN_OF_DAY, DAY_SECONDS, HISTORY_DAYS
from ml.synthesize.people import People

AHEAD_DAYS = 15  # days after the history for which orders are generated

ORDER_TYPES = ("purchase", "return", "cancellation")
ONLINE_SHARE = 0.85  # share of purchases from a web session; the others are by phone or in a store
ATTRIBUTED_SHARE = 0.6  # share of purchases during an answered campaign that name the campaign
RETURN_SHARE = 0.042
RETURN_DAYS = (4, 30)
CANCELLATION_SHARE = 0.02
CANCELLATION_DAYS = (0.1, 3)


@dataclass(frozen=True)
class Orders:
    """One chunk of orders in order of customer and time; arrays of length m."""

    owner: Ints  # position of the customer in the chunk
    seconds: Ints  # since 2024-01-01
    kind: Ints  # index into ORDER_TYPES
    original: Ints  # position of the returned or cancelled purchase, else -1
    campaign: Ints  # index, -1 for none
    is_online: Flags
    known: Ints  # arrival, in seconds


def draw_orders(
    rng: Generator, people: People, rates: NDArray[np.float32], responded: Flags
) -> Orders:
    """Generate the orders of one chunk from its expected orders per day, `rates` [n, ALL_DAYS].

    Some orders are after the history, since visits in its last days precede them.
    """
    owner, day = poisson_events(rng, rates[:, : HISTORY_DAYS + AHEAD_DAYS])
    count = len(owner)
    seconds = day * DAY_SECONDS + second_of_day(rng, count)
    # on the day of registration, an order is moved after it
    registered = people.registered[owner]
    left = (day + 1) * DAY_SECONDS - registered
    soon = registered + (left * rng.random(count)).astype(np.int64)
    seconds = np.where(seconds < registered, soon, seconds)

    campaign = CAMPAIGN_OF_DAY[day]
    answered = np.concatenate([responded, np.zeros((len(responded), 1), bool)], axis=1)
    is_named = answered[owner, campaign] & (rng.random(count) < ATTRIBUTED_SHARE)
    purchases = Orders(
        owner=owner,
        seconds=seconds,
        kind=np.zeros(count, np.int64),
        original=np.full(count, -1),
        campaign=np.where(is_named, campaign, -1),
        is_online=rng.random(count) < ONLINE_SHARE,
        known=arrival(rng, seconds),
    )
    return _joined(purchases, _reversals(rng, purchases))


def _reversals(rng: Generator, purchases: Orders) -> Orders:
    """The returns and cancellations of some of the purchases."""
    fate = rng.random(len(purchases.owner))
    undone = np.flatnonzero(fate < RETURN_SHARE + CANCELLATION_SHARE)
    count = len(undone)
    is_return = fate[undone] < RETURN_SHARE
    wait = np.where(
        is_return, rng.uniform(*RETURN_DAYS, count), rng.uniform(*CANCELLATION_DAYS, count)
    )
    seconds = purchases.seconds[undone] + (wait * DAY_SECONDS).astype(np.int64)
    return Orders(
        owner=purchases.owner[undone],
        seconds=seconds,
        kind=np.where(is_return, ORDER_TYPES.index("return"), ORDER_TYPES.index("cancellation")),
        original=undone,
        campaign=np.full(count, -1),
        is_online=np.zeros(count, bool),
        known=arrival(rng, seconds),
    )


def _joined(purchases: Orders, reversals: Orders) -> Orders:
    """Purchases and reversals together, in order of customer and time."""
    both = {
        one.name: np.concatenate([getattr(purchases, one.name), getattr(reversals, one.name)])
        for one in fields(Orders)
    }
    order = np.lexsort((both["seconds"], both["owner"]))
    place = np.argsort(order)  # the new position of each row
    both["original"] = np.where(both["original"] >= 0, place[both["original"]], -1)
    return Orders(**{name: values[order] for name, values in both.items()})


def orders_table(people: People, orders: Orders, session: Ints, chunk: int) -> pa.Table:
    """The raw table of orders; `session` [m] is the number of each order's session, or -1."""
    first = chunk * CHUNK_IDS
    return pa.table(
        {
            "order_id": identifiers("O", first + np.arange(len(orders.owner))),
            "customer_id": customer_ids(people.number[orders.owner]),
            "session_id": empty_where(
                identifiers("S", first + np.maximum(session, 0)), session < 0
            ),
            "campaign_id": empty_where(
                campaign_ids(np.maximum(orders.campaign, 0)), orders.campaign < 0
            ),
            "order_type": words(ORDER_TYPES, orders.kind),
            "original_order_id": empty_where(
                identifiers("O", first + np.maximum(orders.original, 0)), orders.original < 0
            ),
            "ordered_at": timestamps(orders.seconds),
            "known_at": timestamps(orders.known),
        }
    )
