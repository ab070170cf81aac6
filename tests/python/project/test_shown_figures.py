"""What people are shown is the same everywhere: summary, report, status, answers and dashboards."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

from ml.report import write_report
from ml.report.summary import summarise
from scoring.serve.keys import Keys, create
from scoring.status import read_status
from tests.support.bi_assets import assets
from tests.support.macro_files import macro_text
from tests.support.serving import published
from tests.support.shops import Shop
from tests.support.sql_macros import project_vars
from warehouse.settings import PROJECT_ROOT, Settings

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from scoring.serve.app import create_app


@dataclass(frozen=True)
class Truth:
    """Counted here once more, from the rows themselves."""

    outcome: str
    as_of_date: date
    segments: int
    reliable: int
    borderline: int
    too_few: int
    customers: int
    buyers: int

    def counts(self) -> tuple[int, int, int, int]:
        """Of segments: all, reliable, borderline, too few."""
        return self.segments, self.reliable, self.borderline, self.too_few


COUNTS = ("segments", "reliable", "borderline", "too_few")


@pytest.fixture(scope="module")
def truth(shop: Shop) -> Truth:
    """The outcome of the var at its newest date, and its public segments."""
    outcome = project_vars()["headline_outcome"]
    rows = shop.workspace.rows(
        "select as_of_date, level, verdict, customers, buyers from segments.public_micro_segments"
        f" where outcome = '{outcome}' and as_of_date = (select max(as_of_date)"
        f" from segments.public_micro_segments where outcome = '{outcome}')"
    )
    below = [row[2] for row in rows if row[1] > 0]
    (everyone,) = [row for row in rows if row[1] == 0]
    numbers = [below.count(verdict) for verdict in ("reliable", "borderline", "too_few")]
    assert len(below) > 10
    return Truth(outcome, everyone[0], len(below), *numbers, *everyone[3:])


@pytest.fixture(scope="module")
def settings(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of the shop, published."""
    found = published(shop, tmp_path_factory.mktemp("shown"))
    manifest = shop.workspace.folder / "target" / "manifest.json"
    return found.model_copy(update={"manifest": manifest})


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    """A caller with a key."""
    key = create(settings.api_keys, "shown")
    app = create_app(settings, Keys(settings.api_keys), per_second=1e6)
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as found:
        yield found


@pytest.fixture(scope="module")
def report(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the report."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(settings, out)
    text = re.sub(r"<style>.*?</style>|<[^>]+>", "", out.read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(text))


def models(shop: Shop) -> list[dict[str, Any]]:
    """The rows of model_overview."""
    frame = shop.workspace.frame("select * from predictions.model_overview order by task")
    assert len(frame) == 2
    found: list[dict[str, Any]] = frame.to_dict("records")
    return found


def of_dataset(settings: Settings, name: str, what: str, where: str = "true") -> Any:
    """What a dataset of Superset answers, with the SQL of its own columns and metrics."""
    dataset = assets().read()[f"datasets/{name}.yaml"]
    own = {
        each[f"{kind}_name"]: each["expression"]
        for kind in ("column", "metric")
        for each in dataset[f"{kind}s"]
        if "expression" in each
    }
    relation = (
        f"({dataset['sql']})"
        if "sql" in dataset
        else f"{dataset['schema']}.{dataset['table_name']}"
    )
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        query = f"select {own.get(what, what)} from {relation} where {where}"
        ((found,),) = connection.execute(query).fetchall()
    return found


def test_the_tables_say_what_is_counted(shop: Shop, truth: Truth) -> None:
    """One outcome is the headline; its counts are those of the public segments below everyone."""
    headline = shop.workspace.rows(
        "select outcome, newest_as_of_date, outcome_title from segments.outcomes where is_headline"
    )
    assert headline == [(truth.outcome, truth.as_of_date, "purchase within 30 days")]
    (found,) = shop.workspace.rows(
        "select segments, reliable, borderline, too_few, customers, buyers"
        " from segments.segment_overview"
        f" where outcome = '{truth.outcome}' and as_of_date = '{truth.as_of_date}'"
    )
    assert found == (*truth.counts(), truth.customers, truth.buyers)


def test_the_summary_says_so(
    shop: Shop, settings: Settings, truth: Truth, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its figures for programs, and the words for people."""
    facts = summarise(settings)
    out = " ".join(capsys.readouterr().out.split())
    assert tuple(facts["headline"][name] for name in COUNTS) == truth.counts()
    assert (facts["headline"]["outcome"], facts["headline"]["as_of_date"]) == (
        truth.outcome,
        truth.as_of_date,
    )
    assert (
        f"purchase within 30 days, as of {truth.as_of_date}: {truth.reliable} of {truth.segments}"
        f" micro-segments are reliable, {truth.borderline} are borderline, {truth.too_few} have"
    ) in out
    for model, said, scored in zip(
        models(shop), facts["models"], facts["predictions"], strict=True
    ):
        assert {name: model[name] for name in said} == said
        assert (scored["rows"], scored["expected_buyers"]) == (
            model["rows_scored"],
            model["expected_buyers"],
        )
        assert model["candidate_title"] in out
        assert f"{model['expected_buyers']:,.0f}" in out


def test_the_report_says_so(shop: Shop, truth: Truth, report: str) -> None:
    """In its first lines and in the section about segments."""
    assert f"{truth.reliable} of {truth.segments} micro-segments are large enough" in report
    assert (
        f"{truth.borderline} are borderline, {truth.too_few} have too few customers, and" in report
    )
    assert f"{truth.reliable} of {truth.segments} segments are reliable" in report
    assert f"{truth.customers:,} customers as of" in report
    for model in models(shop):
        assert (
            f"{model['expected_buyers']:,.0f} of {model['rows_scored']:,} {model['entity']}s"
            " are expected to"
        ) in report
        assert f"The champion is {model['candidate_title']} {model['model_version']}" in report
        assert f"AUC {model['roc_auc']:.3f}" in report


def test_the_answers_say_so(shop: Shop, truth: Truth, client: TestClient) -> None:
    """Without an outcome and a date it is the headline; the counts are not those of a level."""
    for query in ("", "?level=1"):
        found = client.get(f"/v1/segments{query}").json()
        assert (found["place"]["outcome"], found["place"]["as_of_date"]) == (
            truth.outcome,
            str(truth.as_of_date),
        )
        assert tuple(found["counts"][name] for name in COUNTS) == truth.counts()
    assert [row["outcome"] for row in found["choices"] if row["is_headline"]] == [truth.outcome]
    tasks = client.get("/v1/tasks").json()["tasks"]
    for model, task in zip(models(shop), tasks, strict=True):
        assert (task["title"], task["candidate_title"], task["model_version"]) == (
            model["task_title"],
            model["candidate_title"],
            model["model_version"],
        )
        assert task["is_headline"] == (model["outcome"] == truth.outcome)
        assert (task["scored"]["rows"], task["scored"]["expected"]) == (
            model["rows_scored"],
            model["expected_buyers"],
        )
        for figure in ("roc_auc", "gain_top_10pct", "base_rate", "expected_calibration_error"):
            assert task["promised"][figure] == model[figure]


def test_status_and_the_answers_list_the_same_checks(
    settings: Settings, client: TestClient
) -> None:
    """In the same order, with the same words; those of single segments are counted apart."""
    status = read_status(settings)
    found = client.get("/v1/checks").json()
    both = {
        name: found["counts"][name] + found["counts_of_segments"][name] for name in status.counts
    }
    assert both == status.counts
    listed = [(each["check_title"], each["subject"]) for each in found["checks"]]
    said = [(check.check_title, check.subject) for check in status.checks]
    assert [each for each in said if each in listed] == listed
    assert all(title for title, _ in said)
    for name, metric in {"fail": "failed", "warn": "warned", "ok": "passed"}.items():
        assert of_dataset(settings, "monitoring_checks", metric, "is_newest_run") == both[name]
    few = of_dataset(settings, "monitoring_checks", "not_applicable", "is_newest_run")
    assert few == status.not_applicable == len(said) - sum(both.values())


def test_the_dashboards_say_so(shop: Shop, settings: Settings, truth: Truth) -> None:
    """The SQL of Superset's datasets, with the filters a dashboard opens with."""
    where = "is_headline and as_of = 'newest'"
    overview = {
        metric: of_dataset(settings, "segment_overview", metric, where)
        for metric in ("segment_count", "reliable_count", "customer_count", "newest_date")
    }
    assert list(overview.values()) == [
        truth.segments,
        truth.reliable,
        truth.customers,
        truth.as_of_date,
    ]
    rows = "is_headline and as_of = 'newest' and level > 0"
    assert of_dataset(settings, "public_micro_segments", "segments", rows) == truth.segments
    for model in models(shop):
        if model["entity"] == "customer":
            of_task = f"task = '{model['task']}'"
            for metric, figure in {"customers": "rows_scored", "expected_buyers": None}.items():
                found = of_dataset(settings, "customer_predictions", metric, of_task)
                assert found == pytest.approx(model[figure or metric])


def test_a_filter_of_a_dashboard_begins_with_the_headline() -> None:
    """The first item of the filter is the one that sorts first by the metric for that."""
    files = assets().read()
    metrics = {
        asset["uuid"]: {each["metric_name"] for each in asset["metrics"]}
        for name, asset in files.items()
        if name.startswith("datasets/")
    }
    begun = [
        each
        for name, asset in files.items()
        if name.startswith("dashboards/")
        for each in asset["metadata"]["native_filter_configuration"]
        if each["controlValues"]["defaultToFirstItem"]
    ]
    assert len(begun) == 3
    for each in begun:
        assert each["sortMetric"] == "headline_first"
        assert not each["controlValues"]["sortAscending"]
        assert "headline_first" in metrics[each["targets"][0]["datasetUuid"]]


@pytest.mark.parametrize(
    ("label", "title"),
    [
        ("has_purchase_30d", "purchase within 30 days"),
        ("has_visit", "visit"),
        ("is_lost", "lost"),
        ("churned_90d", "churned within 90 days"),
    ],
)
def test_an_outcome_is_told_in_words(label: str, title: str) -> None:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"modules": SimpleNamespace(re=re), "return": str}
    text = macro_text("segment_outcomes") + f"{{{{ outcome_in_words('{label}') }}}}"
    assert environment.from_string(text).render().strip() == title


def test_nothing_else_says_which_outcome_comes_first() -> None:
    """The rule is in SQL alone: no Python or JavaScript of a surface names an outcome."""
    folders = ("ml/report", "scoring/serve/browse", "scoring/serve/page")
    files = [path for folder in folders for path in (PROJECT_ROOT / folder).glob("*.*")]
    named = [
        path.name
        for path in files
        if re.search(r"30d|outcome like", path.read_text("utf-8")) and path.name != "routes.py"
    ]
    assert named == []
