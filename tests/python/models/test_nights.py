"""Night after night, whatever is delivered when, the tables are those of a full refresh."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest

from ml.synthesize import synthesize
from tests.support.project import Workspace, real_data

NIGHTS = ["2025-03-27", "2025-04-03", "2025-04-24", "2025-04-25"]
LATE = "hash(order_id) % 5 = 0 and known_at between '2025-03-01' and '2025-04-10'"
"""Orders that come weeks after the time of arrival that they claim."""
RESULTS = ("marts", "intermediate", "features")
BUILD = ("--resource-type", "model", "--resource-type", "seed")
BUILT = ("--select", "+features", "+segments", "int_dates_built")


def deliver(raw: Path, whole: Path, conditions: Mapping[str, str]) -> None:
    """Replace the files by the rows of the whole history that meet the conditions."""
    raw.mkdir(parents=True, exist_ok=True)
    for file in whole.glob("*.parquet"):
        where = conditions.get(file.stem, conditions["*"])
        duckdb.sql(f"copy (from '{file}' where {where}) to '{raw / file.name}'")


def change(file: Path, key: str, where: str, column: str, value: str) -> None:
    """Rewrite a file: another value in its first row, and only the rows that meet `where`."""
    is_first = f"{key} = (select min({key}) from '{file}')"
    rows = duckdb.sql(
        f"select * exclude (is_first) replace (if(is_first, {value}, {column}) as {column})"
        f" from (select *, {is_first} as is_first from '{file}') where {where}"
    )
    pq.write_table(rows.to_arrow_table(), file)


def night(workspace: Workspace, date: str, *options: str) -> None:
    """Build one night."""
    workspace.dbt("build", *BUILD, *BUILT, *options, as_of_date=date).succeeded()


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Four nights: the second without a delivery, the third without late orders, then all."""
    folder = tmp_path_factory.mktemp("nights")
    synthesize(60, 7, folder / "whole")
    whole, raw = folder / "whole" / "sample", folder / "raw" / "sample"
    workspace = Workspace(folder, folder / "raw")
    deliver(raw, whole, {"*": f"known_at < '{NIGHTS[0]}'"})
    night(workspace, NIGHTS[0])
    night(workspace, NIGHTS[1])
    arrived = f"known_at < '{NIGHTS[2]}'"
    deliver(raw, whole, {"*": arrived, "orders": f"{arrived} and not ({LATE})"})
    night(workspace, NIGHTS[2])
    deliver(raw, whole, {"*": f"known_at < '{NIGHTS[3]}'"})
    # A price is corrected, and a session withdrawn.
    change(raw / "order_items.parquet", "order_item_id", "true", "unit_price", "unit_price + 1")
    change(raw / "web_sessions.parquet", "session_id", "not is_first", "browser", "browser")
    night(workspace, NIGHTS[3])
    return workspace


def test_nights_end_in_what_a_full_refresh_gives(lived: Workspace, tmp_path: Path) -> None:
    """Every table, row by row."""
    shutil.copy(lived.warehouse, tmp_path)
    refreshed = Workspace(tmp_path, lived.raw)
    night(refreshed, NIGHTS[3], "--full-refresh")
    here, there = lived.contents(*RESULTS), refreshed.contents(*RESULTS)
    assert {name for name in here if here[name] != there[name]} == set()
    assert len(here) > 15
    segments = lived.contents("segments")
    assert len(segments) > 8
    for name in segments:  # sums of doubles depend on the order of the rows in their last digits
        one, other = (_sorted(each.frame(f"from {name}")) for each in (lived, refreshed))
        pd.testing.assert_frame_equal(one, other, rtol=1e-9)


def _sorted(frame: pd.DataFrame) -> pd.DataFrame:
    exact = [name for name in frame if frame[name].dtype.kind != "f"]
    return frame.sort_values(exact, ignore_index=True)


def test_the_faults_mattered(lived: Workspace) -> None:
    """There were late orders, and labels that had to wait."""
    late = lived.rows(f"select count(*) from marts.orders where {LATE}")
    assert late[0][0] > 3
    assert lived.rows(
        "select count(has_purchase_7d) > 0, count(has_purchase_30d) from features.customer_features"
        f" where as_of_date = '{NIGHTS[1]}'"
    ) == [(True, 0)]


def test_a_night_does_not_build_what_has_not_changed(lived: Workspace, tmp_path: Path) -> None:
    """A mark in the features of an earlier date is still there after the next night."""
    shutil.copy(lived.warehouse, tmp_path)
    other = Workspace(tmp_path, lived.raw)
    with duckdb.connect(str(other.warehouse)) as connection:
        connection.execute(
            "update features.customer_features set tenure_days = -1"
            f" where as_of_date = '{NIGHTS[0]}'"
        )
    night(other, "2025-04-26")
    marked = "select count(*) > 0, count(*) = count_if(tenure_days = -1)"
    table = "features.customer_features"
    assert other.rows(f"{marked} from {table} where as_of_date = '{NIGHTS[0]}'") == [(True, True)]


def test_a_stalled_export_matures_no_label(tmp_path: Path) -> None:
    """Where the hand-made files are present: nobody is said not to have bought."""
    cases = real_data().parent / "cases" / "stalled_export"
    if not cases.exists():
        pytest.skip(f"no folder {cases}")
    workspace = Workspace(tmp_path, tmp_path / "raw")
    (tmp_path / "raw").mkdir()
    buyers = (
        "select count(has_purchase_30d), count(case when has_purchase_30d then 1 end)"
        " from features.customer_features where as_of_date = '2025-11-06'"
    )
    shutil.copytree(cases / "stalled" / "sample", tmp_path / "raw" / "sample")
    for date in ("2025-11-06", "2025-12-06"):
        night(workspace, date)
        assert workspace.rows(buyers) == [(0, 0)]
    shutil.rmtree(tmp_path / "raw" / "sample")
    shutil.copytree(cases / "whole" / "sample", tmp_path / "raw" / "sample")
    night(workspace, "2025-12-07")
    assert workspace.rows(buyers) == [(59, 40)]
    healed = workspace.contents(*RESULTS)
    night(workspace, "2025-12-07", "--full-refresh")
    assert workspace.contents(*RESULTS) == healed
