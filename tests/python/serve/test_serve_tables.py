"""What the live page asks: typed as OpenAPI says, and never a segment that is too small."""

import json
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
from pydantic import BaseModel

from scoring.serve.keys import Keys, create
from tests.support.serving import published
from tests.support.shops import Shop
from warehouse.settings import Settings

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from scoring.serve.app import create_app
from scoring.serve.browse import bodies
from scoring.serve.browse.words import table_title, what_a_row_is

PATHS: dict[str, type[BaseModel]] = {
    "publication": bodies.Publication,
    "tasks": bodies.Tasks,
    "checks": bodies.Checks,
    "audiences": bodies.Audiences,
    "audiences/likely_buyers": bodies.Audience,
    "segments": bodies.Segments,
    "segments?level=1&outcome=has_purchase_7d": bodies.Segments,
    "segments/everyone": bodies.Segment,
    "segments/active": bodies.Segment,
}


@pytest.fixture(scope="module")
def settings(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Of the shop, published, in a file of its own."""
    found = published(shop, tmp_path_factory.mktemp("tables"))
    create(found.api_keys, "test")
    return found


def _client(settings: Settings) -> TestClient:
    key = create(settings.api_keys, f"test-{len(settings.api_keys.read_text().splitlines())}")
    app = create_app(settings, Keys(settings.api_keys), per_second=1e6)
    return TestClient(app, headers={"Authorization": f"Bearer {key}"})


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    """A caller with a key."""
    with _client(settings) as found:
        yield found


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_is_what_openapi_says(client: TestClient, path: str) -> None:
    """No field is missing, none is there that is not described."""
    answer = client.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    found = PATHS[path].model_validate_json(answer.content, extra="forbid")
    said = getattr(found, "publication", found)
    assert said.version == client.get("/ready").json()["publication"]["version"]


def test_each_needs_a_key(client: TestClient) -> None:
    """Also one that is not there."""
    for path in (*PATHS, "segments/none", "nothing"):
        assert client.get(f"/v1/{path}", headers={"Authorization": ""}).status_code == 401


def test_segments_are_the_public_ones_of_every_outcome_and_date(
    client: TestClient, shop: Shop
) -> None:
    """None is left out, no figure differs, and none has fewer customers than k."""
    choices = client.get("/v1/segments").json()["choices"]
    shown = set()
    for choice in choices:
        for day in choice["as_of_dates"]:
            where = {"outcome": choice["outcome"], "as_of_date": day}
            rows = client.get("/v1/segments", params=where).json()["segments"]
            shown |= {
                (choice["outcome"], day, each["segment_id"], each["customers"], each["eb_rate"])
                for each in rows
            }
    public = shop.workspace.rows(
        "select outcome, cast(as_of_date as varchar), segment_id, customers, eb_rate"
        " from segments.public_micro_segments"
    )
    assert shown == set(public)
    assert min(row[3] for row in shown) >= 10


def test_a_small_segment_is_not_there(client: TestClient, shop: Shop) -> None:
    """It is answered like one that does not exist, and no answer holds its id."""
    hidden = shop.workspace.rows(
        "select distinct segment_id, segment_name from segments.micro_segment_numerosity"
        " where customers < 10 and segment_id not in"
        " (select segment_id from segments.public_micro_segments)"
    )
    public = {
        row[0]
        for row in shop.workspace.rows("select segment_name from segments.public_micro_segments")
    }
    assert len(hidden) > 10
    texts = [client.get(f"/v1/{path}").text for path in PATHS]
    for segment, name in hidden:
        assert all(json.dumps(segment) not in text for text in texts)
        assert name in public or all(json.dumps(name) not in text for text in texts)
    gone = client.get(f"/v1/segments/{hidden[0][0]}")
    never = client.get("/v1/segments/never/was")
    assert (gone.status_code, gone.json()) == (404, never.json())


def test_a_segment_is_shown_with_its_parent_its_parts_and_its_past(client: TestClient) -> None:
    """Parts add up to it, as the table does."""
    found = client.get("/v1/segments/active").json()
    assert found["parent"]["segment_id"] == "everyone"
    assert sum(each["customers"] for each in found["parts"]) == found["segment"]["customers"]
    days = [date.fromisoformat(each["as_of_date"]) for each in found["dates"]]
    assert days == sorted(days)
    assert str(days[-1]) == found["place"]["as_of_date"]
    part = found["parts"][0]["segment_id"]
    assert "/" in part
    assert client.get(f"/v1/segments/{part}").json()["parent"] == found["segment"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("outcome=has_wings", 404),
        ("as_of_date=1999-01-01", 404),
        ("as_of_date=yesterday", 422),
        ("level=-1", 422),
        ("level=9", 200),
    ],
)
def test_what_is_asked_for_is_there_or_refused(client: TestClient, query: str, status: int) -> None:
    answer = client.get(f"/v1/segments?{query}")
    assert answer.status_code == status
    assert answer.json().get("error") or answer.json()["segments"] == []


def test_audiences_are_counted(client: TestClient, shop: Shop) -> None:
    """Sizes are the tables'; the members come in their order."""
    for each in client.get("/v1/audiences").json()["audiences"]:
        ((customers, held_out),) = shop.workspace.rows(
            "select count(*), count(case when is_holdout then 1 end)"
            f" from activation.{each['audience']}"
        )
        assert (each["customers"], each["held_out"]) == (customers, held_out)
        assert each["description"].startswith("Every customer who")
    members = client.get("/v1/audiences/likely_buyers").json()["members"]
    order = [each["priority"] for each in members]
    assert order == sorted(order, reverse=True)
    assert "email" not in members[0]
    assert client.get("/v1/audiences/activation_lift").status_code == 404


def test_tasks_add_up_to_what_was_scored(client: TestClient, shop: Shop) -> None:
    """Expected is the sum of the probabilities, and a tenth of them lies below the first."""
    tasks = {each["task"]: each for each in client.get("/v1/tasks").json()["tasks"]}
    assert set(tasks) == {"customer_purchase_30d", "session_purchase"}
    found = tasks["customer_purchase_30d"]
    rows = shop.workspace.rows("select probability from predictions.customer_predictions")
    assert found["scored"]["rows"] == len(rows)
    assert found["scored"]["expected"] == pytest.approx(sum(row[0] for row in rows))
    first = found["scored"]["quantiles"][0]
    below = sum(row[0] <= first["probability"] for row in rows) / len(rows)
    assert below == pytest.approx(first["share"], abs=0.01)
    assert found["outcome"] == "has_purchase_30d"
    assert 0.5 < found["promised"]["roc_auc"] < 1


def test_checks_of_single_segments_are_counted_only(settings: Settings, tmp_path: Path) -> None:
    """Their subjects may be segments that are too small to be shown."""
    shutil.copy(settings.serving, tmp_path)
    own = settings.model_copy(update={"serving": tmp_path / "serving.duckdb"})
    with duckdb.connect(str(own.serving)) as connection:
        connection.execute(
            "insert into monitoring.monitoring_checks by name select 'segment_calibration' as"
            " check_name, 'segment' as subject_type, 'customer_purchase_30d, level 2, Two people'"
            " as subject, max(as_of_date) as as_of_date, 'fail' as status, '2 of 2 bought' as"
            " message, 0 as check_rank from monitoring.monitoring_checks"
        )
    with _client(own) as client:
        found = client.get("/v1/checks")
        tasks = client.get("/v1/tasks")
    assert found.json()["counts_of_segments"]["fail"] == 1
    assert {each["subject_type"] for each in found.json()["checks"]} >= {"source", "feature"}
    assert found.json()["counts"]["ok"] > 100
    assert "Two people" not in found.text + tasks.text
    task = tasks.json()["tasks"][0]
    assert (task["checks"]["fail"], task["segment_checks"]["fail"]) == (0, 1)


def test_what_a_project_does_without_is_empty(settings: Settings, tmp_path: Path) -> None:
    """No audiences, no monitoring, no segments: the page says so, and customers are answered."""
    shutil.copy(settings.serving, tmp_path)
    own = settings.model_copy(update={"serving": tmp_path / "serving.duckdb"})
    with duckdb.connect(str(own.serving)) as connection:
        for schema in ("activation", "monitoring", "segments"):
            connection.execute(f"drop schema {schema} cascade")
    with _client(own) as client:
        for path, kind in PATHS.items():
            answer = client.get(f"/v1/{path}")
            if "/" in path or "?" in path:
                assert answer.status_code in (200, 404)
            else:
                assert answer.status_code == 200, path
                kind.model_validate_json(answer.content, extra="forbid")
        assert client.get("/v1/segments").json()["segments"] == []


def test_names_are_told_as_people_say_them() -> None:
    """A table, the first sentence of a description."""
    assert table_title("win_back") == "Win back"
    assert what_a_row_is("One row per customer who left. More.") == "Every customer who left."
    assert what_a_row_is("") == ""


def test_the_page_asks_nobody_else(client: TestClient) -> None:
    """A strict policy, no address of another host in any file; /docs leads to the page's own."""
    page = client.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    files = Path(bodies.__file__).parents[1] / "page"
    for file in files.iterdir():
        text = file.read_text(encoding="utf-8")
        other = text.replace("http://www.w3.org/2000/svg", "")
        assert "://" not in other, file
        assert "innerHTML" not in other
        answer = client.get(f"/page/{file.name}")
        assert answer.text == text
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert " style=" not in page.text
    assert client.get("/docs", follow_redirects=False).headers["Location"] == "./#/api"
    assert client.get("/page/../app.py").status_code == 404
    assert client.get("/page/%2e%2e/app.py").status_code == 404
