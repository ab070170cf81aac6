"""Nights of a shop of 40 customers, with a handful of sessions each: few events end no night."""

from datetime import date

import pytest

from ml.synthesize import synthesize
from tests.support.project import PUBLIC_LAYERS, Workspace
from tests.support.shops import TABLES_ONLY

CUSTOMERS, SEED = 40, 7
BEFORE, NIGHTS = date(2025, 11, 26), (date(2025, 11, 27), date(2025, 11, 28))
"""The date of the first build, and nights with 2 sessions and with 1."""
SMALL = ("--folds", "2", "--repeats", "1")


def live(workspace: Workspace, day: date, *only: str) -> None:
    """One night up to its tables, as bin/nightly does it; every command has to succeed."""
    workspace.dbt("build", "--selector", "before_scoring", *only, as_of_date=str(day)).succeeded()
    workspace.python("scoring", "run", "--as-of", str(day), "--json-logs")
    workspace.dbt("build", "--selector", "after_scoring", *only, as_of_date=str(day)).succeeded()


def contents(workspace: Workspace) -> dict[str, str]:
    """The public tables as hashes; numbers to nine decimals, because sums have no fixed order."""
    tables = workspace.rows(
        "select table_schema || '.' || table_name,"
        " string_agg(case data_type when 'DOUBLE' then format('round({}, 9) + 0', column_name)"
        " else column_name end, ', ' order by ordinal_position)"
        f" from information_schema.columns where table_schema in {PUBLIC_LAYERS} group by all"
    )
    return {
        name: str(workspace.rows(f"select count(*), sum(hash({columns})::hugeint) from {name}"))
        for name, columns in tables
    }


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The shop with its history, its champions, and its nights."""
    folder = tmp_path_factory.mktemp("small_shop")
    synthesize(CUSTOMERS, SEED, folder / "raw")
    built = Workspace(folder, folder / "raw")
    built.dbt("build", *TABLES_ONLY, as_of_date=str(BEFORE)).succeeded()
    built.python("ml", "train", *SMALL)
    for night in NIGHTS:
        live(built, night)
        assert built.python("scoring", "publish", "--json-logs")["status"] == "done"
    return built


def test_every_night_is_published_with_what_could_not_be_checked(workspace: Workspace) -> None:
    """A check without a value is not applicable, and gives the number of rows."""
    rows = workspace.rows(
        "select as_of_date, check_name, message from monitoring.monitoring_checks"
        " where status = 'not_applicable' order by as_of_date, check_rank"
    )
    assert {night for night, *_ in rows} >= set(NIGHTS)
    assert all(message.startswith("Not applicable: ") for *_, message in rows)
    assert all(message.split()[2].isdigit() for *_, message in rows)
    said = {(night, check): message for night, check, message in rows}
    assert said[NIGHTS[1], "expected_auc"].startswith("Not applicable: 1 session. ")
    ((nameless,),) = workspace.rows(
        "select count(*) from monitoring.monitoring_checks"
        " where value is null and status <> 'not_applicable'"
    )
    assert nameless == 0


def test_the_same_nights_again_give_the_same_tables(workspace: Workspace) -> None:
    """An earlier one, then the newest."""
    before = contents(workspace)
    assert len(before) > 50
    for night in NIGHTS:
        live(workspace, night, *TABLES_ONLY)
    after = contents(workspace)
    assert {name for name in before if before[name] != after[name]} == set()
