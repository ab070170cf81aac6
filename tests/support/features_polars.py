"""Customer features in polars: a peer of the SQL in `models/intermediate/customer_features`.

One lazy query computes all dates. So polars reads only the columns and rows that it needs, uses all
cores, and works in batches where possible (its streaming engine).

`python -m tests.support.features_polars MARTS OUT.parquet DATE [DATE …]` writes the frame to a
file.
"""

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from polars import selectors as cs

__all__ = ["customer_features"]

AGO = pl.col("days_ago")
PURCHASE = pl.col("order_type") == "purchase"
WINDOWS = (7, 30, 90, 365)


def customer_features(marts: Path, as_of_dates: Sequence[datetime.date]) -> pl.DataFrame:
    """The features of all customers known at each date, in the columns of the warehouse's table.

    `marts` is a folder from `tests.support.feature_peers.export_marts`. Numbers are Float32.
    """
    features = pl.concat([_features_at(marts, date) for date in as_of_dates])
    return features.collect(engine="streaming")


def _features_at(marts: Path, date: datetime.date) -> pl.LazyFrame:
    midnight = pl.lit(datetime.datetime.combine(date, datetime.time()))

    def known(name: str, event_at: str) -> pl.LazyFrame:
        return (
            pl.scan_parquet(marts / f"{name}.parquet")
            .filter(
                pl.col("customer_id").is_not_null(),
                pl.col(event_at) < midnight,
                pl.col("known_at") <= midnight,
            )
            .with_columns(days_ago=_days_before(event_at, date))
        )

    def known_of_year(name: str, event_at: str) -> pl.LazyFrame:
        return known(name, event_at).filter(pl.col(event_at) >= midnight - pl.duration(days=365))

    items = known_of_year("order_items", "ordered_at")
    features = _demographic_features(known("customers_versions", "valid_from"), date)
    for theme in (
        _order_features(known("orders", "ordered_at"), items),
        _product_features(items.filter(PURCHASE)),
        _session_features(known_of_year("sessions", "started_at")),
        _engagement_features(known_of_year("engagements", "engaged_at")),
    ):
        features = features.join(theme, on="customer_id", how="left")
    zero_without_any = cs.matches(r"_(count|amount)_(\d+d|lifetime)$")
    texts = ["customer_id", "as_of_date", "favourite_category"]
    return features.with_columns(
        zero_without_any.fill_null(0),
        pl.col("favourite_category").fill_null("none"),
        as_of_date=pl.lit(date),
    ).select(*texts, pl.exclude(texts).cast(pl.Float32))


def _days_before(moment: str, date: datetime.date) -> pl.Expr:
    return (pl.lit(date) - pl.col(moment).cast(pl.Date)).dt.total_days()


def _ratio(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole != 0).then(part / whole)


def _within(days: int) -> pl.Expr:
    return pl.col("days_ago") <= days


def _count(days: int, condition: pl.Expr | None = None) -> pl.Expr:
    return (_within(days) if condition is None else _within(days) & condition).sum()


def _demographic_features(versions: pl.LazyFrame, date: datetime.date) -> pl.LazyFrame:
    newest_first = ["valid_from", "known_at", "source_name"]
    customers = versions.sort(newest_first, descending=[True, True, False]).unique(
        "customer_id", keep="first", maintain_order=True
    )
    salary, region = pl.col("annual_salary"), pl.col("region")
    born = pl.col("birth_date").cast(pl.Date)
    month, day = born.dt.month(), born.dt.day()
    is_before_birthday = (month > date.month) | ((month == date.month) & (day > date.day))
    return customers.select(
        "customer_id",
        tenure_days=_days_before("registered_at", date),
        age_years=date.year - born.dt.year() - is_before_birthday.cast(pl.Int32),
        is_female=pl.col("gender").replace_strict({"female": 1, "male": 0}, default=None),
        annual_salary=salary,
        salary_to_region_ratio=pl.when(region.is_not_null()).then(
            _ratio(salary, salary.mean().over("region"))
        ),
        has_marketing_consent=pl.col("has_marketing_consent").cast(pl.Int8),
    )


def _order_features(orders: pl.LazyFrame, items: pl.LazyFrame) -> pl.LazyFrame:
    # Two orders on the same day do not form an interval.
    is_same = pl.col("customer_id") == pl.col("customer_id").shift()
    gap = pl.when(is_same & (AGO.diff() > 0)).then(AGO.diff())
    rhythm = (
        orders.filter(PURCHASE)
        .select("customer_id", "days_ago")
        .sort("customer_id", "days_ago")
        .with_columns(gap=gap)
        .group_by("customer_id")
        .agg(
            *(_count(days).alias(f"order_count_{days}d") for days in WINDOWS),
            pl.len().alias("order_count_lifetime"),
            AGO.min().alias("last"),
            AGO.max().alias("first"),
            pl.col("gap").mean(),
            pl.col("gap").std(ddof=0).alias("gap_deviation"),
        )
    )
    reversals = orders.group_by("customer_id").agg(
        return_count_365d=_count(365, pl.col("order_type") == "return"),
        cancellation_count_365d=_count(365, pl.col("order_type") == "cancellation"),
    )
    # Rounded to cents, so that amounts that cancel out as decimals also do as doubles.
    amounts = items.group_by("customer_id").agg(
        *(
            pl.when(_within(days)).then("net_amount").sum().round(2).alias(f"order_amount_{days}d")
            for days in WINDOWS
        ),
        pl.when(PURCHASE).then("gross_amount").sum().round(2).alias("gross"),
        pl.when(PURCHASE).then("discount_amount").sum().round(2).alias("discount"),
        pl.when(PURCHASE).then("quantity").sum().alias("quantity"),
        PURCHASE.sum().alias("lines"),
        pl.when(PURCHASE).then("order_id").drop_nulls().n_unique().alias("baskets"),
    )
    count, amount = "order_count_{}d".format, "order_amount_{}d".format
    baskets, gap = pl.col("baskets"), pl.col("gap")
    reversed_orders = pl.col("return_count_365d") + pl.col("cancellation_count_365d")
    return (
        reversals.join(rhythm, on="customer_id", how="left")
        .join(amounts, on="customer_id", how="left")
        .select(
            "customer_id",
            *(count(days) for days in WINDOWS),
            "order_count_lifetime",
            *(amount(days) for days in WINDOWS),
            days_since_last_order=pl.col("last"),
            days_since_first_order=pl.col("first"),
            order_count_trend_30d=_ratio(pl.col(count(30)) * 3, pl.col(count(90))),
            order_count_trend_90d=_ratio(pl.col(count(90)) * 365, pl.col(count(365)) * 90),
            order_amount_trend_90d=_ratio(
                pl.col(amount(90)).clip(0) * 365, pl.col(amount(365)).clip(0) * 90
            ),
            days_between_orders_mean=gap,
            days_between_orders_variation=_ratio(pl.col("gap_deviation"), gap),
            order_overdue_ratio=_ratio(pl.col("last"), gap),
            basket_amount_mean_365d=_ratio(pl.col("gross") - pl.col("discount"), baskets),
            basket_quantity_mean_365d=_ratio(pl.col("quantity"), baskets),
            basket_lines_mean_365d=_ratio(pl.col("lines"), baskets),
            discount_share_365d=_ratio(pl.col("discount"), pl.col("gross")),
            return_count_365d=pl.col("return_count_365d"),
            cancellation_count_365d=pl.col("cancellation_count_365d"),
            reversal_rate_365d=_ratio(reversed_orders, pl.col(count(365))),
        )
    )


def _product_features(lines: pl.LazyFrame) -> pl.LazyFrame:
    favourite = pl.col("category", "lines", "days_ago").sort_by(
        "lines", "days_ago", "category", descending=[True, False, False]
    )
    categories = (
        lines.group_by("customer_id", "category")
        .agg(lines=pl.len(), days_ago=AGO.min())
        .group_by("customer_id")
        .agg(
            favourite.first(),
            category_count_90d=_count(90),
            category_count_365d=pl.len(),
        )
    )
    totals = lines.group_by("customer_id").agg(
        pl.len().alias("all_lines"),
        pl.col("product_id").drop_nulls().n_unique().alias("product_count_365d"),
        pl.col("gross_amount", "quantity").sum(),
    )
    return categories.join(totals, on="customer_id").select(
        "customer_id",
        "category_count_90d",
        "category_count_365d",
        "product_count_365d",
        favourite_category=pl.col("category"),
        product_variety_365d=_ratio(pl.col("product_count_365d"), pl.col("all_lines")),
        favourite_category_share_365d=_ratio(pl.col("lines"), pl.col("all_lines")),
        days_since_favourite_category_365d=AGO,
        unit_price_mean_365d=_ratio(pl.col("gross_amount"), pl.col("quantity")),
    )


def _session_features(sessions: pl.LazyFrame) -> pl.LazyFrame:
    seconds = pl.col("administrative_seconds", "informational_seconds", "product_seconds")
    means = {
        "product_pages_mean_90d": pl.col("product_pages"),
        "session_seconds_mean_90d": pl.sum_horizontal(seconds, ignore_nulls=False),
        "bounce_rate_mean_90d": pl.col("bounce_rate"),
        "exit_rate_mean_90d": pl.col("exit_rate"),
        "page_value_mean_90d": pl.col("page_value"),
    }
    month, quarter, year = (pl.col(f"session_count_{days}d") for days in (30, 90, 365))
    return (
        sessions.group_by("customer_id")
        .agg(
            *(_count(days).alias(f"session_count_{days}d") for days in WINDOWS),
            AGO.min().alias("days_since_last_session_365d"),
            *(pl.when(_within(90)).then(of).mean().alias(name) for name, of in means.items()),
            _count(90, pl.col("is_weekend")).alias("weekends"),
            pl.col("has_purchase").sum().alias("purchases"),
        )
        .select(
            "customer_id",
            *(f"session_count_{days}d" for days in WINDOWS),
            "days_since_last_session_365d",
            _ratio(month * 3, quarter).alias("session_count_trend_30d"),
            *means,
            weekend_session_share_90d=_ratio(pl.col("weekends"), quarter),
            purchase_session_share_365d=_ratio(pl.col("purchases"), year),
        )
    )


def _engagement_features(engagements: pl.LazyFrame) -> pl.LazyFrame:
    action, by_email = pl.col("action"), pl.col("channel") == "email"
    impression, click = action == "impression", action == "click"
    social = action.is_in(["like", "share", "follow"])
    counts = {
        "impression_count_30d": _count(30, impression),
        "impression_count_90d": _count(90, impression),
        "click_count_30d": _count(30, click),
        "click_count_90d": _count(90, click),
        "social_action_count_90d": _count(90, social),
        "follow_count_365d": _count(365, action == "follow"),
        "campaign_count_90d": pl.when(_within(90)).then("campaign_id").drop_nulls().n_unique(),
        "days_since_last_response_365d": pl.when(~impression).then(AGO).min(),
    }
    return (
        engagements.group_by("customer_id")
        .agg(
            impressions=_count(365, impression),
            clicks=_count(365, click),
            social=_count(365, social),
            email_impressions=_count(90, impression & by_email),
            email_clicks=_count(90, click & by_email),
            **counts,
        )
        .select(
            "customer_id",
            *counts,
            click_rate_90d=_ratio(pl.col("click_count_90d"), pl.col("impression_count_90d")),
            click_rate_365d=_ratio(pl.col("clicks"), pl.col("impressions")),
            email_click_rate_90d=_ratio(pl.col("email_clicks"), pl.col("email_impressions")),
            social_action_rate_365d=_ratio(pl.col("social"), pl.col("impressions")),
        )
    )


if __name__ == "__main__":
    folder, out, *days = sys.argv[1:]
    dates = [datetime.date.fromisoformat(day) for day in days]
    customer_features(Path(folder), dates).write_parquet(out)
