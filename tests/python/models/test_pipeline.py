"""The whole way on a sample shop: from dirty raw files to who will buy, against planted truth."""

import json
from collections import Counter
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.support import readme
from tests.support.project import PUBLIC_LAYERS, models_of
from tests.support.shops import CUSTOMERS, Shop
from warehouse.settings import PROJECT_ROOT

NEWEST = "2026-01-01"
EVENT_TIMES = {
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "web_sessions": "started_at",
    "social_engagements": "engaged_at",
}
TABLES = ("customers", "products", *EVENT_TIMES)
WRITTEN_BY_PYTHON = (
    "registry.models",
    "registry.evaluations",
    "registry.curves",
    "scoring.predictions",
    "scoring.runs",
)


@pytest.fixture(scope="module")
def dirt(shop: Shop) -> list[dict[str, Any]]:
    """What was planted."""
    return list(json.loads((shop.truth / "dirt.json").read_text()).values())


@pytest.mark.parametrize("table", [*models_of(*PUBLIC_LAYERS), *WRITTEN_BY_PYTHON])
def test_every_public_table_is_there(shop: Shop, table: str) -> None:
    """Every model of the public layers is a table.

    Only checks and lists of faults may be empty, and scores in SQL of a champion that is none.
    """
    ((count,),) = shop.workspace.rows(f"select count(*) from {table}")
    if table.endswith("_glass_box_scores"):
        return
    if table.startswith(("marts.", "features.", "predictions.", "registry.", "scoring.")):
        assert count > 0
    if table in ("segments.customer_micro_segments", "segments.micro_segment_numerosity"):
        assert count > 0


@pytest.mark.parametrize("table", readme.tables())
def test_every_table_of_the_readme_can_be_read(shop: Shop, table: str) -> None:
    """What the README promises is in the warehouse."""
    name = table.rpartition(".")[2]
    found = shop.workspace.rows(
        "select table_schema || '.' || table_name from information_schema.tables "
        f"where table_name = '{name}'"
    )
    assert [one for (one,) in found if one.endswith(table)]


@pytest.mark.parametrize("table", TABLES)
def test_quarantine_holds_exactly_the_planted_faults(
    shop: Shop, dirt: list[dict[str, Any]], table: str
) -> None:
    """Kind by kind: as many rows with a reason as were planted for it, and no others."""
    planted: Counter[str] = Counter()
    for fault in dirt:
        if fault["table"] == table and fault["outcome"] == "quarantined":
            planted[fault["reason"]] += fault["rows"]
    found = shop.workspace.rows(
        "select quarantine_reason, sum(raw_copies) from staging.quarantined_rows "
        f"where table_name = '{table}' group by all"
    )
    assert {reason: int(rows) for reason, rows in found} == dict(planted)


@pytest.mark.parametrize("table", TABLES)
def test_quarantined_rows_keep_their_raw_text(shop: Shop, table: str) -> None:
    """Who repairs a row can read it as it came."""
    key = {"order_items": "order_item_id", "web_sessions": "session_id"}.get(
        table, "engagement_id" if table == "social_engagements" else f"{table[:-1]}_id"
    )
    ((without,),) = shop.workspace.rows(
        f"select count(*) from staging.quarantined_rows where table_name = '{table}' "
        f"and (raw_text is null or not contains(raw_text, '{key}='))"
    )
    assert without == 0


def test_whoever_reads_a_staging_model_says_which_rows() -> None:
    """Clean and quarantined rows stand in one table: a model that reads one names the reason."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text())
    catalog = project["vars"]["source_catalog"].items()
    staged = [f"stg_{source}__{table}" for source, entry in catalog for table in entry["files"]]
    readers = {
        path.stem: text
        for path in (PROJECT_ROOT / "models").rglob("*.sql")
        for text in [path.read_text(encoding="utf-8")]
        if any(f"ref('{name}')" in text for name in staged)
    }
    assert len(readers) > 10
    assert [name for name, text in readers.items() if "quarantine_reason is null" not in text] == []


@pytest.mark.parametrize("table", TABLES)
def test_reconciliation_adds_up(shop: Shop, dirt: list[dict[str, Any]], table: str) -> None:
    """Raw rows are clean, quarantined or counted copies, and the copies are the planted ones."""
    ((raw, clean, quarantined, duplicates, before, after),) = shop.workspace.rows(
        "select raw_rows, clean_rows, quarantined_rows, duplicate_rows, raw_hash_sum, "
        f"accounted_hash_sum from monitoring.monitor_reconciliation where table_name = '{table}'"
    )
    planted: Counter[str] = Counter()
    for fault in dirt:
        if fault["table"] == table:
            planted[fault["outcome"]] += fault["rows"]
    ((in_file,),) = shop.workspace.rows(
        f"select count(*) from '{shop.truth.parent / table}.parquet'"
    )
    assert raw == in_file == clean + quarantined + duplicates
    assert before == after
    assert (quarantined, duplicates) == (planted["quarantined"], planted["duplicate"])


@pytest.mark.parametrize("table", EVENT_TIMES)
def test_late_rows_are_kept(shop: Shop, dirt: list[dict[str, Any]], table: str) -> None:
    """A row that arrived days after its event is late, not wrong."""
    (planted,) = (
        fault["rows"]
        for fault in dirt
        if (fault["table"], fault["kind"]) == (table, "late_arriving")
    )
    late = f"quarantine_reason is null and known_at >= {EVENT_TIMES[table]} + interval 1 day"
    found = shop.workspace.rows(f"select count(*) from staging.stg_sample__{table} where {late}")
    assert found == [(planted,)]


def test_spellings_are_made_one(shop: Shop) -> None:
    """Categories have the spellings of the contract, whatever was in the files."""
    assert shop.workspace.rows("select distinct gender from marts.customers order by all") == [
        ("female",),
        ("male",),
        (None,),
    ]
    assert shop.workspace.rows("select count(distinct region) from marts.customers") == [(8,)]
    assert shop.workspace.rows("select count(distinct category) from marts.products") == [(10,)]
    types = shop.workspace.rows("select distinct order_type from marts.orders order by all")
    assert [name for (name,) in types] == ["cancellation", "purchase", "return"]


def test_every_customer_has_one_prediction(shop: Shop) -> None:
    """One row a customer for the newest date, with a name, a probability and a reason."""
    found = shop.workspace.frame("select * from predictions.customer_predictions")
    assert len(found) == found["customer_id"].nunique() == CUSTOMERS
    assert set(found["as_of_date"].astype(str)) == {NEWEST}
    assert found["full_name"].str.len().min() > 2
    assert found["probability"].between(0, 1, inclusive="neither").all()
    assert found["segment_name"].notna().all()


def test_dormant_customers_are_scored(shop: Shop) -> None:
    """Those who have not bought for a year, and those who never have, with what scored them."""
    found = shop.workspace.frame(
        "select days_since_last_order, run_id, feature_schema_hash, code_version, bundle_sha256"
        " from predictions.customer_predictions"
        " inner join features.customer_features using (customer_id, as_of_date)"
    )
    assert (found["days_since_last_order"] > 365).sum() > 10
    assert found["days_since_last_order"].isna().sum() > 10
    assert found.drop(columns="days_since_last_order").notna().all(axis=None)


def test_probabilities_rank_customers_as_the_truth_does(shop: Shop) -> None:
    """Rank correlation with the true probabilities, which no model has seen."""
    found = shop.workspace.frame(
        "select probability, probability_30d from predictions.customer_predictions "
        f"inner join '{shop.truth / 'purchase_probability.parquet'}' "
        "using (customer_id, as_of_date)"
    )
    assert len(found) == CUSTOMERS
    assert found["probability"].corr(found["probability_30d"], method="spearman") > 0.5
    assert abs(found["probability"].mean() - found["probability_30d"].mean()) < 0.08


def test_session_predictions_name_their_sessions(shop: Shop) -> None:
    """One row a session of the newest date, and no session twice."""
    found = shop.workspace.frame("select * from predictions.session_predictions")
    ((sessions,),) = shop.workspace.rows(
        f"select count(*) from features.session_features where as_of_date = '{NEWEST}'"
    )
    assert len(found) == found["session_id"].nunique() == sessions > 100


def _predictions(table: str = "scoring.predictions", without: str = "''") -> str:
    return (
        f"select columns(c -> c not in ({without})) from {table} "
        "order by task, entity_id, as_of_date, model_version"
    )


def test_scoring_again_changes_nothing(shop: Shop) -> None:
    """A second run leaves every column of every row."""
    first = shop.scored.frame(_predictions())
    assert len(first) > 500
    pd.testing.assert_frame_equal(first, shop.scored_again.frame(_predictions()))


def test_scoring_by_force_gives_the_same_scores(shop: Shop) -> None:
    """A forced run writes anew, and only says so in the run and its time."""
    query = _predictions(without="'run_id', 'scored_at'")
    pd.testing.assert_frame_equal(shop.scored.frame(query), shop.workspace.frame(query))


def test_planted_segment_rates_are_recovered(shop: Shop) -> None:
    """Segments bought in the order of their true rates, over all matured dates."""
    found = shop.workspace.frame(
        "select life_cycle_segment_id, rfm_segment_id, "
        "cast(has_purchase_30d as integer) as bought, probability_30d as truth "
        "from segments.customer_micro_segments "
        "inner join features.customer_features using (customer_id, as_of_date) "
        f"inner join '{shop.truth / 'purchase_probability.parquet'}' "
        "using (customer_id, as_of_date) where has_purchase_30d is not null"
    )
    segments = found.groupby("rfm_segment_id").agg(
        customers=("bought", "size"), rate=("bought", "mean"), truth=("truth", "mean")
    )
    large = segments[segments["customers"] >= 50]
    assert len(large) > 10
    assert large["rate"].corr(large["truth"], method="spearman") > 0.8
    rates = found.groupby("life_cycle_segment_id")["bought"].mean()
    assert rates["active"] > rates["cooling"] > rates["lapsed"] > rates["prospect"]


def test_planted_interactions_are_in_the_features(shop: Shop) -> None:
    """Age and salary as features give the cells whose rates were planted high and low."""
    found = shop.workspace.frame(
        "select age_years, annual_salary, cast(has_purchase_30d as integer) as bought "
        "from features.customer_features where has_purchase_30d is not null"
    )
    young, old = found["age_years"].between(25, 34), found["age_years"] >= 55
    rate = {
        "young high earners": found[young & (found["annual_salary"] > 60_000)]["bought"].mean(),
        "young others": found[young & (found["annual_salary"] <= 60_000)]["bought"].mean(),
        "old others": found[old & (found["annual_salary"] >= 30_000)]["bought"].mean(),
        "old low earners": found[old & (found["annual_salary"] < 30_000)]["bought"].mean(),
    }
    assert rate["young high earners"] > rate["young others"] > rate["old low earners"]
    assert rate["old others"] > rate["old low earners"]
