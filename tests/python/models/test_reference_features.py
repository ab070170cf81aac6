"""Every feature and label that the slow reference knows is the number that it comes to.

No feature needs a tolerance: the sums are of decimals, and what is left of the rounding of doubles
has so far never reached the 24 bits of a feature.
"""

import datetime
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import duckdb
import pytest

from tests.support.project import Workspace
from tests.support.reference_features import (
    Customer,
    known_version,
    reference_features,
    reference_labels,
    salary_means,
    session_history,
)
from tests.support.shops import Shop
from tests.support.unknown import say_unknown

SEED = 20260101
TABLES = {
    "versions": ("intermediate.int_customers_unioned", "valid_from"),
    "orders": ("marts.orders", "ordered_at"),
    "order_items": ("marts.order_items", "ordered_at"),
    "sessions": ("marts.sessions", "started_at"),
    "engagements": ("marts.engagements", "engaged_at"),
}
KEYS = {"customer_id", "as_of_date"}
NO_MEANS: Mapping[str, Fraction] = {}
JUNE = datetime.date(2025, 6, 1)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Sample:
    """Some customers and dates, with what the warehouse and the reference know of them."""

    customers: Mapping[str, Customer]
    dates: list[datetime.date]
    actual: Mapping[tuple[str, datetime.date], dict[str, Any]]
    expected: Mapping[tuple[str, datetime.date], dict[str, Any]]
    sessions: Rows  # of these customers and of nobody, from session_features


def rows_of(connection: duckdb.DuckDBPyConnection, relation: str) -> Rows:
    """All rows of a relation, as dictionaries, always in the same order."""
    answer = connection.execute(f"from {relation} order by all")
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def comes_late(customer: Customer, dates: list[datetime.date]) -> bool:
    """Whether one of the dates lies between something the customer did and our hearing of it."""
    for name, (_, event_at) in TABLES.items():
        for row in getattr(customer, name):
            for date in dates:
                if row[event_at].date() < date <= row["known_at"].date():
                    return True
    return False


def choose(everyone: Mapping[str, Customer], dates: list[datetime.date]) -> dict[str, Customer]:
    """Of each group eight at random: all, without orders, with returns, of whom we hear late."""
    chance = random.Random(SEED)
    groups = [
        list(everyone),
        [name for name, customer in everyone.items() if not customer.orders],
        [
            name
            for name, one in everyone.items()
            if {r["order_type"] for r in one.orders} - {"purchase"}
        ],
        [name for name, customer in everyone.items() if comes_late(customer, dates)],
        [name for name, customer in everyone.items() if len(customer.versions) > 1],
    ]
    chosen: dict[str, Customer] = {}
    for group in groups:
        rest = [name for name in group if name not in chosen]
        for name in chance.sample(rest, min(8, len(rest))):
            chosen[name] = everyone[name]
    return chosen


@pytest.fixture(scope="module")
def sample(shop: Shop) -> Sample:
    """Of the sample shop."""
    return sample_of(shop.workspace)


def sample_of(workspace: Workspace) -> Sample:
    """The features of forty customers of a shop at four of its dates, computed twice."""
    rows_by_customer: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        for name, (relation, _) in TABLES.items():
            for row in rows_of(connection, relation):
                if row["customer_id"] is not None:
                    rows_by_customer[row["customer_id"]][name].append(row)
        table = rows_of(connection, "features.customer_features")
        sessions = rows_of(connection, "features.session_features")
        scheduled = rows_of(connection, "intermediate.int_as_of_dates_scheduled")
    everyone = {
        customer_id: Customer(**{name: tables[name] for name in TABLES})
        for customer_id, tables in sorted(rows_by_customer.items())
    }
    all_dates = sorted({row["as_of_date"] for row in scheduled})
    # The first has known least, the newest has no label; two more in between.
    between = random.Random(SEED).sample(all_dates[1:-1], 2)
    dates = sorted([all_dates[0], *between, all_dates[-1]])
    customers = choose(everyone, dates)

    actual, expected = {}, {}
    for row in table:
        if row["customer_id"] in customers and row["as_of_date"] in dates:
            key = (row["customer_id"], row["as_of_date"])
            actual[key] = {name: value for name, value in row.items() if name not in KEYS}
    for date in dates:
        means = salary_means(everyone.values(), date)
        for customer_id, customer in customers.items():
            features = reference_features(customer, date, means)
            if features is not None:
                labels = reference_labels(customer.orders, date, all_dates[-1])
                expected[customer_id, date] = {**features, **labels}
    of_sample = [row for row in sessions if row["customer_id"] in {None, *customers}]
    return Sample(customers, dates, actual, expected, of_sample)


def test_the_sample_holds_the_hard_cases(sample: Sample) -> None:
    customers = sample.customers.values()
    types = [{order["order_type"] for order in customer.orders} for customer in customers]
    assert len(customers) == 40
    assert len(sample.dates) == 4
    assert sum(not of for of in types) >= 8
    assert sum("return" in of or "cancellation" in of for of in types) >= 8
    assert sum(comes_late(customer, sample.dates) for customer in customers) >= 8
    assert sum(len(customer.versions) > 1 for customer in customers) >= 8
    assert any(
        known_version(customer.versions, date) is None
        for customer in customers
        for date in sample.dates
    )


def test_the_same_customers_are_known(sample: Sample) -> None:
    assert set(sample.actual) == set(sample.expected)
    assert len(sample.actual) > 100


def test_every_feature_and_label_is_as_described(sample: Sample) -> None:
    different, unknown = [], set()
    for key, expected in sample.expected.items():
        actual = sample.actual[key]
        assert set(expected) <= set(actual)
        unknown |= set(actual) - set(expected)
        for name, value in expected.items():
            if actual[name] != value or type(actual[name]) is not type(value):
                different.append((*key, name, actual[name], value))
    assert not different, f"{len(different)} differ; warehouse and reference: {different[:10]}"
    say_unknown("tests/python/reference_features.py", unknown)


def test_each_feature_has_been_put_to_the_test(sample: Sample) -> None:
    """Of each column the sample holds several values, so that a constant would be found out."""
    rows = list(sample.expected.values())
    for name in rows[0]:
        values = {row[name] for row in rows} - {None}
        assert len(values) > 1, name


def test_the_history_of_a_session_is_as_described(sample: Sample) -> None:
    """Counted for each session from the rows of its customer, one by one."""
    different, nobody, seen = [], 0, defaultdict(set)
    for session in sample.sessions:
        customer = sample.customers.get(session["customer_id"])
        nobody += customer is None
        for name, value in session_history(session, customer).items():
            seen[name].add(value)
            if session[name] != value:
                different.append((session["session_id"], name, session[name], value))
    assert not different, f"{len(different)} differ; warehouse and reference: {different[:10]}"
    assert nobody > 100
    assert len(sample.sessions) - nobody > 500
    assert all(len(values) > 5 for values in seen.values())


def test_who_only_returns_gives_money_back() -> None:
    """The shop has no such customer; a unit test of int_customer_orders_aggregated has."""
    moment = datetime.datetime(2025, 5, 31, 23, 59, 59)
    when = {"ordered_at": moment, "known_at": moment, "order_type": "return", "order_id": "back"}
    line = {"net_amount": -15, "category": "Toys", "product_id": "P1", **when}
    nobody = dict.fromkeys(
        ["gender", "birth_date", "region", "annual_salary", "has_marketing_consent"]
    )
    person = {"valid_from": moment, "known_at": moment, "registered_at": moment, **nobody}
    features = reference_features(Customer([person], [when], [line]), JUNE, NO_MEANS)
    assert features is not None
    assert features["order_amount_7d"] == -15
    assert features["return_count_365d"] == 1
    assert features["order_count_lifetime"] == 0
    assert features["favourite_category"] == "none"
    assert features["order_amount_trend_90d"] is None
    assert features["reversal_rate_365d"] is None
    assert features["days_since_last_order"] is None
