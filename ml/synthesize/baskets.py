"""Order lines: the lines of purchases, and the lines of returns and cancellations."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from ml.synthesize.draw import CHUNK_IDS, Flags, Floats, Ints, identifiers, timestamps
from ml.synthesize.history import DAY_SECONDS
from ml.synthesize.orders import ORDER_TYPES, Orders
from ml.synthesize.people import People
from ml.synthesize.products import CATEGORIES, Products, pick_products

LINES = 1.35  # mean number of lines of an order beyond the first
BASKET_SIGMA = 0.45  # standard deviation of its logarithm between customers
EXTRA_QUANTITY = 0.22  # mean quantity of a line beyond one
FAVOURITE_SHARE = 0.45  # share of lines from the customer's favourite category
EARLIER_PRICE = 0.97  # price / list price on the first days
EARLIER_DAYS = 366  # number of these first days
DISCOUNTED_SHARE = (0.12, 0.55)  # share of lines with a discount: other customers, discount lovers
DISCOUNTS = (0.10, 0.15, 0.20, 0.30)
RETURNED_LINES = 0.55  # share of the lines beyond the first that a return contains


@dataclass(frozen=True)
class _Lines:
    """Lines of purchases, arrays of length m, by order."""

    order: Ints  # position of the order in its chunk
    is_first: Flags
    product: Ints
    quantity: Ints
    price: Floats
    discount: Floats  # for the whole line


def _draw_lines(rng: Generator, people: People, orders: Orders, products: Products) -> _Lines:
    n = len(people.number)
    basket = LINES * np.exp(rng.normal(-(BASKET_SIGMA**2) / 2, BASKET_SIGMA, n))
    favourite = rng.integers(0, len(CATEGORIES), n)
    purchases = np.flatnonzero(orders.kind == ORDER_TYPES.index("purchase"))
    order = np.repeat(purchases, 1 + rng.poisson(basket[orders.owner[purchases]]))
    owner, count = orders.owner[order], len(order)

    product = pick_products(rng, products, favourite[owner], FAVOURITE_SHARE)
    quantity = 1 + rng.poisson(EXTRA_QUANTITY, count)
    is_early = orders.seconds[order] < EARLIER_DAYS * DAY_SECONDS
    price = np.round(products.price[product] * np.where(is_early, EARLIER_PRICE, 1.0), 2)
    share = np.array(DISCOUNTED_SHARE)[people.is_discount_lover[owner].astype(np.intp)]
    is_discounted = rng.random(count) < share
    rate = np.array(DISCOUNTS)[rng.integers(0, len(DISCOUNTS), count)] * is_discounted
    return _Lines(
        order=order,
        is_first=np.diff(order, prepend=-1) != 0,
        product=product,
        quantity=quantity,
        price=price,
        discount=np.round(price * quantity * rate, 2),
    )


def order_items_table(
    rng: Generator, people: People, orders: Orders, products: Products, chunk: int
) -> tuple[pa.Table, Ints]:
    """The raw table of order lines, and the position of each line's order: [lines].

    A line arrives together with its order. Lines of a return or cancellation repeat lines of the
    purchase with negative quantities: all of them for a cancellation, at least the first for a
    return.
    """
    lines = _draw_lines(rng, people, orders, products)
    undone_by = np.full(len(orders.owner), -1)  # the return or cancellation of each purchase
    reversals = np.flatnonzero(orders.original >= 0)
    undone_by[orders.original[reversals]] = reversals
    reversal = undone_by[lines.order]
    is_cancelled = orders.kind[reversal] == ORDER_TYPES.index("cancellation")
    is_chosen = rng.random(len(reversal)) < RETURNED_LINES
    back = np.flatnonzero((reversal >= 0) & (is_cancelled | lines.is_first | is_chosen))

    line = np.concatenate([np.arange(len(reversal)), back])
    sign = np.repeat([1, -1], [len(reversal), len(back)])
    order = np.concatenate([lines.order, reversal[back]])
    by_order = np.argsort(order, kind="stable")
    line, sign, order = line[by_order], sign[by_order], order[by_order]
    first = chunk * CHUNK_IDS
    table = pa.table(
        {
            "order_item_id": identifiers("I", first + np.arange(len(line))),
            "order_id": identifiers("O", first + order),
            "product_id": identifiers("P", lines.product[line] + 1, 4),
            "quantity": (lines.quantity[line] * sign).astype(np.int32),
            "unit_price": lines.price[line],
            "discount_amount": lines.discount[line],
            "ordered_at": timestamps(orders.seconds[order]),
            "known_at": timestamps(orders.known[order]),
        }
    )
    return table, order
