"""The contents of a session: pages, durations, rates, page value and technical codes.

Sessions that end in an order are deeper on average, but the distributions overlap widely, as in
real shops. The page value distinguishes them best.
"""

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from ml.synthesize.draw import (
    CHUNK_IDS,
    Flags,
    Floats,
    Ints,
    arrival,
    customer_ids,
    empty_where,
    identifiers,
    timestamps,
    weighted,
    words,
)
from ml.synthesize.history import DAY_SECONDS, IS_WEEKEND, SPECIAL_DAY
from ml.synthesize.people import People
from ml.synthesize.visits import Visits

DEPTH = 0.55  # additional depth of a session with an order, in standard deviations
LEADING_DEPTH = 0.35  # the same for a session that precedes an order
PAGES_MEDIAN = 13.0  # product pages of an average session
PAGES_SIGMA = 0.95  # standard deviation of the logarithm
PAGE_SECONDS = 33.0  # median time on a product page
PAGE_SECONDS_SIGMA = 0.55
LONGEST = 10_800.0  # seconds on one kind of page at most
SIDE_DEPTH = 0.45  # effect of depth on the logarithm of administrative and informational pages
ADMINISTRATIVE = 1.5  # mean pages; a session with an order needs more, for account and address
ADMINISTRATIVE_WITH_ORDER = 2.4
INFORMATIONAL = 0.32
NO_BOUNCE_SHARE = (0.40, 0.55)  # share with bounce rate 0: browsing, and with an order
BOUNCE_MEDIAN = (0.011, 0.007)
EXIT_MEDIAN = (0.033, 0.021)
RATE_LIMIT = 0.2  # the highest rate that the analytics tool reports
VALUED_SHARE = (0.115, 0.80)  # share with a page value above 0: browsing, and with an order
VALUE_MEDIAN = (13.0, 21.0)
VALUE_SIGMA = 0.95

VISITOR_TYPES = ("returning", "new", "other")
ANONYMOUS_TYPES = (0.55, 0.43, 0.02)
KNOWN_TYPES = (0.90, 0.09, 0.01)
SYSTEM_SHARE = (210, 530, 200, 40, 4, 4, 4, 8)  # of the codes 1, 2, …; also in the next two
BROWSER_SHARE = (200, 645, 10, 60, 40, 14, 4, 10, 1, 13, 1, 1, 1)
HOME_DEVICE_SHARE = 0.75  # share of a customer's sessions from one device
SOURCE_SHARE = (20, 32, 17, 9, 2, 4, 3, 3, 0.4, 4, 2, 0.3, 6, 0.2, 0.3, 0.2, 0.2, 0.2, 0.3, 1.6)
BUYING_SOURCES = (1, 3, 7, 19)  # indices of sources from which buyers come more often
BUYING_SOURCE_SHARE = 0.12  # share of sessions with an order that these sources get in addition
TRAVEL_SHARE = 0.12  # share of sessions from outside the customer's region
TECHNICAL_REGIONS = 9


def _product_pages(rng: Generator, depth: Floats) -> tuple[Ints, Floats]:
    """Product pages, and seconds on them: [sessions] each."""
    pages = np.round(PAGES_MEDIAN * np.exp(PAGES_SIGMA * depth)).astype(np.int64)
    pace = PAGE_SECONDS * np.exp(rng.normal(0, PAGE_SECONDS_SIGMA, len(depth)))
    return pages, np.minimum(np.round(pages * pace, 1), LONGEST)


def _rates(rng: Generator, depth: Floats, buys: Ints) -> tuple[Floats, Floats]:
    """Bounce and exit rates from 0 to RATE_LIMIT: the deeper a session, the lower."""
    count = len(depth)
    spread: Floats = rng.normal(size=(2, count))
    bounce: Floats = np.array(BOUNCE_MEDIAN)[buys] * np.exp(0.9 * spread[0] - 0.4 * depth)
    bounce[rng.random(count) < np.array(NO_BOUNCE_SHARE)[buys]] = 0.0
    leave: Floats = np.array(EXIT_MEDIAN)[buys] * np.exp(0.6 * spread[1] - 0.4 * depth)
    leave += 0.6 * bounce  # a bounce is also an exit
    return _reported(bounce), _reported(leave)


def _reported(rate: Floats) -> Floats:
    return np.asarray(np.round(np.minimum(rate, RATE_LIMIT), 4), np.float64)


def _side_pages(rng: Generator, mean: Floats, depth: Floats, pace: float) -> tuple[Ints, Floats]:
    """Pages other than product pages, and seconds on them; many sessions have none."""
    pages = rng.poisson(mean * np.exp(SIDE_DEPTH * depth) * rng.exponential(1.0, len(depth)))
    seconds = pages * pace * np.exp(rng.normal(0, 0.8, len(depth)))
    return pages, np.minimum(np.round(seconds, 1), LONGEST)


def _usual_codes(rng: Generator, home: Ints, owner: Ints, shares: tuple[int, ...]) -> Ints:
    """Technical codes, [sessions]: mostly the customer's usual one."""
    is_usual = rng.random(len(owner)) < HOME_DEVICE_SHARE
    return np.where(is_usual, home[owner], weighted(rng, shares, len(owner)))


def _code(index: Ints) -> pa.Array:
    """Technical codes as texts, from their index: 0 -> "1"."""
    return words([str(number + 1) for number in range(int(index.max(initial=0)) + 1)], index)


def sessions_table(rng: Generator, people: People, visits: Visits, chunk: int) -> pa.Table:
    """The raw table of web sessions."""
    n, count = len(people.number), len(visits.owner)
    has_purchase: Flags = visits.order >= 0
    buys = has_purchase.astype(np.intp)
    depth = rng.normal(size=count) + DEPTH * has_purchase + LEADING_DEPTH * visits.is_leading
    pages, seconds = _product_pages(rng, depth)
    administrative = np.where(has_purchase, ADMINISTRATIVE_WITH_ORDER, ADMINISTRATIVE)
    account_pages, account_seconds = _side_pages(rng, administrative, depth, 30.0)
    info_pages, info_seconds = _side_pages(rng, np.full(count, INFORMATIONAL), depth, 60.0)
    bounce, leave = _rates(rng, depth, buys)
    is_valued = (rng.random(count) < np.array(VALUED_SHARE)[buys]) & (pages > 0)
    value = np.array(VALUE_MEDIAN)[buys] * np.exp(rng.normal(0, VALUE_SIGMA, count))

    # a session that ends in an order starts before the order by the time on its pages
    length = (seconds + account_seconds + info_seconds).astype(np.int64)
    start = np.maximum(visits.seconds - np.where(has_purchase, length, 0), 0)
    day = start // DAY_SECONDS

    visitor = np.where(
        visits.is_anonymous,
        weighted(rng, ANONYMOUS_TYPES, count),
        weighted(rng, KNOWN_TYPES, count),
    )
    source = weighted(rng, SOURCE_SHARE, count)
    is_brought = has_purchase & (rng.random(count) < BUYING_SOURCE_SHARE)
    brought = np.array(BUYING_SOURCES)[rng.integers(0, len(BUYING_SOURCES), count)]
    moved = (people.change_day * DAY_SECONDS)[visits.owner] <= start
    place = people.region[visits.owner, moved.astype(np.intp)]
    elsewhere = rng.integers(0, TECHNICAL_REGIONS, count)
    place = np.where(rng.random(count) < TRAVEL_SHARE, elsewhere, place)
    systems, browsers = (weighted(rng, shares, n) for shares in (SYSTEM_SHARE, BROWSER_SHARE))

    customer = customer_ids(people.number[visits.owner])
    return pa.table(
        {
            "session_id": identifiers("S", chunk * CHUNK_IDS + np.arange(count)),
            "customer_id": empty_where(customer, visits.is_anonymous),
            "started_at": timestamps(start),
            "administrative_pages": account_pages.astype(np.int32),
            "administrative_seconds": account_seconds,
            "informational_pages": info_pages.astype(np.int32),
            "informational_seconds": info_seconds,
            "product_pages": pages.astype(np.int32),
            "product_seconds": seconds,
            "bounce_rate": bounce,
            "exit_rate": leave,
            "page_value": np.where(is_valued, np.round(value, 2), 0.0),
            "special_day": SPECIAL_DAY[day],
            "operating_system": _code(_usual_codes(rng, systems, visits.owner, SYSTEM_SHARE)),
            "browser": _code(_usual_codes(rng, browsers, visits.owner, BROWSER_SHARE)),
            "region": _code(place),
            "traffic_source": _code(np.where(is_brought, brought, source)),
            "visitor_type": words(VISITOR_TYPES, visitor),
            "is_weekend": IS_WEEKEND[day],
            "has_purchase": has_purchase,
            "known_at": timestamps(arrival(rng, start + length)),
        }
    )
