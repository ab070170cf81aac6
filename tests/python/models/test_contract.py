"""The rules of the raw contract, on rows as shops deliver them: read right, or refused by name."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.engines import dispatched
from tests.support.project import Workspace
from warehouse.ids import normal_id, normal_id_sql

AS_OF = "2026-01-01"
CUSTOMER: dict[str, Any] = {
    "customer_id": "", "full_name": "Ann", "email": "ann@example.org", "gender": "w",
    "birth_date": "1990-06-15", "region": "north", "annual_salary": "50000",
    "has_marketing_consent": "yes", "registered_at": "2024-01-10 09:00",
    "valid_from": "2024-01-10 09:00", "known_at": "2024-01-10 09:00",
}  # fmt: skip
ORDER: dict[str, Any] = {
    "order_id": "", "customer_id": "", "session_id": "", "campaign_id": "null",
    "order_type": "purchase", "original_order_id": "", "ordered_at": "2025-11-01 10:00:00",
    "known_at": "2025-11-01 10:00:00",
}  # fmt: skip
LINE: dict[str, Any] = {
    "order_item_id": "", "order_id": "", "product_id": "P", "quantity": "1", "unit_price": "10.00",
    "discount_amount": "-", "ordered_at": "2025-11-01 10:00:00", "known_at": "2025-11-01 10:00:00",
}  # fmt: skip
PRODUCT = {
    "product_id": "P", "product_name": "Thing", "category": "toys", "list_price": "10.00",
    "listed_at": "2023-01-01", "known_at": "2023-01-01",
}  # fmt: skip
SESSION: dict[str, Any] = {
    "session_id": "", "customer_id": "", "started_at": "2025-12-20 10:00:00",
    "administrative_pages": "", "administrative_seconds": "", "informational_pages": "",
    "informational_seconds": "", "product_pages": "5", "product_seconds": "60.5",
    "bounce_rate": "0.01", "exit_rate": "0.02", "page_value": "0", "special_day": "0",
    "operating_system": "1", "browser": "1", "region": "1", "traffic_source": "1",
    "visitor_type": "Returning_Visitor", "is_weekend": "FALSE", "has_purchase": "FALSE",
    "known_at": "2025-12-20 10:30:00",
}  # fmt: skip

CUSTOMERS: dict[str, Mapping[str, str]] = {
    "1001.0": {},
    "007": {},
    '="0042"': {},
    "=1+2": {"full_name": "=1+1"},
    "BORN1900": {"birth_date": "1900-01-01"},
    "BORNNULL": {"birth_date": "#N/A", "annual_salary": "null", "gender": "None"},
    "OLD": {"birth_date": "1850-01-01"},
    "1.2E+12": {},
    "N/A": {},
}
MOMENTS = {
    "2025-12-31T23:30:00-05:00": "2026-01-01 04:30:00",
    "2025-12-31 23:30:00+01": "2025-12-31 22:30:00",
    "2025-12-31 23:30:00 +0100": "2025-12-31 22:30:00",
    "2025-12-31 23:30 +01:00": "2025-12-31 22:30:00",
    "2025-12-31T23:30Z": "2025-12-31 23:30:00",
    "2025-12-31 23:30:00.250 UTC": "2025-12-31 23:30:00.25",
    "2025-12-31 23:30:00 GMT": "2025-12-31 23:30:00",
    "2025-07-01 12:00 Europe/Berlin": "2025-07-01 10:00:00",
    "2025-12-31 12:00:00 America/New_York": "2025-12-31 17:00:00",
    "2025-12-31 23:30:00": "2025-12-31 23:30:00",
    "2025-12-31": "2025-12-31 00:00:00",
    "2025-12-31 23:30:00 CST": None,
    "2025-12-31 11:30 PM": None,
    "2025-12-31 23:30:00 Nowhere/Else": None,
}
"""Texts of a moment, and the same moment in UTC; None where the time zone cannot be known."""
PAIRS: dict[str, list[tuple[Mapping[str, str], list[Mapping[str, str]]]]] = {
    "1001": [
        ({}, [{"discount_amount": "2.00"}]),
        ({"order_type": "Return"}, [{"quantity": "1", "discount_amount": "2.00"}]),
    ],
    "007": [
        ({"order_type": "sale"}, [{"quantity": "3"}]),
        ({"order_type": "refund"}, [{"quantity": "-1"}]),
        ({}, [{"quantity": "-1"}]),
    ],
    "0042": [({}, [{"unit_price": ""}, {"unit_price": "30.00"}])],
    "=1+2": [({"ordered_at": "1970-01-01", "known_at": "1970-01-01"}, [])],
    "BORN1900": [({"known_at": "9999-12-31"}, [])],
}
"""Orders by customer, each with its lines."""
SESSIONS: dict[str, Mapping[str, str]] = {
    "left-out": {},
    "unknown": {"product_pages": "", "product_seconds": ""},
    "no-time": {"product_seconds": "#N/A"},
    "robot": {"product_pages": "900000", "product_seconds": "3"},
    "new": {"visitor_type": "NEW_VISITOR"},
    "other": {"visitor_type": "-"},
}


def write(folder: Path, table: str, rows: list[Mapping[str, str]]) -> None:
    """A CSV file as a shop delivers it."""
    with (folder / f"{table}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The rows above, from files to marts."""
    folder = tmp_path_factory.mktemp("contract")
    raw = folder / "raw" / "sample"
    raw.mkdir(parents=True)
    write(
        raw, "customers", [CUSTOMER | {"customer_id": key} | row for key, row in CUSTOMERS.items()]
    )
    orders, lines = [], []
    for customer, each in PAIRS.items():
        for number, (order, items) in enumerate(each):
            key = f"{customer}-{number}"
            orders.append(ORDER | {"order_id": key, "customer_id": customer} | order)
            for place, item in enumerate(items):
                lines.append(LINE | {"order_item_id": f"{key}-{place}", "order_id": key} | item)
    for number, moment in enumerate(MOMENTS):
        times = {"ordered_at": moment, "known_at": "2026-06-01"}
        orders.append(ORDER | {"order_id": f"moment-{number}"} | times)
    write(raw, "orders", orders)
    write(raw, "order_items", lines)
    write(raw, "products", [PRODUCT])
    write(
        raw, "web_sessions", [SESSION | {"session_id": key} | row for key, row in SESSIONS.items()]
    )
    workspace = Workspace(folder, folder / "raw")
    models = ("--resource-type", "model", "--resource-type", "seed")
    workspace.dbt("build", *models, "--select", "+marts", "+quarantined_rows").succeeded()
    return workspace


def test_ids_have_one_form(shop: Workspace) -> None:
    """A float is its whole number, zeros stay, a formula is text; a rounded id is refused."""
    found = shop.rows("select customer_id, full_name from marts.customers order by customer_id")
    assert found == [
        ("0042", "Ann"), ("007", "Ann"), ("1001", "Ann"), ("=1+2", "=1+1"),
        ("BORN1900", "Ann"), ("BORNNULL", "Ann"),
    ]  # fmt: skip


def test_placeholders_are_no_values(shop: Workspace) -> None:
    """They are null, and a customer is not refused for them."""
    assert shop.rows(
        "select birth_date, annual_salary::integer, gender from marts.customers"
        " where customer_id like 'BORN%' order by customer_id"
    ) == [(None, 50000, "female"), (None, None, None)]


def test_moments_are_utc_or_refused(shop: Workspace) -> None:
    """Whatever offset they were written with."""
    found = shop.rows(
        "select order_id, ordered_at::varchar from staging.stg_sample__orders"
        " where order_id like 'moment-%'"
    )
    texts = list(MOMENTS)
    assert {texts[int(key.split("-")[1])]: moment for key, moment in found} == MOMENTS


def test_returns_take_back_and_purchases_do_not(shop: Workspace) -> None:
    """A return gives back price less discount, whatever its signs."""
    assert shop.rows(
        "select customer_id, order_type, quantity, net_amount::double from marts.orders"
        " where customer_id is not null order by customer_id, ordered_at, order_type, order_id"
    ) == [
        ("0042", "purchase", 1, 30.0),
        ("007", "purchase", 3, 30.0),
        ("007", "return", -1, -10.0),
        ("1001", "purchase", 1, 8.0),
        ("1001", "return", -1, -8.0),
    ]


def test_left_out_pages_were_not_visited(shop: Workspace) -> None:
    """Beside pages of another kind they are 0; seconds that are left out beside pages are not."""
    columns = "administrative_pages, administrative_seconds, product_pages, product_seconds"
    assert shop.rows(
        f"select session_id, {columns.replace('seconds', 'seconds::double')}, visitor_type"
        " from marts.sessions order by session_id"
    ) == [
        ("left-out", 0, 0.0, 5, 60.5, "returning"),
        ("new", 0, 0.0, 5, 60.5, "new"),
        ("no-time", 0, 0.0, 5, None, "returning"),
        ("other", 0, 0.0, 5, 60.5, "unknown"),
        ("unknown", None, None, None, None, "returning"),
    ]


def test_what_is_refused_has_a_reason(shop: Workspace) -> None:
    """Each row once, by the first rule it breaks."""
    found = shop.rows(
        "select table_name, quarantine_reason, count(*) from staging.quarantined_rows"
        " group by all order by all"
    )
    unknown = sum(moment is None for moment in MOMENTS.values())
    assert found == [
        ("customers", "implausible_birth_date", 1),
        ("customers", "missing_id", 1),
        ("customers", "rounded_id", 1),
        ("order_items", "missing_price", 1),
        ("order_items", "unexplained_negative_quantity", 1),
        ("orders", "implausible_time", 2),
        ("orders", "missing_time", unknown),
        ("orders", "unexplained_negative_quantity", 1),
        ("web_sessions", "implausible_pages", 1),
    ]


IDS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.from_regex(r"[0-9]{1,6}(\.0{0,3})?", fullmatch=True),
    st.from_regex(r" ?[0-9]{1,3}\.[0-9]{1,2} ?", fullmatch=True),
)


@given(st.lists(IDS, min_size=1, max_size=20))
def test_python_and_sql_agree_on_ids(texts: list[str]) -> None:
    """Staging, requests and erasure mean the same customer."""
    macro = dispatched("duckdb", ["clean", "matches_pattern"], "clean_id('text')")
    with duckdb.connect() as connection:
        connection.execute("create table given (place integer, text varchar)")
        connection.executemany("insert into given values (?, ?)", list(enumerate(texts)))
        found = connection.sql(
            f"select {macro}, {normal_id_sql('text')} from given order by place"
        ).fetchall()
    expected = [normal_id(text) or None for text in texts]
    assert [row[1] for row in found] == expected
    formulas = [text.startswith('="') for text in texts]  # these are undone before staging
    assert [row[0] for row, is_formula in zip(found, formulas, strict=True) if not is_formula] == [
        text for text, is_formula in zip(expected, formulas, strict=True) if not is_formula
    ]
