"""Features at a date know nothing that happened or arrived after it, however they were built."""

import duckdb
import pytest

from tests.support.project import Workspace
from tests.support.shops import Increments, Shop

KEYS = {"customer_features": "customer_id", "session_features": "session_id"}


def differences(
    one: Workspace, other: Workspace, table: str
) -> tuple[int, list[tuple[object, ...]]]:
    """Rows of a feature table in one workspace, and the first rows that only one of both has."""
    with duckdb.connect() as connection:
        for name, workspace in {"one": one, "other": other}.items():
            connection.sql(f"attach '{workspace.warehouse}' as {name} (read_only)")
        here, there = f"one.features.{table}", f"other.features.{table}"
        count = connection.sql(f"select count(*) from {here}").fetchall()[0][0]
        found = connection.sql(
            f"(select 'only one' as place, * from (from {here} except all from {there})) union all "
            f"(select 'only other', * from (from {there} except all from {here})) "
            f"order by {KEYS[table]}, as_of_date, place limit 6"
        ).fetchall()
    return count, found


def test_the_canary_was_planted(shop: Shop, canary: Workspace) -> None:
    """The planted rows reached the marts, so that features could have seen them."""
    for table, least in [
        ("orders", 1_000),
        ("order_items", 2_500),
        ("sessions", 1_900),
        ("engagements", 1_000),
    ]:
        query = f"select count(*) from marts.{table}"
        assert canary.rows(query)[0][0] - shop.workspace.rows(query)[0][0] > least, table
    versions = "quarantine_reason is null and annual_salary = 123456"
    query = f"select count(*) from staging.stg_sample__customers where {versions}"
    assert canary.rows(query)[0][0] > 1_900


@pytest.mark.parametrize("table", KEYS)
def test_no_feature_and_no_label_moves(shop: Shop, canary: Workspace, table: str) -> None:
    """Events still to come and events written late leave every row of every date as it was."""
    count, found = differences(shop.workspace, canary, table)
    assert count > 3_000
    assert found == []


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("stage", ["repeated", "refreshed"])
def test_dates_may_be_built_in_any_order(increments: Increments, stage: str, table: str) -> None:
    """A date put in between, a date repeated, all built at once: each ends in the same rows."""
    count, found = differences(increments.back_filled, getattr(increments, stage), table)
    assert count > 800
    assert found == []


@pytest.mark.parametrize("table", KEYS)
def test_each_date_was_built(increments: Increments, table: str) -> None:
    """The dates of the calendar up to the newest one built, and the one put in between."""
    dates = increments.back_filled.rows(
        f"select distinct cast(as_of_date as varchar) from features.{table} order by all desc"
    )
    assert [date for (date,) in dates[:4]] == [
        "2025-07-17",
        "2025-07-03",
        "2025-06-19",
        "2025-05-22",
    ]


def test_labels_are_null_until_they_have_matured(increments: Increments) -> None:
    """With 2025-07-17 as the newest date, a 30-day label is there up to 2025-06-17."""
    late, missing = increments.back_filled.rows(
        "select count(*) filter (as_of_date > '2025-06-17' and has_purchase_30d is not null), "
        "count(*) filter (as_of_date <= '2025-06-17' and has_purchase_30d is null) "
        "from features.customer_features"
    )[0]
    assert (late, missing) == (0, 0)
