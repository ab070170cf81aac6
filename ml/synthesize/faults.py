"""The planted faults: one entry per kind, with the change of a row and its expected outcome."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from ml.synthesize.changes import (
    Change,
    absent_customer,
    absent_order,
    blank,
    cycle,
    in_turn,
    respell,
    scale,
    to_future,
    unchanged,
)

Outcome = Literal["quarantined", "duplicate", "clean", "kept"]

SHARE = 0.003  # share of a table's rows that get a kind of fault
MISSING_SHARE = 0.02  # the same for a missing value
PRODUCTS_SHARE = 0.03  # the same for the spelling of a product's category, as the table is small


@dataclass(frozen=True)
class Fault:
    """One kind of dirt in one table.

    With `is_added`, the faulty row is a copy of a good row with a new identifier. Otherwise a good
    row is changed in place.
    """

    table: str
    kind: str
    outcome: Outcome
    reason: str | None
    change: Change
    is_added: bool = True
    share: float = SHARE


def _quarantined(table: str, kind: str, reason: str, change: Change) -> Fault:
    return Fault(table, kind, "quarantined", reason, change)


def _respelled(
    table: str, change: Change, share: float = SHARE, kind: str = "mixed_spelling"
) -> Fault:
    return Fault(table, kind, "clean", None, change, is_added=False, share=share)


def _copied(table: str) -> Fault:
    return Fault(table, "exact_duplicate", "duplicate", None, unchanged)


GENDERS = {"female": ("F", "female ", "FEMALE"), "male": ("M", "Man", "MALE")}
VISITORS = {
    "returning": ("Returning_Visitor", "RETURNING"),
    "new": ("NEW", "New_Visitor"),
    "other": ("Other",),
}
IMPOSSIBLE_BIRTHS = (date(1890, 1, 1), date(2031, 7, 1), date(1887, 5, 17), date(2044, 2, 29))

FAULTS = (
    Fault(
        "customers",
        "missing_value",
        "kept",
        None,
        blank("region", "gender", "annual_salary", "birth_date"),
        is_added=False,
        share=MISSING_SHARE,
    ),
    _respelled("customers", in_turn(respell("gender", GENDERS), respell("region"))),
    _quarantined(
        "customers",
        "salary_outlier",
        "implausible_salary",
        cycle("annual_salary", (99_999_999.0, 12_345_678.0, 999_999_999.0)),
    ),
    _quarantined("customers", "negative_salary", "negative_salary", scale("annual_salary", -1.0)),
    _quarantined(
        "customers",
        "implausible_birth_date",
        "implausible_birth_date",
        cycle("birth_date", IMPOSSIBLE_BIRTHS),
    ),
    _quarantined("customers", "missing_id", "missing_id", cycle("customer_id", (None,))),
    _copied("customers"),
    _respelled("products", respell("category"), share=PRODUCTS_SHARE),
    _quarantined("products", "negative_price", "negative_price", scale("list_price", -1.0)),
    _quarantined("orders", "future_date", "event_after_arrival", to_future("ordered_at")),
    _quarantined("orders", "orphan", "unknown_customer", absent_customer),
    _copied("orders"),
    _quarantined("orders", "missing_id", "missing_id", cycle("order_id", (None,))),
    _respelled(
        "orders",
        cycle("order_type", ("Purchase ", "PURCHASE", " purchase")),
        kind="bad_order_type_spelling",
    ),
    _quarantined(
        "orders", "unknown_order_type", "unknown_order_type", cycle("order_type", ("???",))
    ),
    _quarantined("order_items", "orphan", "unknown_order", absent_order),
    _quarantined("order_items", "quantity_zero", "zero_quantity", cycle("quantity", (0,))),
    _quarantined("order_items", "negative_price", "negative_price", scale("unit_price", -1.0)),
    _quarantined(
        "order_items",
        "price_outlier",
        "implausible_price",
        cycle("unit_price", (999_999.99, 123_456.78)),
    ),
    _copied("order_items"),
    _quarantined(
        "web_sessions",
        "negative_duration",
        "negative_duration",
        cycle("product_seconds", (-1.0, -86_400.0)),
    ),
    _quarantined(
        "web_sessions",
        "rate_out_of_range",
        "rate_out_of_range",
        in_turn(cycle("bounce_rate", (1.5, 20.0)), cycle("exit_rate", (2.0, 100.0))),
    ),
    _quarantined("web_sessions", "future_date", "event_after_arrival", to_future("started_at")),
    _copied("web_sessions"),
    _respelled("web_sessions", respell("visitor_type", VISITORS)),
    _quarantined(
        "social_engagements", "unknown_action", "unknown_action", cycle("action", ("poke",))
    ),
    _quarantined("social_engagements", "orphan", "unknown_customer", absent_customer),
    _quarantined(
        "social_engagements", "future_date", "event_after_arrival", to_future("engaged_at")
    ),
    _copied("social_engagements"),
    _respelled("social_engagements", respell("action")),
)
