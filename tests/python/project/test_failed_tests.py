"""What a person reads when a test of the tables fails."""

import shutil

import duckdb
import pytest

from tests.support.project import Done, Workspace
from tests.support.shops import Shop

PART = "int_customer_orders_aggregated"


@pytest.fixture(scope="module")
def done(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Tests of a shop in which a date is missing and no bad row is let through."""
    folder = tmp_path_factory.mktemp("failed")
    shutil.copy(shop.workspace.warehouse, folder)
    shutil.copytree(shop.workspace.folder / "target", folder / "target")
    workspace = Workspace(folder, shop.workspace.raw)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("update seeds.quarantine_reasons set max_share = 0")
        connection.execute(
            f"update intermediate.{PART} set as_of_date = null"
            f" where customer_id = (select min(customer_id) from intermediate.{PART})"
        )
    broken = [f"no_null_in_{PART}", "quarantine_stays_below_its_threshold"]
    return workspace.dbt("test", "--select", *broken, "no_null_in_customers")


def test_a_column_with_nulls_is_named_with_their_number(done: Done) -> None:
    """Columns are tested together; the log says which of them fails."""
    assert done.code != 0
    line = done.line_with(f"no_null_in_{PART}: column_name as_of_date,")
    assert int(line.split()[-1]) > 0


def test_a_problem_in_words_is_said_in_words(done: Done) -> None:
    """The rule, the table and a row of it, no more than five times."""
    lines = [line for line in done.lines if "threshold: too many bad rows: " in line]
    assert 1 <= len(lines) <= 5
    assert all("For example: " in line for line in lines)


def test_a_test_that_passed_is_not_spoken_of(done: Done) -> None:
    """Only what failed is explained."""
    assert not [line for line in done.lines if "no_null_in_customers:" in line]


def test_nulls_are_counted_in_one_pass(shop: Shop) -> None:
    """A hundred columns read the table once."""
    compiled = shop.workspace.folder / "target" / "compiled"
    (file,) = compiled.rglob("no_null_in_micro_segment_numerosity.sql")
    text = file.read_text(encoding="utf-8")
    assert text.count("micro_segment_numerosity") == 1
    assert text.count("count(*) - count(") > 20
