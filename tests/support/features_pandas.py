"""Customer features in pandas: a peer of the SQL in `models/intermediate/customer_features`.

Events are filtered while they are read, and each aggregate is one grouping of the rows in its
window. The customer column is a categorical of all customers. So each grouping has a row for every
customer, with 0 where there is nothing to count, and all results have the same index.

`python -m tests.support.features_pandas MARTS OUT.parquet DATE [DATE …]` writes the frame to a
file.
"""

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow.compute as pc

__all__ = ["customer_features"]

SECONDS = ["administrative_seconds", "informational_seconds", "product_seconds"]
SESSION_MEANS = ["product_pages", "session_seconds", "bounce_rate", "exit_rate", "page_value"]
WINDOWS = (7, 30, 90, 365)
MIDNIGHT = datetime.time()
YEAR = datetime.timedelta(days=365)

Tables = dict[str, pd.DataFrame]
Features = dict[str, pd.Series]


def customer_features(marts: Path, as_of_dates: Sequence[datetime.date]) -> pd.DataFrame:
    """The features of all customers known at each date, in the columns of the warehouse's table.

    `marts` is a folder from `tests.support.feature_peers.export_marts`. Numbers are float32, with
    NaN for null.
    """
    tables = _read_tables(marts, as_of_dates)
    return pd.concat([_features_at(tables, date) for date in as_of_dates], ignore_index=True)


def _read_tables(marts: Path, dates: Sequence[datetime.date]) -> Tables:
    """The rows that any of the dates may use, with a categorical `customer` and a numeric `day`."""
    newest = datetime.datetime.combine(max(dates), MIDNIGHT)
    oldest = datetime.datetime.combine(min(dates), MIDNIGHT) - YEAR
    versions = pd.read_parquet(marts / "customers_versions.parquet")
    ids = pd.Index(versions["customer_id"].unique())
    customers = pd.CategoricalDtype(pd.RangeIndex(len(ids)))

    def day(moments: pd.Series) -> pd.Series:
        return moments.to_numpy().astype("datetime64[D]").astype("int32")

    def events(name: str, event_at: str, texts: list[str], others: list[str]) -> pd.DataFrame:
        wanted = (
            pc.field("customer_id").is_valid()
            & (pc.field(event_at) < newest)
            & (pc.field("known_at") <= newest)
        )
        if name != "orders":
            wanted &= pc.field(event_at) >= oldest
        rows = pd.read_parquet(
            marts / f"{name}.parquet",
            columns=["customer_id", *texts, *others, event_at, "known_at"],
            filters=wanted,
            read_dictionary=["customer_id", *texts],
            to_pandas_kwargs={"split_blocks": True, "self_destruct": True},
        )
        given = rows.pop("customer_id").cat
        codes = ids.get_indexer(given.categories)[given.codes]
        rows["customer"] = pd.Categorical.from_codes(codes, dtype=customers)
        rows["day"] = day(rows.pop(event_at))
        return rows

    versions["customer"] = pd.Categorical.from_codes(
        ids.get_indexer(versions["customer_id"]), dtype=customers
    )
    versions["day"] = day(versions["valid_from"])
    versions["birth_date"] = pd.to_datetime(versions["birth_date"])
    newest_first = ["valid_from", "known_at", "source_name"]
    orders = events("orders", "ordered_at", ["order_type"], [])
    amounts = ["quantity", "gross_amount", "discount_amount", "net_amount"]
    texts = ["product_id", "category", "order_type"]
    items = events("order_items", "ordered_at", texts, ["order_id", *amounts])
    items["order_id"] = pd.factorize(items["order_id"])[0]
    by_name = sorted(items["category"].cat.categories)
    items["category"] = items["category"].cat.reorder_categories(by_name, ordered=True)
    visits = [*SECONDS, *set(SESSION_MEANS) - {"session_seconds"}, "is_weekend", "has_purchase"]
    sessions = events("sessions", "started_at", [], visits)
    sessions["session_seconds"] = sum(sessions.pop(name) for name in SECONDS)
    sessions["is_weekend"] = sessions["is_weekend"].astype("float64")  # may be null
    keys = ["campaign_id", "channel", "action"]
    return {
        "versions": versions.sort_values(newest_first, ascending=[False, False, True]),
        "orders": orders.sort_values(["customer", "day"]),
        "items": items,
        "sessions": sessions,
        "engagements": events("engagements", "engaged_at", keys, []),
    }


def _features_at(tables: Tables, date: datetime.date) -> pd.DataFrame:
    known: Tables = {}
    for name, rows in tables.items():
        days_ago = (date - datetime.date(1970, 1, 1)).days - rows["day"]
        was_known = (days_ago > 0) & (rows["known_at"] <= pd.Timestamp(date))
        if name not in ("versions", "orders"):
            was_known &= days_ago <= YEAR.days
        known[name] = rows[was_known].assign(days_ago=days_ago[was_known])
    customers = known["versions"].drop_duplicates("customer").set_index("customer")
    features = {
        "customer_id": customers["customer_id"],
        "as_of_date": date,
        "favourite_category": None,
        **_demographic_features(customers, pd.Timestamp(date)),
        **_order_features(known["orders"], known["items"]),
        **_product_features(known["items"]),
        **_session_features(known["sessions"]),
        **_engagement_features(known["engagements"]),
    }
    result = pd.DataFrame(features, index=customers.index).fillna({"favourite_category": "none"})
    return result.astype(dict.fromkeys(result.columns[3:], "float32"))


def _within(rows: pd.DataFrame, days: int) -> pd.DataFrame:
    return rows[rows["days_ago"] <= days]


def _of_each(rows: pd.DataFrame) -> pd.api.typing.DataFrameGroupBy:
    return rows.groupby("customer", observed=False)


def _count(rows: pd.DataFrame) -> pd.Series:
    return _of_each(rows).size()


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole != 0)


def _demographic_features(customers: pd.DataFrame, today: pd.Timestamp) -> Features:
    salary, consent = customers["annual_salary"], customers["has_marketing_consent"]
    region_mean = salary.groupby(customers["region"]).transform("mean")
    born = customers["birth_date"].dt
    is_before_birthday = born.month * 100 + born.day > today.month * 100 + today.day
    return {
        "tenure_days": (today - customers["registered_at"].dt.normalize()).dt.days,
        "age_years": today.year - born.year - is_before_birthday,
        "is_female": customers["gender"].map({"female": 1.0, "male": 0.0}),
        "annual_salary": salary,
        "salary_to_region_ratio": _ratio(salary, region_mean),
        "has_marketing_consent": consent.map({True: 1.0, False: 0.0}),
    }


def _order_features(orders: pd.DataFrame, items: pd.DataFrame) -> Features:
    lines = items[items["order_type"] == "purchase"]
    purchases, year = orders[orders["order_type"] == "purchase"], _within(orders, 365)
    counts = {days: _count(_within(purchases, days)) for days in WINDOWS}
    ago = _of_each(purchases)["days_ago"]
    last = ago.min()
    # Two orders on the same day do not form an interval.
    gaps = -ago.diff()
    gaps = gaps[gaps > 0].groupby(purchases["customer"], observed=False)
    gap = gaps.mean()
    # Rounded to cents, so that amounts that cancel out as decimals also do as doubles.
    amounts = {
        days: _of_each(_within(items, days))["net_amount"].sum().round(2) for days in WINDOWS
    }
    totals = _of_each(lines)[["quantity", "gross_amount", "discount_amount"]].sum().round(2)
    gross, discount = totals["gross_amount"], totals["discount_amount"]
    baskets = _count(lines.drop_duplicates("order_id"))
    returns = _count(year[year["order_type"] == "return"])
    cancellations = _count(year[year["order_type"] == "cancellation"])
    positive = {days: amount.clip(lower=0) for days, amount in amounts.items()}
    return {
        **{f"order_count_{days}d": count for days, count in counts.items()},
        "order_count_lifetime": _count(purchases),
        **{f"order_amount_{days}d": amount for days, amount in amounts.items()},
        "days_since_last_order": last,
        "days_since_first_order": ago.max(),
        "order_count_trend_30d": _ratio(counts[30] * 3, counts[90]),
        "order_count_trend_90d": _ratio(counts[90] * 365, counts[365] * 90),
        "order_amount_trend_90d": _ratio(positive[90] * 365, positive[365] * 90),
        "days_between_orders_mean": gap,
        "days_between_orders_variation": _ratio(gaps.std(ddof=0), gap),
        "order_overdue_ratio": _ratio(last, gap),
        "basket_amount_mean_365d": _ratio(gross - discount, baskets),
        "basket_quantity_mean_365d": _ratio(totals["quantity"], baskets),
        "basket_lines_mean_365d": _ratio(_count(lines), baskets),
        "discount_share_365d": _ratio(discount, gross),
        "return_count_365d": returns,
        "cancellation_count_365d": cancellations,
        "reversal_rate_365d": _ratio(returns + cancellations, counts[365]),
    }


def _product_features(items: pd.DataFrame) -> Features:
    lines = items[items["order_type"] == "purchase"]
    by_category = lines.groupby(["customer", "category"], observed=True)["days_ago"]
    categories = by_category.agg(lines="size", days_ago="min").reset_index()
    # Most lines, then the newest, then the first by name: idxmax takes the first of equal scores.
    score = categories["lines"] * 1000 - categories["days_ago"]
    best = score.groupby(categories["customer"], observed=True).idxmax()
    favourites = categories.loc[best].set_index("customer")
    products = lines.dropna(subset="product_id").drop_duplicates(["customer", "product_id"])
    product_count, line_count = _count(products), _count(lines)
    totals = _of_each(lines)[["gross_amount", "quantity"]].sum()
    return {
        "favourite_category": favourites["category"].astype("str"),
        "category_count_90d": _count(_within(categories, 90)),
        "category_count_365d": _count(categories),
        "product_count_365d": product_count,
        "product_variety_365d": _ratio(product_count, line_count),
        "favourite_category_share_365d": _ratio(favourites["lines"], line_count),
        "days_since_favourite_category_365d": favourites["days_ago"],
        "unit_price_mean_365d": _ratio(totals["gross_amount"], totals["quantity"]),
    }


def _session_features(sessions: pd.DataFrame) -> Features:
    counts = {days: _count(_within(sessions, days)) for days in WINDOWS}
    year, quarter = _of_each(sessions), _of_each(_within(sessions, 90))
    means = quarter[SESSION_MEANS].mean()
    return {
        **{f"session_count_{days}d": count for days, count in counts.items()},
        "days_since_last_session_365d": year["days_ago"].min(),
        "session_count_trend_30d": _ratio(counts[30] * 3, counts[90]),
        **{f"{name}_mean_90d": means[name] for name in SESSION_MEANS},
        "weekend_session_share_90d": _ratio(quarter["is_weekend"].sum(), counts[90]),
        "purchase_session_share_365d": _ratio(year["has_purchase"].sum(), counts[365]),
    }


def _engagement_features(engagements: pd.DataFrame) -> Features:
    shown = engagements[engagements["action"] == "impression"]
    responses = engagements[engagements["action"] != "impression"]
    clicks = responses[responses["action"] == "click"]
    social = responses[responses["action"].isin(["like", "share", "follow"])]
    quarter_shown, quarter_clicks = _within(shown, 90), _within(clicks, 90)
    campaigns = _within(engagements, 90).dropna(subset="campaign_id")
    impression_count, click_count = _count(quarter_shown), _count(quarter_clicks)
    year_shown = _count(shown)
    return {
        "impression_count_30d": _count(_within(shown, 30)),
        "impression_count_90d": impression_count,
        "click_count_30d": _count(_within(clicks, 30)),
        "click_count_90d": click_count,
        "social_action_count_90d": _count(_within(social, 90)),
        "follow_count_365d": _count(social[social["action"] == "follow"]),
        "campaign_count_90d": _count(campaigns.drop_duplicates(["customer", "campaign_id"])),
        "days_since_last_response_365d": _of_each(responses)["days_ago"].min(),
        "click_rate_90d": _ratio(click_count, impression_count),
        "click_rate_365d": _ratio(_count(clicks), year_shown),
        "email_click_rate_90d": _ratio(
            _count(quarter_clicks[quarter_clicks["channel"] == "email"]),
            _count(quarter_shown[quarter_shown["channel"] == "email"]),
        ),
        "social_action_rate_365d": _ratio(_count(social), year_shown),
    }


if __name__ == "__main__":
    folder, out, *texts = sys.argv[1:]
    days = [datetime.date.fromisoformat(text) for text in texts]
    customer_features(Path(folder), days).to_parquet(out, index=False)
