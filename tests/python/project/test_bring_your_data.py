"""docs/bring-your-data.md, followed literally: a source of one's own from its file to features."""

import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.support.project import Workspace, copy_of_project, real_data
from warehouse.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "bring-your-data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
CASES = real_data().parent / "cases"
NAMED = r"^`(\w+\.(?:sql|yml))`(?:[^\n]|\n(?!\n))*\n\n```\w+\n(.*?)^```"
MODELS = dict(re.findall(NAMED, PAGE, re.MULTILINE | re.DOTALL))
"""The files of `models/staging/bakery` that the page shows: {name: text}."""

CARDS, DAYS, COPIES = 20, 365, 3
LINES = 2 * DAYS + 4
"""Clean lines: those of tickets(), the cake of the page, REFUNDS."""
BAD = {
    ",05/06/2025,09:00,Bun,1,1.00": "missing_id",
    "B0001,31/02/2025,09:00,Bun,1,1.00": "missing_time",
    "B0001,2025-06-05,09:00,Bun,1,1.00": "missing_time",
    "B0001,05/06/2025,09:00,Bun,two,1.00": "unreadable_value",
    "B0001,05/06/2025,09:00,Bun,0,1.00": "zero_quantity",
    "B0001,05/06/2025,09:00,Bun,1,-1.00": "negative_price",
    "B0001,05/06/2025,09:00,Bun,1,": "unreadable_value",
}
REFUNDS = ("B0001,06/06/2025,09:00,Cake,1,20.00", "B0001,06/06/2025,09:00,Loaf,-1,-4.50")
"""A purchase and a refund on one ticket."""


def block(start: str) -> str:
    """The code block of the page that starts so."""
    (found,) = (text for text in BLOCKS if text.startswith(start))
    return found


def tickets() -> list[str]:
    """Clean lines: on each day one customer buys two croissants and a loaf."""
    lines = []
    for number in range(DAYS):
        at = datetime(2024, 12, 1, 6, 20) + timedelta(days=number)
        ticket = f"B{number % CARDS:04},{at:%d/%m/%Y},{at:%H:%M}"
        lines += [f"{ticket},Croissant,2,3.80", f"{ticket},Loaf,1,4.50"]
    return lines


@pytest.fixture(scope="module")
def bakery(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The shop of the page, built as the page says."""
    folder = tmp_path_factory.mktemp("bakery")
    project = copy_of_project(folder / "project")
    models = project / "models" / "staging" / "bakery"
    models.mkdir()
    for name, text in MODELS.items():
        (models / name).write_text(text, encoding="utf-8")

    settings = yaml.safe_load((project / "dbt_project.yml").read_text())
    said = yaml.safe_load(block("vars:"))["vars"]
    settings["vars"]["sources"] = said["sources"]
    settings["vars"]["source_catalog"] |= said["source_catalog"]
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    with (project / "seeds" / "as_of_calendar.csv").open("a") as calendar:
        calendar.write(block("bakery,"))

    name, header, example, *refund = block("bakery/").splitlines()
    lines = [*tickets(), *refund, *REFUNDS]
    assert example in lines[0].replace("B0000", "B0031")
    raw = folder / "raw" / name
    raw.parent.mkdir(parents=True)
    raw.write_text("\n".join([header, *lines, *BAD, *lines[:COPIES]]) + "\n")
    workspace = Workspace(folder, folder / "raw")
    build = ("build", "--full-refresh", "--exclude-resource-type", "unit_test")
    workspace.dbt_command(*build, "--project-dir", str(project)).succeeded()
    return workspace


def test_a_raw_table_is_three_files() -> None:
    """What is left of the contract is one model a table, made of clean rows."""
    assert [name for name in MODELS if name.partition("__")[2].startswith("order_items.")] == [
        "raw_bakery__order_items.sql",
        "stg_bakery__order_items.sql",
        "stg_bakery__order_items.yml",
    ]
    assert set(MODELS) - {name for name in MODELS if "__order_items." in name} == {
        "stg_bakery__customers.sql",
        "stg_bakery__orders.sql",
    }


def test_every_row_is_clean_quarantined_or_a_copy(bakery: Workspace) -> None:
    """Each bad row has its reason and its raw text."""
    assert bakery.rows(
        "select source_name, table_name, raw_rows, clean_rows, quarantined_rows, duplicate_rows,"
        " raw_hash_sum = accounted_hash_sum from monitoring.monitor_reconciliation"
    ) == [("bakery", "order_items", LINES + len(BAD) + COPIES, LINES, len(BAD), COPIES, True)]
    found = bakery.rows("select raw_text, quarantine_reason from staging.quarantined_rows")
    assert {
        ",".join(part.partition("=")[2] for part in text.split("; ")): reason
        for text, reason in found
    } == BAD


def test_clean_rows_fill_the_marts(bakery: Workspace) -> None:
    """Customers, orders and money are those of the clean lines."""
    assert bakery.rows("select count(*) from marts.customers") == [(CARDS + 1,)]
    assert bakery.rows(
        "select order_type, count(*) from marts.orders group by all order by all"
    ) == [("purchase", DAYS + 2), ("return", 2)]
    ((lines, pieces, paid),) = bakery.rows(
        "select count(*), sum(quantity)::integer, sum(net_amount)::double from marts.order_items"
    )
    assert (lines, pieces) == (LINES, 3 * DAYS)
    assert paid == pytest.approx(8.30 * DAYS + 20 - 20 + 20 - 4.50)


def test_what_is_given_back_is_a_return(bakery: Workspace) -> None:
    """The cake of the page: one purchase, one return, nothing spent, and no purchase in a label."""
    assert bakery.rows(
        "select order_type, quantity, net_amount::double from marts.orders"
        " where customer_id = 'B0900' order by ordered_at"
    ) == [("purchase", 1, 20.0), ("return", -1, -20.0)]
    assert bakery.rows(
        "select order_count_lifetime, order_amount_365d, return_count_365d"
        " from features.customer_features"
        " where customer_id = 'B0900' and as_of_date = '2025-12-01'"
    ) == [(1.0, 0.0, 1.0)]
    assert bakery.rows(
        "select has_purchase_30d from features.customer_features"
        " where customer_id = 'B0900' and as_of_date = '2025-11-01'"
    ) == [(False,)]


@pytest.mark.skipif(not CASES.is_dir(), reason=f"no folder {CASES}")
def test_two_exports_in_one_file_are_one_export(bakery: Workspace, tmp_path: Path) -> None:
    """A second header with one more column moves no number of the models of the page."""
    project = bakery.folder / "project"
    build = ("build", "--project-dir", str(project), "--select", "+order_items", "+orders")
    found = []
    for name in ("right", "raw"):
        workspace = Workspace(tmp_path / name, CASES / "two_exports" / name)
        workspace.folder.mkdir()
        workspace.dbt_command(*build, "--exclude-resource-type", "unit_test").succeeded()
        found.append(
            workspace.rows(
                "select order_type, count(*), sum(net_amount), min(known_at) from marts.orders"
                " group by all order by all"
            )
        )
    assert found[0] == found[1]


def test_customers_have_features_on_the_dates_of_the_calendar(bakery: Workspace) -> None:
    """From the first date to the last, every so many days, as the line of the seed says."""
    _, first, last, days = block("bakery,").strip().split(",")
    found = bakery.rows(
        "select min(as_of_date)::varchar, max(as_of_date)::varchar, count(distinct as_of_date),"
        " sum(order_count_90d) > 0 from features.customer_features"
    )
    span = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    steps, rest = divmod(span.days, int(days))
    earliest = datetime.fromisoformat(first) + timedelta(days=rest)
    assert found == [(f"{earliest:%Y-%m-%d}", last, steps + 1, True)]
