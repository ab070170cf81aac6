"""Files land once, whole, and again when they change; what cannot land is named."""

import datetime
import os
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring.forget import erasure_list
from warehouse.landing import deliveries, text_files
from warehouse.landing.deliveries import Delivery, Source, every_delivery, land_source
from warehouse.landing.index import read_index
from warehouse.landing.land import land


@pytest.fixture
def shop(tmp_path: Path) -> Source:
    """A source with an empty folder."""
    (tmp_path / "raw" / "shop").mkdir(parents=True)
    people = ("customer_id", {"order_id": "orders"})
    return Source("shop", tmp_path / "raw", tmp_path / "landing", {}, people)


def write(source: Source, name: str, text: str) -> Path:
    """A raw file of the source."""
    path = source.raw / source.name / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def rows(*found: Delivery) -> list[dict[str, Any]]:
    """What has landed of files, their own columns only."""
    tables = [pq.read_table(part.path) for each in found for part in each.parts]
    return [
        {name: value for name, value in row.items() if name[0] != "_"}
        for table in tables
        for row in table.to_pylist()
    ]


def test_a_file_that_is_known_is_not_read_again(
    shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that was only copied anew: its content is known by its SHA-256."""
    path = write(shop, "a.csv", "id\n1\n")
    first = land_source(shop)
    monkeypatch.setattr(text_files.TextFacts, "__init__", None)
    assert land_source(shop) == first
    os.utime(path, ns=(1, 1))
    assert land_source(shop) == first
    monkeypatch.setattr(deliveries, "_sha256", None)
    assert land_source(shop) == first


def test_a_file_that_grows_or_is_replaced_is_known_by_what_it_holds_now(shop: Source) -> None:
    """The index keeps what was there before; its records go with the next but one."""
    for count in range(1, 5):
        write(shop, "a.csv", "id\n" + "1\n" * count)
        _, present = land(shop, "raw", shop.raw / "none")
        assert [each.landed for each in present] == [count]
    index, _ = land(shop, "raw", shop.raw / "none")
    known = [(row["counted_records"], row["is_present"]) for row in read_index(index)]
    assert sorted(known) == [(1, False), (2, False), (3, False), (4, True)]
    assert len(list(shop.landing.rglob("*/*.parquet"))) == 2
    write(shop, "a.csv", "id\n1\n")
    assert rows(*land_source(shop)) == [{"id": "1"}]


def test_several_files_land_each_for_itself(shop: Source) -> None:
    """Below folders too; hidden files and other kinds are left alone."""
    for name in ("orders/2025-01-01.csv", "orders/2025-01-02.csv", "b.tsv"):
        write(shop, name, "id\n1\n")
    for name in (".c.csv", "notes.md", ".cache/d.csv"):
        write(shop, name, "id\n1\n")
    assert [each.path for each in land_source(shop)] == [
        "b.tsv",
        "orders/2025-01-01.csv",
        "orders/2025-01-02.csv",
    ]


def test_a_broken_file_stops_no_other(shop: Source) -> None:
    """It is there with its error, and lands once it is right."""
    write(shop, "a.csv", "")
    write(shop, "b.csv", "id\n1\n")
    write(shop, "c.parquet", "no Parquet")
    found = {each.path: each.error for each in land_source(shop)}
    assert "shop/a.csv is empty (0 bytes)" in found["a.csv"]
    assert "shop/c.parquet cannot be read as Parquet" in found["c.parquet"]
    assert found["b.csv"] == ""
    write(shop, "a.csv", "id\n1\n")
    assert [each.error == "" for each in land_source(shop)] == [True, True, False]


def test_another_dialect_lands_a_file_anew(shop: Source) -> None:
    write(shop, "a.csv", "a;b,c\n1;2,3\n")
    assert "can be read with ',' or ';'" in land_source(shop)[0].error
    stated = Source("shop", shop.raw, shop.landing, {"*.csv": {"delimiter": ","}})
    assert list(land_source(stated)[0].parts[0].columns) == ["a;b", "c"]


def test_types_of_parquet_are_kept_or_become_text(shop: Source) -> None:
    """What one of the engines cannot read is text, to the last digit."""
    moment = datetime.datetime(2025, 1, 2, 3, 4, 5, 678901)
    table = pa.table(
        {
            "whole": pa.array([1, None], pa.int32()),
            "large": pa.array([2**64 - 1, None], pa.uint64()),
            "floating": pa.array([17850.0, None]),
            "exact": pa.array([Decimal("1.50"), None], pa.decimal128(18, 2)),
            "text": pa.array(["a", None], pa.large_string()),
            "category": pa.array(["a", None]).dictionary_encode(),
            "moment": pa.array([moment, None], pa.timestamp("us")),
            "nanoseconds": pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns")),
            "zoned": pa.array([moment, None], pa.timestamp("ms", "Europe/Berlin")),
            "clock": pa.array([moment.time(), None], pa.time64("us")),
            "id": pa.array([uuid.UUID(int=1).bytes, None], pa.uuid()),
            "bytes": pa.array(["ä".encode(), None], pa.binary()),
            "list": pa.array([[1, 2], None]),
            "record": pa.array([{"a": "ä", "b": moment}, None]),
        }
    )
    pq.write_table(table, shop.raw / "shop" / "a.parquet")
    (found,) = land_source(shop)
    first, second = rows(found)
    assert first == {
        "whole": 1,
        "large": "18446744073709551615",
        "floating": 17850.0,
        "exact": Decimal("1.50"),
        "text": "a",
        "category": "a",
        "moment": moment,
        "nanoseconds": "2023-11-14 22:13:20.123456789",
        "zoned": moment.replace(microsecond=678000, tzinfo=first["zoned"].tzinfo),
        "clock": "03:04:05.678901",
        "id": str(uuid.UUID(int=1)),
        "bytes": "ä",
        "list": "[1, 2]",
        "record": '{"a": "ä", "b": "2025-01-02 03:04:05.678901"}',
    }
    assert set(second.values()) == {None}
    assert (found.counted, found.landed) == (2, 2)


def test_parquet_of_duckdb_and_pandas(shop: Source) -> None:
    """UUID, TIME, HUGEINT (a double there), an index, categories and whole numbers as floats."""
    folder = shop.raw / "shop"
    duckdb.sql(
        "select uuid '00000000-0000-0000-0000-000000000001' as id, time '01:02:03' as clock,"
        " 12::hugeint as many, timestamp_ns '2025-01-02 03:04:05.123456789' as at,"
        " {'a': 1} as record, 5::ubigint as large"
    ).write_parquet(str(folder / "a.parquet"))
    frame = pd.DataFrame({"key": [1, None], "kind": pd.Categorical(["x", "y"])}, index=["p", "q"])
    frame.to_parquet(folder / "b.parquet")
    duck, pandas = land_source(shop)
    assert rows(duck) == [
        {
            "id": "00000000-0000-0000-0000-000000000001",
            "clock": "01:02:03.000000",
            "many": 12.0,
            "at": "2025-01-02 03:04:05.123456789",
            "record": '{"a": 1}',
            "large": "5",
        }
    ]
    assert [(row["key"], row["kind"]) for row in rows(pandas)] == [(1.0, "x"), (None, "y")]


def test_each_table_of_a_duckdb_file_is_a_file(
    shop: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its types, exactly; a file of a newer DuckDB is named."""
    path = shop.raw / "shop" / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table orders as select '#1' as id, 3::hugeint as many")
        connection.execute("create schema raw; create view raw.items as select [1] as parts")
    found = land_source(shop)
    assert [each.path for each in found] == ["shop.duckdb/orders", "shop.duckdb/raw.items"]
    assert rows(*found) == [{"id": "#1", "many": "3"}, {"parts": "[1]"}]

    def refuse(*_: object, **__: object) -> None:
        raise duckdb.IOException(
            "Trying to read a database file with version number 69, but we can only read versions"
            " between 64 and 68."
        )

    monkeypatch.setattr(duckdb, "connect", refuse)
    (broken,) = land_source(shop)
    assert "shop/shop.duckdb was written by a newer DuckDB" in broken.error


def test_erased_customers_do_not_land(shop: Source) -> None:
    """By name, by what belongs to them, in a record that cannot be read, and in files to come."""
    listed = shop.raw / "erased_customers.csv"
    write(
        shop, "orders.csv", "order_id,customer_id\nO1,C1\nO2,17.0\nO3,C3\nO4,C1,extra\nO5,C33,x\n"
    )
    land(shop, "raw", listed)
    erasure_list.write(listed, erasure_list.plan(listed, ["C1", "17"]))
    _, (orders,) = land(shop, "raw", listed)
    assert [row["order_id"] for row in rows(orders) if row["order_id"]] == ["O3"]
    assert (orders.counted, orders.landed, orders.erased) == (5, 5, 3)
    write(shop, "items.csv", "order_id,paid\nO1,5\nO2,6\nO3,7\n")
    _, (items, _) = land(shop, "raw", listed)
    assert (rows(items)[-1], items.erased) == ({"order_id": "O3", "paid": "7"}, 2)
    left = b"".join(path.read_bytes() for path in shop.landing.rglob("*") if path.is_file())
    assert b"C33" in left and b"C1," not in left and b"O1" not in left and b"O2" not in left


def test_who_is_taken_off_the_list_lands_again(shop: Source) -> None:
    listed = shop.raw / "erased_customers.csv"
    write(shop, "orders.csv", "order_id,customer_id\nO1,C1\n")
    erasure_list.write(listed, erasure_list.plan(listed, ["C1"]))
    assert land(shop, "raw", listed)[1][0].erased == 1
    listed.unlink()
    assert rows(*land(shop, "raw", listed)[1]) == [{"order_id": "O1", "customer_id": "C1"}]


def test_every_delivery_is_found_where_the_folder_has_moved(shop: Source, tmp_path: Path) -> None:
    write(shop, "a.csv", "id\n1\n")
    land_source(shop)
    shop.landing.rename(tmp_path / "moved")
    assert rows(*every_delivery(tmp_path / "moved" / "shop")) == [{"id": "1"}]
