"""The generative model of the shop: chunks of customers, their tables, and their true rates."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ml.synthesize.baskets import order_items_table
from ml.synthesize.draw import Flags, streams
from ml.synthesize.engagement import draw_responses, engagements_table
from ml.synthesize.history import END_SECONDS
from ml.synthesize.orders import draw_orders, orders_table
from ml.synthesize.people import People, customers_table, draw_people
from ml.synthesize.products import Products, draw_products, products_table
from ml.synthesize.rates import order_rates, visit_rates
from ml.synthesize.sessions import sessions_table
from ml.synthesize.visits import draw_visits


@dataclass(frozen=True)
class Chunk:
    """Customers that are generated together."""

    size: int  # number of customers that are kept, from the first one on
    people: People
    rates: NDArray[np.float32]  # expected orders per day, [n, days]
    tables: dict[str, pa.Table]  # clean rows of the first `size` customers


def draw_catalogue(seed: int) -> tuple[Products, pa.Table]:
    """Generate the shop's products and their raw table."""
    rng = streams(seed, 0).products
    products = draw_products(rng)
    return products, products_table(rng, products)


def draw_chunk(
    seed: int, chunk: int, size: int, products: Products, change_day: int | None = None
) -> Chunk:
    """Generate one chunk and keep its first `size` customers.

    A chunk is always generated whole, so that a customer's rows do not depend on the shop's size.
    From `change_day` on the customers behave differently.
    """
    rng = streams(seed, chunk)
    people = draw_people(rng.people, chunk)
    responded = draw_responses(rng.engagement, people)
    rates = order_rates(rng.moods, people, responded, change_day)
    orders = draw_orders(rng.orders, people, rates, responded)
    visits = draw_visits(rng.visits, people, orders, visit_rates(people, rates, change_day))

    ended_in = np.flatnonzero(visits.order >= 0)
    session = np.full(len(orders.owner), -1)
    session[visits.order[ended_in]] = ended_in

    orders_kept = (orders.owner < size) & (orders.seconds < END_SECONDS)
    visits_kept = (visits.owner < size) & (visits.seconds < END_SECONDS)
    customers, customer_owner = customers_table(rng.people, people)
    items, item_order = order_items_table(rng.orders, people, orders, products, chunk)
    engagements, engagement_owner = engagements_table(rng.engagement, people, responded, chunk)
    generated: dict[str, tuple[pa.Table, Flags]] = {
        "customers": (customers, customer_owner < size),
        "orders": (orders_table(people, orders, session, chunk), orders_kept),
        "order_items": (items, orders_kept[item_order]),
        "web_sessions": (sessions_table(rng.visits, people, visits, chunk), visits_kept),
        "social_engagements": (engagements, engagement_owner < size),
    }
    tables = {name: table.filter(pa.array(kept)) for name, (table, kept) in generated.items()}
    return Chunk(size, people, rates, tables)
