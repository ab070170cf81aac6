"""The report: one file that opens offline, has the right figures, and is accessible."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pytest

from ml.candidates.logistic import Logistic
from ml.cli import main
from ml.evaluation.group_audit import audit, groups_of_values
from ml.report import write_report
from ml.report.words import infinitive
from ml.training.train import TrainingRequest, train
from tests.support.factory import execute, predict, rows
from tests.support.ml_factory import DATES, FEATURES, RELATION, TASK, manifest, node, project, table
from tests.support.overviews import build_overviews
from warehouse.errors import UsageError
from warehouse.settings import Settings

VOID = {"meta", "br", "path", "line", "rect", "stop", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """The parts of a page that the tests ask for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A small project, trained once, with what dbt and scoring would add."""
    folder = tmp_path_factory.mktemp("report")
    found = project(folder, DATES)
    entry = node(
        tasks={
            TASK: {
                "label": "has_purchase_30d",
                "horizon_days": 30,
                "title": "buys within 30 days",
                "cost_false_positive": 1,
                "value_true_positive": 4,
            }
        }
    )
    entry["columns"][FEATURES[3]]["config"]["meta"]["is_sensitive"] = True
    manifest(found.manifest, entry)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.evaluation.candidates.USUAL", (Logistic(),))
        patch.setattr(Logistic, "grid", Logistic.grid[1:3])
        (trained,) = train(found, TASK, TrainingRequest(folds=2))["trained"]
    execute(
        found.warehouse,
        "create schema monitoring; create schema segments",
        "create table monitoring.monitor_reconciliation as select 'sample' as source_name,"
        " 'orders' as table_name, 110 as raw_rows, 100 as clean_rows, 7 as quarantined_rows,"
        " 3 as duplicate_rows",
        "create table monitoring.quarantine_summary as select 'sample' as source_name,"
        " 'orders' as table_name, 'missing_id' as quarantine_reason, 7 as quarantined_rows,"
        " 7 / 110 as quarantined_share, 'name=Ada Lovelace' as example_raw_text",
        "create table segments.public_micro_segments as select 's' || i as segment_id,"
        " '<b>segment</b> ' || i as segment_name, least(i // 4, 2) as level,"
        " date '2025-05-01' as as_of_date, 'has_purchase_30d' as outcome, i * 10 as customers,"
        " i as buyers, 0.1 as rate, 0.05 as wilson_low, 0.2 as wilson_high,"
        " case when i > 8 then 'reliable' else 'too_few' end as verdict,"
        " case when i > 8 then i - 8 end as reliable_rank from range(3, 13) r(i)",
    )
    predict(
        found.warehouse,
        "select 'v' || i, 0.25 from range(2000) r(i)",
        task=TASK,
        as_of_date="2025-06-01",
        model_version=trained["model_version"],
    )
    build_overviews(found.warehouse, TASK)
    return found


@pytest.fixture(scope="module")
def html(settings: Settings) -> str:
    """The page."""
    out = settings.warehouse.with_name("page.html")
    facts = write_report(settings, out)
    assert facts["tasks"] == [TASK]
    return out.read_text(encoding="utf-8")


def test_nothing_is_fetched_from_anywhere(html: str) -> None:
    """No script, no image, no font, no address: the page is the file."""
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & {
        tag for tag, _ in page.tags
    }
    assert not re.search(r"https?:|//[a-z]|@import|url\(|data:", html)
    for tag, attributes in page.tags:
        for name in ("src", "srcset", "data", "action", "xlink:href"):
            assert name not in attributes, tag
        assert str(attributes.get("href", "#")).startswith("#")
    assert len(html.encode()) < 3_000_000


def test_every_link_of_the_contents_leads_to_a_section(html: str) -> None:
    """And every section has a heading of its own."""
    page = Page(html)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert str(link["href"]).removeprefix("#") in ids
    sections = page.all("section")
    assert [section["id"] for section in sections] == [
        "quality",
        "explore",
        "segments",
        f"model-{TASK}",
        "audit",
        "words",
    ]
    assert all(section["aria-labelledby"] in ids for section in sections)


def test_the_page_is_accessible(html: str) -> None:
    """Language, one h1, headings without gaps, charts with words, headers with a scope."""
    page = Page(html)
    assert page.open == []
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    charts = page.all("svg")
    assert len(charts) >= 8
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert all("scope" in attributes for attributes in page.all("th"))
    scrolled = [each for each in page.all("div") if each.get("class") == "scroll"]
    assert all(each["aria-label"] and each["tabindex"] == "0" for each in scrolled)


def test_charts_follow_the_theme_of_the_page(html: str) -> None:
    """Their colours are the page's variables, of which there are two sets."""
    charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert not re.search(r'(fill|stroke)="#(?!fff)', charts)
    assert "var(--accent)" in charts
    assert "prefers-color-scheme: dark" in html


def test_the_numbers_are_those_of_the_warehouse(settings: Settings, html: str) -> None:
    """The headline, the metrics with the baselines, the threshold and its costs."""
    text = re.sub(r"\s+", " ", Page(html).text)
    assert "500 of 2,000 visitors are expected to buy within 30 days" in text
    assert "cost" in text and "0.20, cost / (cost + gain)" in text
    (auc,) = rows(
        settings.warehouse,
        "select value, value_low, value_high from registry.evaluations"
        " where metric = 'roc_auc' and candidate = 'logistic'",
    )
    assert f"{auc[0]:.3f}" in text
    assert f"{auc[1]:.3f} to {auc[2]:.3f}" in text
    assert "days since last visit alone" in text
    assert "base rate alone" in text
    assert "missing id" in text
    assert "4 of 9 micro-segments" in text


def test_names_are_text_and_no_person_is_named(html: str) -> None:
    """Segment names are escaped; raw text of quarantined rows stays in the warehouse."""
    assert "&lt;b&gt;segment&lt;/b&gt;" in html
    assert "Lovelace" not in html


def test_groups_of_people_are_audited(settings: Settings, html: str) -> None:
    """Each row is in one group, tiny ones are marked, and rates are those counted by hand."""
    found = rows(
        settings.warehouse,
        "select group_name, rows, rate, selected_share, is_tiny from registry.audits",
    )
    assert sum(row[1] for row in found) == 240
    assert [row[4] for row in found] == [row[1] < 100 for row in found]
    text = Page(html).text
    assert "Is returning" in text
    assert "(tiny)" in text
    inside = dict(groups_of_values(np.array([1.0, 0, 0, np.nan])))
    assert {name: int(members.sum()) for name, members in inside.items()} == {
        "yes": 1,
        "no": 2,
        "unknown": 1,
    }


def test_a_value_is_in_the_band_that_begins_with_it() -> None:
    """As a double, 0.01 is above the float32 number nearest to it."""
    values = np.array([0.01, 0, 199.99, 200], dtype=np.float32).astype(np.float64)
    bands = [("none", -np.inf, 0.01), ("some", 0.01, 199.99), ("much", 199.99, np.inf)]
    inside = {name: members.tolist() for name, members in groups_of_values(values, bands)}
    assert inside == {
        "none": [False, True, False, False],
        "some": [True, False, False, False],
        "much": [False, False, True, True],
    }


def test_without_sensitive_features_there_is_nothing_to_audit() -> None:
    """And no error."""
    with duckdb.connect() as connection:
        assert audit(connection, table(), table().tasks[0], "m1") == []


def test_a_model_that_is_a_table_of_terms_is_shown_whole(settings: Settings) -> None:
    """The terms in registry.model_terms are drawn as charts."""
    (version,) = rows(settings.warehouse, "select model_version from registry.models")
    execute(
        settings.warehouse,
        "insert into registry.model_terms (task, model_version, term, contribution)"
        f" values ('{TASK}', '{version[0]}', 0, -1)",
        "insert into registry.model_terms (task, model_version, term, feature_1, bin_1, low_1,"
        f" high_1, is_missing_1, contribution, rows) values ('{TASK}', '{version[0]}', 1,"
        f" '{FEATURES[0]}', 0, null, 3, false, -0.5, 50), ('{TASK}', '{version[0]}', 1,"
        f" '{FEATURES[0]}', 1, 3, null, false, 0.5, 40), ('{TASK}', '{version[0]}', 1,"
        f" '{FEATURES[0]}', 2, null, null, true, 0.25, 10)",
    )
    out = settings.warehouse.with_name("terms.html")
    write_report(settings, out)
    execute(settings.warehouse, "delete from registry.model_terms")
    text = Page(out.read_text(encoding="utf-8")).text
    assert "The model itself: 1 terms" in text
    assert "Unknown: +0.25" in text


def test_an_empty_warehouse_has_a_page_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is written next to the warehouse, and names the commands to run."""
    found = project(tmp_path)
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(found.warehouse))
    monkeypatch.setenv("NUMEROSITY_MANIFEST", str(found.manifest))
    assert main(["report"]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["out"] == str(tmp_path / "report.html")
    assert "run python -m ml train" in Page((tmp_path / "report.html").read_text()).text


def test_a_page_that_cannot_be_written_leaves_the_old_one(settings: Settings) -> None:
    """A folder with the name of the file: one line, and no incomplete file next to it."""
    folder = settings.warehouse.with_name("folder.html")
    folder.mkdir()
    before = sorted(folder.parent.iterdir())
    with pytest.raises(UsageError, match="cannot write the report"):
        write_report(settings, folder)
    assert sorted(folder.parent.iterdir()) == before


def test_tables_that_have_changed_since_training_do_not_stop_the_page(settings: Settings) -> None:
    """The figures of the registry are still shown."""
    execute(settings.warehouse, f"alter table {RELATION} rename {FEATURES[0]} to renamed")
    out = settings.warehouse.with_name("changed.html")
    try:
        assert write_report(settings, out)["tasks"] == [TASK]
    finally:
        execute(settings.warehouse, f"alter table {RELATION} rename renamed to {FEATURES[0]}")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("buys within 30 days", "buy within 30 days"),
        ("ends in a purchase", "end in a purchase"),
        ("visits", "visit"),
        ("replies", "reply"),
        ("watches a film", "watch a film"),
        ("is lost", "be lost"),
        ("purchase", "purchase"),
    ],
)
def test_a_title_follows_expected_to(title: str, expected: str) -> None:
    """258 of 1,500 customers are expected to buy within 30 days."""
    assert infinitive(title) == expected
