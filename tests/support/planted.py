"""Plant rows that no as-of date of a shop may use: events in the future, and late arrivals."""

from pathlib import Path

import duckdb

__all__ = ["plant_unknowable_rows"]

NEWEST = "2026-01-01"  # the newest as-of date of the sample's calendar

# Time of the event and of the arrival. They include both edges: an event at midnight of the newest
# date is in its future, and a row that arrives a second later was not known.
TIMES = {
    "midnight": (f"{NEWEST} 00:00:00", f"{NEWEST} 00:00:00"),
    "next_month": ("2026-02-01 10:00:00", "2026-02-01 10:00:05"),
    "far_future": ("2031-05-05 10:00:00", "2031-05-06 10:00:00"),
    "late_by_months": ("2025-06-01 12:00:00", f"{NEWEST} 00:00:01"),
    "late_by_years": ("2024-03-01 12:00:00", "2030-01-01 00:00:00"),
}

# The tables that are copied, with their key, event time, and changes that would be noticed.
PLANTED = {
    "orders": ("order_id", "ordered_at", "order_type = 'purchase', session_id = null"),
    "web_sessions": (
        "session_id",
        "started_at",
        "product_pages = 900, product_seconds = 9000, page_value = 9000",
    ),
    "social_engagements": ("engagement_id", "engaged_at", "action = 'click'"),
    "customers": (None, "valid_from", "annual_salary = 123456, gender = 'male', region = 'North'"),
}


def plant_unknowable_rows(folder: Path) -> None:
    """Append such rows for every customer to the Parquet files in a sample's raw folder."""
    with duckdb.connect() as connection:
        for table in (*PLANTED, "order_items"):
            connection.sql(f"create table {table} as from '{folder / table}.parquet'")
        for table, (key, moment, changes) in PLANTED.items():
            connection.sql(f"create table copied as from {table} limit 0")
            for name, (happened, arrived) in TIMES.items():
                connection.sql(
                    f"insert into copied select distinct on (customer_id) * from {table} "
                    f"where customer_id < 'C9' and {moment} <= known_at order by all"
                )
                renamed = f"{key} = '{name}-' || {key}, " if key else ""
                connection.sql(
                    f"update copied set {renamed}{changes}, {moment} = '{happened}', "
                    f"known_at = '{arrived}'"
                )
                connection.sql(f"insert into {table} from copied")
                connection.sql("delete from copied")
            connection.sql("drop table copied")
        # One line per planted order, and late lines for orders that were known in time.
        line = "'P0001' as product_id, 90 as quantity, 99 as unit_price, 0 as discount_amount"
        names = "|".join(TIMES)
        arrived = f"timestamp '{NEWEST} 00:00:01'"
        connection.sql(
            "insert into order_items by name "
            f"select 'line-' || order_id as order_item_id, order_id, {line}, ordered_at, known_at "
            f"from orders where regexp_matches(order_id, '^({names})-')"
        )
        connection.sql(
            "insert into order_items by name "
            f"select 'late-line-' || order_id as order_item_id, order_id, {line}, ordered_at, "
            f"{arrived} as known_at from (select distinct * from orders) "
            f"where not regexp_matches(order_id, '^({names})-') and ordered_at < '{NEWEST}' "
            "and order_type = 'purchase'"
        )
        for table in (*PLANTED, "order_items"):
            connection.sql(f"copy {table} to '{folder / table}.parquet' (format parquet)")
