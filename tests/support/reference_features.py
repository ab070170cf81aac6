"""A second, simple implementation of the features of customers and sessions.

It follows their descriptions only, in plain Python over the rows of one customer. Each row is a
dictionary with the columns of the marts. Numbers are exact fractions until `as_float32` converts
them to a feature.
"""

import datetime
import itertools
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

__all__ = [
    "HORIZONS",
    "Customer",
    "as_float32",
    "completed_years",
    "known_version",
    "reference_features",
    "reference_labels",
    "salary_means",
    "session_history",
]

Row = Mapping[str, Any]
Rows = Sequence[Row]
Number = Fraction | int

HORIZONS = (7, 30, 90)
MIDNIGHT = datetime.time()


@dataclass(frozen=True)
class Customer:
    """All rows of one customer, including those that an as-of date must not use."""

    versions: Rows  # from int_customers_unioned
    orders: Rows = field(default_factory=list)
    order_items: Rows = field(default_factory=list)
    sessions: Rows = field(default_factory=list)
    engagements: Rows = field(default_factory=list)


def as_float32(number: Number | float | None) -> float | None:
    """The nearest number of four bytes, as which features are stored."""
    if number is None:
        return None
    rounded: float = struct.unpack("f", struct.pack("f", float(number)))[0]
    return rounded


# Time: what was known at the as-of date, and how long ago it was


def completed_years(born: datetime.date, today: datetime.date) -> int:
    """The birthdays from the one after the birth up to today."""
    return sum(birthday(born, year) <= today for year in range(born.year + 1, today.year + 1))


def birthday(born: datetime.date, year: int) -> datetime.date:
    """The day on which a year of life is complete: 1 March where the year has no 29 February."""
    try:
        return born.replace(year=year)
    except ValueError:
        return datetime.date(year, 3, 1)


def midnight(date: datetime.date) -> datetime.datetime:
    """The first moment of the date."""
    return datetime.datetime.combine(date, MIDNIGHT)


def known(rows: Rows, event_at: str, as_of: datetime.date) -> list[Row]:
    """The rows that happened before the as-of date and had arrived by then."""
    moment = midnight(as_of)
    return [row for row in rows if row[event_at] < moment and row["known_at"] <= moment]


def days_ago(moment: datetime.datetime, as_of: datetime.date) -> int:
    """Calendar days from the moment to the as-of date; any time of the day before is 1 day ago."""
    return (as_of - moment.date()).days


def within(rows: Rows, event_at: str, as_of: datetime.date, days: int) -> list[Row]:
    """The rows of the last `days` whole days."""
    return [row for row in rows if days_ago(row[event_at], as_of) <= days]


def days_since_last(rows: Rows, event_at: str, as_of: datetime.date) -> int | None:
    """Days since the newest of the rows; null without rows."""
    return min((days_ago(row[event_at], as_of) for row in rows), default=None)


# Arithmetic with nulls


def total(rows: Rows, column: str) -> Fraction:
    """The sum of a column; a null adds nothing."""
    result = Fraction(0)
    for row in rows:
        if row[column] is not None:
            result += Fraction(row[column])
    return result


def ratio(part: Number | None, whole: Number | None) -> Fraction | None:
    """part / whole; null when either is null, or when whole is 0."""
    if part is None or whole is None or whole == 0:
        return None
    return Fraction(part) / Fraction(whole)


def mean(values: Iterable[Any]) -> Fraction | None:
    """The mean of the values that are not null; null without such values."""
    there = [Fraction(value) for value in values if value is not None]
    return ratio(sum(there, Fraction(0)), len(there))


def count(rows: Rows, condition: Callable[[Row], object]) -> int:
    """The number of rows that meet the condition; a null does not."""
    return sum(1 for row in rows if condition(row))


def different(rows: Rows, column: str) -> int:
    """The number of different values in a column, without null."""
    return len({row[column] for row in rows if row[column] is not None})


def pace(short: Number, short_days: int, long: Number, long_days: int) -> Fraction | None:
    """The daily mean in a short window / the daily mean in a long window."""
    return ratio(Fraction(short) / short_days, Fraction(long) / long_days)


# Who they are


def known_version(versions: Rows, as_of: datetime.date) -> Row | None:
    """The customer as known at the as-of date; null when the customer was not known yet.

    It is the newest version; of a version that was delivered twice, the one that arrived last.
    """
    newest: Row | None = None
    for version in known(versions, "valid_from", as_of):
        if newest is None or (version["valid_from"], version["known_at"]) > (
            newest["valid_from"],
            newest["known_at"],
        ):
            newest = version
    return newest


def salary_means(customers: Iterable[Customer], as_of: datetime.date) -> dict[str, Fraction]:
    """The mean salary of each region over all its customers, as known at the as-of date."""
    salaries: dict[str, list[Fraction]] = {}
    for customer in customers:
        version = known_version(customer.versions, as_of)
        if version is None or version["region"] is None or version["annual_salary"] is None:
            continue
        salaries.setdefault(version["region"], []).append(Fraction(version["annual_salary"]))
    return {region: sum(of, Fraction(0)) / len(of) for region, of in salaries.items()}


def demographic_features(
    version: Row, as_of: datetime.date, region_means: Mapping[str, Fraction]
) -> dict[str, Number | None]:
    """Demographics."""
    registered_at, birth_date = version["registered_at"], version["birth_date"]
    salary, consent = version["annual_salary"], version["has_marketing_consent"]
    return {
        "tenure_days": None if registered_at is None else days_ago(registered_at, as_of),
        "age_years": None if birth_date is None else completed_years(birth_date, as_of),
        "is_female": {"female": 1, "male": 0}.get(version["gender"]),
        "annual_salary": None if salary is None else Fraction(salary),
        "salary_to_region_ratio": ratio(salary, region_means.get(version["region"])),
        "has_marketing_consent": None if consent is None else int(consent),
    }


# What they order


def order_features(
    orders: Rows, items: Rows, as_of: datetime.date
) -> dict[str, Number | float | None]:
    """How often, how lately and for how much they buy."""
    features: dict[str, Number | float | None] = {}
    purchases = purchases_of(orders)
    orders_in: dict[int, int] = {}
    amount_in: dict[int, Fraction] = {}
    for days in (7, 30, 90, 365):
        orders_in[days] = len(within(purchases, "ordered_at", as_of, days))
        amount_in[days] = total(within(items, "ordered_at", as_of, days), "net_amount")
        features[f"order_count_{days}d"] = orders_in[days]
        features[f"order_amount_{days}d"] = amount_in[days]
    features["order_count_lifetime"] = len(purchases)

    order_days = sorted({order["ordered_at"].date() for order in purchases})
    since_last = (as_of - order_days[-1]).days if order_days else None
    features["days_since_last_order"] = since_last
    features["days_since_first_order"] = (as_of - order_days[0]).days if order_days else None

    features["order_count_trend_30d"] = pace(orders_in[30], 30, orders_in[90], 90)
    features["order_count_trend_90d"] = pace(orders_in[90], 90, orders_in[365], 365)
    features["order_amount_trend_90d"] = pace(
        max(amount_in[90], Fraction(0)), 90, max(amount_in[365], Fraction(0)), 365
    )

    gaps = []
    for earlier, later in itertools.pairwise(order_days):
        gaps.append((later - earlier).days)
    usual_gap = mean(gaps)
    features["days_between_orders_mean"] = usual_gap
    features["days_between_orders_variation"] = variation(gaps)
    features["order_overdue_ratio"] = ratio(since_last, usual_gap)

    year = within(orders, "ordered_at", as_of, 365)
    lines = within(lines_bought(items), "ordered_at", as_of, 365)
    baskets = different(lines, "order_id")
    features["basket_amount_mean_365d"] = ratio(total(lines, "net_amount"), baskets)
    features["basket_quantity_mean_365d"] = ratio(total(lines, "quantity"), baskets)
    features["basket_lines_mean_365d"] = ratio(len(lines), baskets)
    features["discount_share_365d"] = ratio(
        total(lines, "discount_amount"), total(lines, "gross_amount")
    )
    returns = count(year, lambda order: order["order_type"] == "return")
    cancellations = count(year, lambda order: order["order_type"] == "cancellation")
    features["return_count_365d"] = returns
    features["cancellation_count_365d"] = cancellations
    features["reversal_rate_365d"] = ratio(returns + cancellations, orders_in[365])
    return features


def variation(values: Sequence[int]) -> float | None:
    """The population standard deviation / the mean; null without values."""
    middle = mean(values)
    if middle is None:
        return None
    variance = sum((value - middle) ** 2 for value in values) / len(values)
    return math.sqrt(variance / middle**2)


def purchases_of(orders: Rows) -> list[Row]:
    """The orders without returns and cancellations."""
    return [order for order in orders if order["order_type"] == "purchase"]


def lines_bought(items: Rows) -> list[Row]:
    """The lines of purchases, without those of returns and cancellations."""
    return [item for item in items if item["order_type"] == "purchase"]


# What they buy


def product_features(items: Rows, as_of: datetime.date) -> dict[str, Number | str | None]:
    """What they buy."""
    lines = within(lines_bought(items), "ordered_at", as_of, 365)
    favourite = favourite_category(lines, as_of)
    of_favourite = [line for line in lines if line["category"] == favourite]
    products = different(lines, "product_id")
    return {
        "favourite_category": favourite,
        "category_count_90d": different(within(lines, "ordered_at", as_of, 90), "category"),
        "category_count_365d": different(lines, "category"),
        "product_count_365d": products,
        "product_variety_365d": ratio(products, len(lines)),
        "favourite_category_share_365d": ratio(len(of_favourite), len(lines)),
        "days_since_favourite_category_365d": days_since_last(of_favourite, "ordered_at", as_of),
        "unit_price_mean_365d": ratio(total(lines, "gross_amount"), total(lines, "quantity")),
    }


def favourite_category(lines: Rows, as_of: datetime.date) -> str:
    """The category with most lines; if several, the one bought last, then the first by name."""
    ranking = []
    for category in {line["category"] for line in lines}:
        of_category = [line for line in lines if line["category"] == category]
        days_since = days_since_last(of_category, "ordered_at", as_of)
        ranking.append((-len(of_category), days_since, category))
    return min(ranking)[2] if ranking else "none"


# How they visit


def session_features(sessions: Rows, as_of: datetime.date) -> dict[str, Number | None]:
    """How they visit the web shop."""
    features: dict[str, Number | None] = {}
    visits = {days: within(sessions, "started_at", as_of, days) for days in (7, 30, 90, 365)}
    for days, rows in visits.items():
        features[f"session_count_{days}d"] = len(rows)
    features["days_since_last_session_365d"] = days_since_last(visits[365], "started_at", as_of)
    features["session_count_trend_30d"] = pace(len(visits[30]), 30, len(visits[90]), 90)

    features["product_pages_mean_90d"] = mean(visit["product_pages"] for visit in visits[90])
    features["session_seconds_mean_90d"] = mean(seconds(visit) for visit in visits[90])
    features["bounce_rate_mean_90d"] = mean(visit["bounce_rate"] for visit in visits[90])
    features["exit_rate_mean_90d"] = mean(visit["exit_rate"] for visit in visits[90])
    features["page_value_mean_90d"] = mean(visit["page_value"] for visit in visits[90])

    at_weekends = count(visits[90], lambda visit: visit["is_weekend"])
    with_purchase = count(visits[365], lambda visit: visit["has_purchase"])
    features["weekend_session_share_90d"] = ratio(at_weekends, len(visits[90]))
    features["purchase_session_share_365d"] = ratio(with_purchase, len(visits[365]))
    return features


def seconds(visit: Row) -> Fraction | None:
    """Seconds on pages of all three kinds; null when one of them is null."""
    result = Fraction(0)
    for kind in ("administrative", "informational", "product"):
        if visit[f"{kind}_seconds"] is None:
            return None
        result += Fraction(visit[f"{kind}_seconds"])
    return result


# How they respond


def engagement_features(engagements: Rows, as_of: datetime.date) -> dict[str, Number | None]:
    """How they respond to campaigns."""
    month = within(engagements, "engaged_at", as_of, 30)
    quarter = within(engagements, "engaged_at", as_of, 90)
    year = within(engagements, "engaged_at", as_of, 365)
    by_email = [row for row in quarter if row["channel"] == "email"]
    responses = [row for row in year if row["action"] in ("click", "like", "share", "follow")]
    return {
        "impression_count_30d": count(month, is_impression),
        "impression_count_90d": count(quarter, is_impression),
        "click_count_30d": count(month, is_click),
        "click_count_90d": count(quarter, is_click),
        "social_action_count_90d": count(quarter, is_social),
        "follow_count_365d": count(year, lambda row: row["action"] == "follow"),
        "campaign_count_90d": different(quarter, "campaign_id"),
        "days_since_last_response_365d": days_since_last(responses, "engaged_at", as_of),
        "click_rate_90d": ratio(count(quarter, is_click), count(quarter, is_impression)),
        "click_rate_365d": ratio(count(year, is_click), count(year, is_impression)),
        "email_click_rate_90d": ratio(count(by_email, is_click), count(by_email, is_impression)),
        "social_action_rate_365d": ratio(count(year, is_social), count(year, is_impression)),
    }


def is_impression(engagement: Row) -> bool:
    """Whether a campaign was shown."""
    return bool(engagement["action"] == "impression")


def is_click(engagement: Row) -> bool:
    """Whether the customer clicked on a campaign."""
    return bool(engagement["action"] == "click")


def is_social(engagement: Row) -> bool:
    """Whether the customer liked, shared or followed."""
    return engagement["action"] in ("like", "share", "follow")


# Everything


def reference_features(
    customer: Customer, as_of: datetime.date, region_means: Mapping[str, Fraction]
) -> dict[str, float | str | None] | None:
    """Every feature of the customer at the as-of date; null when the customer was not known yet.

    `region_means` are the `salary_means` of everyone at the same date.
    """
    version = known_version(customer.versions, as_of)
    if version is None:
        return None
    orders = known(customer.orders, "ordered_at", as_of)
    items = known(customer.order_items, "ordered_at", as_of)
    sessions = known(customer.sessions, "started_at", as_of)
    engagements = known(customer.engagements, "engaged_at", as_of)
    numbers: dict[str, Number | float | str | None] = {
        **demographic_features(version, as_of, region_means),
        **order_features(orders, items, as_of),
        **product_features(items, as_of),
        **session_features(sessions, as_of),
        **engagement_features(engagements, as_of),
    }
    return {
        name: number if isinstance(number, str) else as_float32(number)
        for name, number in numbers.items()
    }


def session_history(session: Row, customer: Customer | None) -> dict[str, float | None]:
    """The history of a session's customer, as known at its start; null without a customer."""
    start = session["started_at"]
    responses = [row for row in customer.engagements if not is_impression(row)] if customer else []
    history: dict[str, float | None] = {}
    for name, rows, event_at in (
        ("order", purchases_of(customer.orders) if customer else [], "ordered_at"),
        ("session", customer.sessions if customer else [], "started_at"),
        ("response", responses, "engaged_at"),
    ):
        before = [row for row in rows if row[event_at] < start and row["known_at"] <= start]
        year = within(before, event_at, start.date(), 365)
        for days in (90, 365):
            number = len(within(before, event_at, start.date(), days))
            history[f"previous_{name}_count_{days}d"] = as_float32(number) if customer else None
        since = days_since_last(year, event_at, start.date())
        history[f"days_since_previous_{name}_365d"] = as_float32(since)
    return history


def reference_labels(
    orders: Rows, as_of: datetime.date, newest_date: datetime.date, grace_days: int = 0
) -> dict[str, bool | None]:
    """Whether the customer bought within 7, 30 and 90 days from the as-of date on.

    A purchase counts when it arrived before the end of these days, or within the grace days after
    it. A label is null until the newest as-of date of the shop has reached the end of both.
    """
    labels: dict[str, bool | None] = {}
    for days in HORIZONS:
        end = as_of + datetime.timedelta(days=days)
        matured_on = end + datetime.timedelta(days=grace_days)
        bought = False
        for order in orders:
            is_purchase = order["order_type"] == "purchase"
            in_time = midnight(as_of) <= order["ordered_at"] < midnight(end)
            if is_purchase and in_time and order["known_at"] <= midnight(matured_on):
                bought = True
        labels[f"has_purchase_{days}d"] = bought if newest_date >= matured_on else None
    return labels
