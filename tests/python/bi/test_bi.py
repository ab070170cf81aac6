"""Dashboards as code: every file fits the others and the tables that are published.

Superset itself is asked in test_bi_superset.py.
"""

import re
import uuid
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from packaging.requirements import Requirement

from tests.support.bi_assets import SUPERSET, assets, charts_of, named_columns, publish_to
from tests.support.shops import Shop
from warehouse.settings import PROJECT_ROOT

Assets = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def files() -> Assets:
    """Every file by its name."""
    found: Assets = assets().read()
    return found


def of(files: Assets, kind: str) -> Assets:
    """The files of one folder, by uuid."""
    return {asset["uuid"]: asset for name, asset in files.items() if name.startswith(f"{kind}/")}


@pytest.fixture(scope="module")
def serving(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample shop, published."""
    return publish_to(tmp_path_factory.mktemp("bi") / "serving.duckdb", shop.workspace).serving


@pytest.fixture(scope="module")
def datasets(serving: Path) -> Assets:
    """The datasets as they are imported, with all their columns, by uuid."""
    whole = {name: yaml.safe_load(text) for name, text in assets().contents(serving).items()}
    return of(whole, "datasets")


def relation(dataset: dict[str, Any]) -> str:
    """What a dataset selects from."""
    return (
        f"({dataset['sql']})"
        if dataset.get("sql")
        else f"{dataset['schema']}.{dataset['table_name']}"
    )


def names(dataset: dict[str, Any], what: str) -> set[str]:
    """Its columns or metrics."""
    return {each[f"{what}_name"] for each in dataset[f"{what}s"]}


def test_an_asset_has_the_uuid_of_its_name(files: Assets) -> None:
    """So an import changes what was there, on every machine, and never doubles it."""
    for name, asset in files.items():
        if name != "metadata.yaml":
            kind, _, stem = name.removesuffix(".yaml").partition("/")
            assert asset["uuid"] == str(uuid.uuid5(uuid.NAMESPACE_URL, f"numerosity/{kind}/{stem}"))


def test_three_dashboards_are_there(files: Assets) -> None:
    titles = {asset["dashboard_title"] for asset in of(files, "dashboards").values()}
    assert titles == {"Who will buy, and why", "Micro-segments", "Model health"}


def test_every_column_and_figure_of_a_dataset_can_be_asked_for(
    datasets: Assets, serving: Path
) -> None:
    """Computed columns and metrics are SQL: all of it runs on what is published."""
    assert len(datasets) >= 8
    with duckdb.connect(str(serving), read_only=True) as connection:
        for dataset in datasets.values():
            columns = [each.get("expression") or each["column_name"] for each in dataset["columns"]]
            connection.execute(f"select {', '.join(columns)} from {relation(dataset)}").fetchall()
            metrics = [each["expression"] for each in dataset["metrics"]]
            connection.execute(f"select {', '.join(metrics)} from {relation(dataset)}").fetchall()


def test_a_column_of_a_table_is_described_as_in_the_yaml(datasets: Assets) -> None:
    """Whoever hovers over a column in Superset reads what dbt documents."""
    described = {
        (dataset["table_name"], column["column_name"]): column.get("description")
        for dataset in datasets.values()
        for column in dataset["columns"]
    }
    assert described["customer_predictions", "probability"] == "How likely the outcome is (0 to 1)."
    assert described["public_micro_segments", "customers"]


def test_a_column_that_is_gone_is_named(serving: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset that speaks of a column the table lost is not imported."""
    module = assets()
    wrong = module.read()
    wrong["datasets/model_overview.yaml"]["columns"].append({"column_name": "long_gone"})
    monkeypatch.setattr(module, "read", lambda: wrong)
    with pytest.raises(ValueError, match="dataset model_overview has no column long_gone"):
        module.contents(serving)


def test_every_chart_asks_for_what_its_dataset_has(
    files: Assets, datasets: Assets, serving: Path
) -> None:
    """Columns, metrics and SQL of each chart."""
    with duckdb.connect(str(serving), read_only=True) as connection:
        for chart in of(files, "charts").values():
            dataset = datasets[chart["dataset_uuid"]]
            for kind, name in named_columns(chart["params"]):
                if kind == "sql":
                    connection.execute(f"select {name} from {relation(dataset)}").fetchall()
                else:
                    assert name in names(dataset, kind), f"{chart['slice_name']}: no {kind} {name}"
            assert chart["viz_type"] == chart["params"]["viz_type"]


def test_every_chart_is_on_a_dashboard_and_no_row_is_too_wide(files: Assets) -> None:
    """A layout names charts that exist; a row has twelve columns."""
    shown = set()
    for dashboard in of(files, "dashboards").values():
        position = dashboard["position"]
        shown |= {meta["uuid"] for meta in charts_of(dashboard).values()}
        for item in position.values():
            if isinstance(item, dict):
                assert set(item.get("children", ())) <= set(position)
                if item["type"] == "ROW":
                    assert sum(position[key]["meta"]["width"] for key in item["children"]) == 12
    assert shown == set(of(files, "charts"))


def test_every_filter_asks_for_a_column_that_is_there(files: Assets, datasets: Assets) -> None:
    """And leaves out charts of its own dashboard only."""
    for dashboard in of(files, "dashboards").values():
        numbers = {meta["chartId"] for meta in charts_of(dashboard).values()}
        for each in dashboard["metadata"]["native_filter_configuration"]:
            assert set(each["scope"]["excluded"]) <= numbers
            for target in each["targets"]:
                assert target["column"]["name"] in names(datasets[target["datasetUuid"]], "column")


def test_a_dashboard_is_never_a_minute_old(files: Assets) -> None:
    """Each refreshes itself; results are not cached (see superset_config.py)."""
    for dashboard in of(files, "dashboards").values():
        assert 0 < dashboard["metadata"]["refresh_frequency"] < 60
    assert "CACHE" not in (SUPERSET / "superset_config.py").read_text(
        encoding="utf-8"
    ).upper().replace("NOT CACHED", "")


def test_what_superset_needs_is_locked() -> None:
    """Exact versions with hashes, no address, and everything that is asked for."""
    folder = PROJECT_ROOT / "bi"
    lock = (folder / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|--(extra-)?index-url|--find-links", lock)
    locked = dict(re.findall(r"^([a-z0-9._-]+)==([^ \\]+).*\\$", lock, re.MULTILINE))
    assert lock.count("--hash=sha256:") > len(locked) > 100
    for line in (folder / "requirements.in").read_text(encoding="utf-8").splitlines():
        if text := line.partition("#")[0].strip():
            asked = Requirement(text)
            assert asked.specifier.contains(locked[asked.name])
