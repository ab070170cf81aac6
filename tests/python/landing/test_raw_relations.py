"""From delivered files to clean rows: what lands is what staging reads, in every layout."""

import os
import re
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.support.project import Workspace, real_data

DAY = "2025-11-20 10:00:00"
CUSTOMERS = (
    "customer_id,full_name,email,gender,birth_date,region,annual_salary,has_marketing_consent,"
    "registered_at,valid_from,known_at"
)
ORDERS = (
    "order_id,customer_id,session_id,campaign_id,order_type,original_order_id,ordered_at,known_at"
)
ITEMS = "order_item_id,order_id,product_id,quantity,unit_price,discount_amount,ordered_at,known_at"
STAGED = ("--select", "+marts.orders", "+marts.order_items", "+quarantined_rows", "delivered_files")
TABLES = ("--resource-type", "model", "--resource-type", "seed")


def person(name: str) -> str:
    """A clean row of customers."""
    return f"{name},P,p@example.org,female,1990-06-15,North,50000,true,{DAY},{DAY},{DAY}"


def order(number: str, name: str) -> str:
    """A clean row of orders."""
    return f"{number},{name},,,purchase,,{DAY},{DAY}"


def item(number: str, price: str = "10.00") -> str:
    """A clean row of order_items: one piece of an order."""
    return f"{number}-1,{number},P1,1,{price},0,{DAY},{DAY}"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A shop of files in layouts that people deliver, built with all tests of it."""
    folder = tmp_path_factory.mktemp("layouts")
    raw = folder / "raw" / "sample"
    (raw / "orders").mkdir(parents=True)
    (raw / "order_items").mkdir()
    names = [f"C{number}" for number in range(30)]
    (raw / "customers.csv").write_text("\n".join([CUSTOMERS, *map(person, names)]) + "\n")
    numbers = [f"#{n}" if n % 2 else f"{n}" for n in range(1000, 1030)]
    lines = [order(number, name) for number, name in zip(numbers, names, strict=True)]
    # One file a day, the second by another tool; the third is two exports put together.
    (raw / "orders" / "1.csv").write_text("\n".join([ORDERS, *lines[:10]]))
    second = "\r\n".join([ORDERS, *lines[10:20]]).replace(",", ";")
    (raw / "orders" / "2.csv").write_bytes(second.encode("utf-16"))
    wider = [f"T1,{line}" for line in lines[25:]]
    (raw / "orders" / "3.csv").write_text(
        "\n".join([ORDERS, *lines[20:25], "#x,y", f"till,{ORDERS}", *wider]) + "\n"
    )
    comma = [item(number, '"1.234,50"' if number == "1000" else "3,50") for number in numbers[:20]]
    text = "\n".join([ITEMS, *comma, item("broken", "no price")])
    text = re.sub(r",(?!50)", ";", text)
    (raw / "order_items" / "1.csv").write_text(text, encoding="windows-1252")
    point = [item(number, "3.50") for number in numbers[20:]]
    (raw / "order_items" / "2.csv").write_text("\n".join([ITEMS, *point]) + "\n")
    (raw / "orders (1).csv").write_text("order_id,customer_id\nlate,C1\n")
    (raw / "order_items" / "junk.csv").write_bytes(b"")
    (raw / "order_items" / "junk.csv").rename(raw / "nobody_reads_this.csv")
    workspace = Workspace(folder, folder / "raw")
    workspace.dbt("build", "--exclude-resource-type", "unit_test", *STAGED).succeeded()
    return workspace


def test_ids_that_begin_with_a_hash_are_ids(workspace: Workspace) -> None:
    """Files of several dialects and headers are one table."""
    found = workspace.rows("select count(*), count_if(order_id like '#%') from marts.orders")
    assert found == [(30, 15)]


def test_a_decimal_comma_is_a_point_where_staging_reads(workspace: Workspace) -> None:
    """A file with points beside it is left as it is."""
    assert workspace.rows("select sum(quantity * unit_price)::varchar from marts.order_items") == [
        (f"{1234.50 + 29 * 3.5:.2f}",)
    ]


def test_the_raw_text_is_what_was_delivered(workspace: Workspace) -> None:
    """With the file and the number of the record."""
    assert workspace.rows(
        "select table_name, quarantine_reason, raw_text, raw_file, raw_record"
        " from staging.quarantined_rows order by all"
    ) == [
        (
            "order_items",
            "unreadable_value",
            "order_item_id=broken-1; order_id=broken; product_id=P1; quantity=1;"
            f" unit_price=no price; discount_amount=0; ordered_at={DAY}; known_at={DAY}",
            "sample/order_items/1.csv",
            21,
        ),
        ("orders", "ragged_line", "#x,y", "sample/orders/3.csv", 6),
    ]
    assert workspace.rows(
        "select raw_text like '%unit_price=1.234,50%' from staging.raw_sample__order_items"
        " where order_id = '1000'"
    ) == [(True,)]


def test_every_delivered_file_is_listed_with_its_counts(workspace: Workspace) -> None:
    """Also one that nobody reads, and why it could not land."""
    rows = workspace.rows(
        "select path, table_name, counted_records, landed_records, raw_rows, ragged_records,"
        " header_lines, dialect->>'encoding', dialect->>'delimiter' from landing.delivered_files"
        " where problem is null order by 1"
    )
    assert rows == [
        ("customers.csv", "customers", 30, 30, 30, 0, 1, "utf-8", ","),
        ("order_items/1.csv", "order_items", 21, 21, 21, 0, 1, "utf-8", ";"),
        ("order_items/2.csv", "order_items", 10, 10, 10, 0, 1, "utf-8", ","),
        ("orders (1).csv", None, 1, 1, None, 0, 1, "utf-8", ","),
        ("orders/1.csv", "orders", 10, 10, 10, 0, 1, "utf-8", ","),
        ("orders/2.csv", "orders", 10, 10, 10, 0, 1, "utf-16-le", ";"),
        ("orders/3.csv", "orders", 11, 11, 11, 1, 2, "utf-8", ","),
    ]
    problems = workspace.rows(
        "select path, problem from landing.delivered_files where problem is not null"
    )
    assert [path for path, _ in problems] == ["nobody_reads_this.csv"]


def test_a_file_that_no_table_reads_is_said(workspace: Workspace) -> None:
    """A second export beside a file that is read would be lost without a word."""
    done = workspace.dbt("build", "--select", "every_delivered_file_is_read").succeeded()
    done.line_with("sample/orders (1).csv has 1 records that no table reads")


def test_a_test_fails_where_a_record_is_missing(workspace: Workspace, tmp_path: Path) -> None:
    """Rows that went from what has landed are seen by the count."""
    shutil.copytree(workspace.folder / "landing", tmp_path / "landing")
    for file in workspace.folder.glob("warehouse.duckdb*"):
        shutil.copy(file, tmp_path)
    other = Workspace(tmp_path, workspace.raw)
    for path in (tmp_path / "landing" / "sample" / "orders" / "1.csv").glob("*.parquet"):
        duckdb.sql(f"copy (from '{path}' limit 9) to '{path}.new' (format parquet)")
        os.replace(f"{path}.new", path)
    other.dbt("run", "--select", "raw_sample__orders", "delivered_files").succeeded()
    done = other.dbt("test", "--select", "every_landed_record_is_read")
    assert done.code != 0


def test_second_columns_of_dlt_are_read_as_one(workspace: Workspace, tmp_path: Path) -> None:
    """The first is null where the second has the value; it is said which file and column."""
    raw = tmp_path / "raw" / "sample"
    raw.mkdir(parents=True)
    (raw / "order_items.csv").write_text(
        f"{ITEMS},unit_price__v_text,unit_price__v_double\n"
        f"I1,O1,P1,1,3,0,{DAY},{DAY},,\nI2,O1,P1,1,,0,{DAY},{DAY},,3.5\n"
        f"I3,O1,P1,1,,0,{DAY},{DAY},free,\n"
    )
    other = Workspace(tmp_path, tmp_path / "raw")
    done = other.dbt("run", "--select", "raw_sample__order_items").succeeded()
    done.line_with("sample/order_items.csv", "several columns of dlt", "unit_price__v_text")
    found = other.rows("select unit_price from staging.raw_sample__order_items order by raw_record")
    assert found == [("3",), ("3.5",), ("free",)]


@pytest.mark.parametrize("case", ["hash_ids"])
def test_files_of_the_kind_come_out_right(case: str, tmp_path: Path) -> None:
    """Where the hand-made files are present."""
    raw = real_data().parent / "cases" / case / "raw"
    if not raw.exists():
        pytest.skip(f"no folder {raw}")
    workspace = Workspace(tmp_path, raw)
    workspace.dbt("run", *STAGED).succeeded()
    assert workspace.rows(
        "select sum(raw_rows)::int from landing.delivered_files where table_name = 'orders'"
    ) == [(56,)]
    found = workspace.rows(
        "select count(*), sum(quantity * unit_price - discount_amount)::double"
        " from staging.stg_sample__order_items"
    )
    lines = workspace.rows("select count(*) from staging.raw_sample__order_items")
    assert lines == [(57,)]
    assert found[0][0] == 57
