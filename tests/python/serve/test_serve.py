"""Scores over HTTP: those of the night to the bit; every bad request is refused with a reason."""

import asyncio
import csv
import json
import os
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from scoring.serve.keys import Keys, create
from scoring.serve.limits import Limits
from tests.support.project import Workspace
from tests.support.serving import published, running
from tests.support.shops import Shop
from warehouse.errors import InputError, UsageError
from warehouse.settings import PROJECT_ROOT, Settings

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from scoring.serve.app import create_app
from scoring.serve.bodies import Profile, Session
from scoring.serve.live import Live
from scoring.serve.metrics import Metrics
from scoring.serve.publication import OpenPublication, Unscorable

NOT_SAID = ("session_id", "source_name", "known_at", "has_purchase")


@pytest.fixture(scope="module")
def settings(shop: Shop) -> Settings:
    """Of the shop, published."""
    return published(shop, shop.workspace.folder)


@pytest.fixture(scope="module")
def key(settings: Settings) -> str:
    """An API key."""
    return create(settings.api_keys, "test")


@pytest.fixture(scope="module")
def publication(settings: Settings) -> Iterator[OpenPublication]:
    """What is served."""
    found = OpenPublication(settings)
    yield found
    found.close()


@pytest.fixture(scope="module")
def client(settings: Settings, key: str) -> Iterator[TestClient]:
    """A caller with a key."""
    app = create_app(settings, Keys(settings.api_keys), per_second=1e6)
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as found:
        yield found


def _sessions(shop: Shop, where: str, limit: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Stored sessions: their ids, and what a request would say of them."""
    with duckdb.connect(str(shop.workspace.warehouse), read_only=True) as connection:
        found = connection.sql(
            f"select sessions.* from marts.sessions semi join {where} order by hash(session_id)"
            f" limit {limit}"
        ).to_arrow_table()
    rows = found.drop(list(NOT_SAID)).to_pylist()
    return found["session_id"].to_pylist(), rows


def _answers(publication: OpenPublication, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = []
    for first in range(0, len(rows), 250):
        answers += publication.sessions(rows[first : first + 250])
    assert not [each for each in answers if isinstance(each, Unscorable)]
    return answers


def test_a_stored_session_scores_the_same_in_real_time(
    shop: Shop, publication: OpenPublication
) -> None:
    """Probability, score, reasons, contributions and words, to the bit, of up to 1,000 sessions."""
    ids, rows = _sessions(shop, "predictions.session_predictions using (session_id)", 1000)
    assert len(ids) > 200
    offline = {
        row[0]: row[1:]
        for row in shop.workspace.rows(
            "select session_id, model_version, probability, score, reason_1, reason_2, reason_3,"
            " contribution_1, contribution_2, contribution_3, reason_1_text, reason_2_text,"
            " reason_3_text from predictions.session_predictions where task = 'session_purchase'"
        )
    }
    for number, answer in zip(ids, _answers(publication, rows), strict=True):
        (said,) = answer["predictions"]
        reasons = said["reasons"]
        online = [said["model_version"], said["probability"], said["score"]]
        for part in ("reason", "contribution", "text"):
            online += [each[part] for each in reasons] + [None] * (3 - len(reasons))
        assert tuple(online) == offline[number]


def test_every_feature_is_the_warehouse_s(shop: Shop, publication: OpenPublication) -> None:
    """Also of sessions long ago, of strangers, and of customers without a past."""
    ids, rows = _sessions(shop, "features.session_features using (session_id)", 500)
    assert {row["customer_id"] is None for row in rows} == {True, False}
    with publication._features["session"].of(rows) as found:
        online = found.batch.drop_columns(
            ["session_id", "customer_id", "as_of_date", "has_purchase", "is_known"]
        ).to_pylist()
    with duckdb.connect(str(shop.workspace.warehouse), read_only=True) as connection:
        offline = connection.execute(
            "select features.* exclude (session_id, customer_id, as_of_date, has_purchase)"
            " from features.session_features as features inner join"
            " (select unnest($1) as id, generate_subscripts($1, 1) as place) as asked"
            " on features.session_id = asked.id order by asked.place",
            [ids],
        ).to_arrow_table()
    assert online == offline.to_pylist()


def test_a_batch_changes_nothing(shop: Shop, publication: OpenPublication) -> None:
    """Alone or among others, of one customer or of many."""
    _, rows = _sessions(shop, "features.session_features using (session_id)", 40)
    rows += [{**row, "customer_id": rows[0]["customer_id"]} for row in rows[:10]]
    together = publication.sessions(rows)
    assert together == [answer for row in rows for answer in publication.sessions([row])]


def test_a_profile_is_scored_as_the_warehouse_would(
    shop: Shop, settings: Settings, tmp_path: Path
) -> None:
    """A stored customer who has done nothing, taken out of what is published, is the same."""
    names = ("gender", "birth_date", "region", "annual_salary", "has_marketing_consent")
    columns = ", ".join(f"customers.{name}" for name in ("customer_id", *names, "registered_at"))
    with duckdb.connect(str(shop.workspace.warehouse), read_only=True) as connection:
        found = connection.sql(
            f"select {columns}, as_of_date from marts.customers as customers"
            " inner join features.customer_features as features using (customer_id)"
            " where order_count_lifetime + session_count_365d + impression_count_90d = 0"
            " and days_since_last_response_365d is null and return_count_365d = 0"
            " and click_rate_365d is null and valid_from = registered_at"
            " and as_of_date = (select max(as_of_date) from features.customer_features)"
            " order by customers.annual_salary is null, customer_id limit 2"
        )
        profiles = found.to_arrow_table().to_pylist()
        wanted = {
            row["customer_id"]: row
            for row in connection.sql(
                "from features.customer_features"
                " where as_of_date = (select max(as_of_date) from features.customer_features)"
            )
            .to_arrow_table()
            .to_pylist()
        }
    assert profiles
    for profile in profiles:
        customer = profile.pop("customer_id")
        copy = tmp_path / f"{customer}.duckdb"
        shutil.copy(settings.serving, copy)
        with duckdb.connect(str(copy)) as connection:
            connection.execute("delete from marts.customers where customer_id = ?", [customer])
        publication = OpenPublication(settings.model_copy(update={"serving": copy}))
        with publication._features["customer"].of([profile]) as found:
            (online,) = found.batch.to_pylist()
        publication.close()
        for name, value in online.items():
            if not name.startswith("has_purchase") and name not in ("customer_id", "is_known"):
                assert value == wanted[customer][name], name


def test_a_card_shows_the_prediction_and_a_segment_that_may_be_shown(
    shop: Shop, client: TestClient
) -> None:
    """What the tables say of each customer, and never a segment below the smallest size."""
    rows = shop.workspace.rows(
        "select customer_id, probability, reason_1_text, model_version"
        " from predictions.customer_predictions order by customer_id limit 100"
    )
    shown = {
        row[:3]: row[3:]
        for row in shop.workspace.rows(
            "select segment_id, cast(as_of_date as varchar), outcome, customers, buyers, eb_rate"
            " from segments.public_micro_segments"
        )
    }
    for customer, probability, text, version in rows:
        answer = client.get(f"/v1/customers/{customer}").json()
        (said,) = answer["predictions"]
        assert (said["probability"], said["model_version"]) == (probability, version)
        assert said["reasons"][0]["text"] == text
        segment = said["micro_segment"]
        place = (segment["segment_id"], segment["segment_as_of_date"], segment["outcome"])
        assert shown[place] == (segment["customers"], segment["buyers"], segment["eb_rate"])
        assert segment["customers"] >= 10


def test_the_examples_of_the_page_are_answered(client: TestClient) -> None:
    """OpenAPI shows a body for each question, and it works."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name, path in [("Session", "sessions"), ("Profile", "customers")]:
        (example,) = schemas[name]["examples"]
        answer = client.post(f"/v1/{path}/score", json=example)
        assert answer.status_code == 200, answer.text
        (said,) = answer.json()["predictions"]
        assert 0 < said["probability"] < 1
        assert all(each["text"] for each in said["reasons"])


def test_the_commands_of_the_docs_are_answered(client: TestClient) -> None:
    """docs/serve.md: what is sent with curl is sent here."""
    page = (PROJECT_ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    sent = re.findall(r"localhost:8000(/v1/\S+) -d '(.+?)'", page, re.DOTALL)
    assert [path for path, _ in sent] == ["/v1/sessions/score", "/v1/customers/score"]
    for path, body in sent:
        assert client.post(path, json=json.loads(body)).status_code == 200


DELIVERED = [
    {},
    {"visitor_type": " Returning_Visitor ", "customer_id": "#N/A"},
    {"started_at": "2026-01-01T20:30:00+02:00", "product_pages": 3},
    {"administrative_pages": 2, "visitor_type": "NEW_VISITOR"},
    {"product_pages": None, "product_seconds": None},
]
"""Changes of the session in docs/serve.md."""


def test_a_delivered_session_has_the_features_of_the_request(
    shop: Shop, publication: OpenPublication, tmp_path: Path
) -> None:
    """The example of docs/serve.md as a row of a file: read the same, left-out counts included."""
    page = (PROJECT_ROOT / "docs" / "serve.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"/v1/sessions/score -d '(.+?)'", page, re.DOTALL)
    bodies = [json.loads(example) | change for change in DELIVERED]
    raw = tmp_path / "raw" / "sample"
    shutil.copytree(shop.workspace.raw / "sample", raw)
    (raw / "web_sessions.parquet").unlink()
    (raw / "web_sessions").mkdir()
    before = shop.workspace.raw / "sample" / "web_sessions.parquet"
    duckdb.sql(f"copy (from '{before}') to '{raw}/web_sessions/before.csv'")
    named = [column for column in Session.model_fields if column != "started_at"]
    with (raw / "web_sessions" / "new.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["session_id", "started_at", "known_at", *named, HAS])
        writer.writeheader()
        for number, body in enumerate(bodies):
            known = {"session_id": f"new-{number}", "known_at": body["started_at"], HAS: "0"}
            writer.writerow(body | known)
    night = Workspace(tmp_path, tmp_path / "raw")
    shutil.copy(shop.workspace.warehouse, night.warehouse)
    columns = "columns(c -> c not in ('session_id', 'customer_id', 'as_of_date', 'has_purchase'))"
    night.dbt("run", "--select", "+session_features", as_of_date="2026-01-02").succeeded()
    offline = night.frame(
        f"select {columns} from features.session_features where session_id like 'new-%'"
        " order by session_id"
    )
    with publication._features["session"].of(
        [Session.model_validate(body).row() for body in bodies]
    ) as found:
        online = found.batch.to_pandas()[list(offline.columns)]
        assert found.broken_rules == (None,) * len(bodies)
    pd.testing.assert_frame_equal(online, offline, check_exact=True)


def test_a_request_keeps_the_rules_of_a_file(client: TestClient) -> None:
    """What staging would quarantine is refused, by the name of the rule; others are answered."""
    robot = WHEN | {"product_pages": 900_000, "product_seconds": 3}
    answer = client.post("/v1/sessions/score", json=robot)
    assert (answer.status_code, answer.json()["error"].split()[-1]) == (422, "implausible_pages")
    assert client.post("/v1/sessions/score", json=WHEN).status_code == 200


def test_ids_are_asked_in_any_form(shop: Shop, publication: OpenPublication) -> None:
    """As staging reads them."""
    ((customer,),) = shop.workspace.rows(
        "select customer_id from predictions.customer_predictions limit 1"
    )
    assert publication.card(f'="{customer}"') == publication.card(f" {customer} ")
    assert publication.card(customer) is not None


WHEN = {"started_at": "2026-01-01T00:00:00Z"}
HAS = "has_purchase"


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({}, 422, "started_at: Field required"),
        ({"started_at": 5}, 422, "started_at: write it as text like 2026-05-31T14:05:00Z"),
        ({"started_at": "1700000000"}, 422, "started_at: write it as text"),
        ({"started_at": "9999-12-31T23:59:59-10:00"}, 422, "between 1970 and 2200"),
        (WHEN | {"product_pages": -1}, 422, "product_pages: "),
        (WHEN | {"bounce_rate": 1.1}, 422, "bounce_rate: "),
        (WHEN | {"is_weekend": 1}, 422, "is_weekend: "),
        (WHEN | {"colour": "red"}, 422, "colour: Extra inputs are not permitted"),
        ('{"started_at": "2026-01-01T00:00:00Z", "page_value": NaN}', 422, "page_value: "),
        ('{"started_at": "2026-01-01T00:00:00Z", "page_value": 1e999}', 422, "page_value: "),
        ("{", 422, "JSON decode error"),
        (b"\xff\xfe", 422, "JSON decode error"),
        ("[" * 10_000, 400, ""),
        ("[]", 422, "send a JSON object"),
        ("x" * 16_385, 413, "larger than 16384 bytes"),
        ("x" * 2_000_000, 413, "larger than 16384 bytes"),
    ],
)
def test_a_bad_request_says_why(
    client: TestClient, body: dict[str, Any] | str | bytes, status: int, why: str
) -> None:
    content = json.dumps(body) if isinstance(body, dict) else body
    answer = client.post(
        "/v1/sessions/score", content=content, headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, why in answer.json()["error"]) == (status, True), answer.text


def test_a_bad_profile_says_why(client: TestClient) -> None:
    """Dates that cannot be in this order are refused."""
    for wrong, status, why in [
        (
            {"birth_date": "2030-01-01"},
            409,
            "birth_date must be from 1900 to the day of registered_at",
        ),
        (
            {"as_of_date": "2025-12-31"},
            409,
            "as_of_date must be later than the day of registered_at",
        ),
        ({"annual_salary": 5_000_001}, 422, "annual_salary: "),
        ({"birth_date": "631152000"}, 422, "birth_date: write it as text like 1990-05-17"),
    ]:
        answer = client.post(
            "/v1/customers/score", json={"registered_at": "2025-12-31T10:00:00Z"} | wrong
        )
        assert (answer.status_code, why in answer.json()["error"]) == (status, True), answer.text


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("2026-01-01T00:00Z")
)
NAMES = st.sampled_from([*Session.model_fields, *Profile.model_fields]) | st.text()


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["sessions", "customers"]),
    body=st.dictionaries(NAMES, VALUES, max_size=8),
    good=st.booleans(),
)
def test_no_body_breaks_the_service(
    client: TestClient, path: str, body: dict[str, Any], good: bool
) -> None:
    """It is answered, or refused with a reason."""
    start = {"sessions": "started_at", "customers": "registered_at"}[path]
    content = json.dumps(body | ({start: "2026-01-01T00:00:00Z"} if good else {}))
    answer = client.post(
        f"/v1/{path}/score", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (200, 409, 422), answer.text
    assert answer.status_code == 200 or answer.json()["error"]


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1))
def test_no_customer_breaks_the_service(client: TestClient, customer: str) -> None:
    """Whoever is not known is 404."""
    from urllib.parse import quote

    answer = client.get(f"/v1/customers/{quote(customer.encode('utf-8', 'ignore'), safe='')}")
    assert answer.status_code in (200, 404, 405, 422)


def test_only_a_key_opens(client: TestClient) -> None:
    """No key, a wrong one, another scheme: 401 before the body is looked at."""
    for header in ("", "Bearer", "Bearer wrong", "Basic eDp5", "Bearer \xff"):
        answer = client.post(
            "/v1/sessions/score", content="{", headers={"Authorization": header.encode("latin-1")}
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for path in ("/health", "/ready", "/metrics", "/openapi.json"):
        assert client.get(path, headers={"Authorization": ""}).status_code == 200


def test_keys_are_kept_as_hashes(tmp_path: Path) -> None:
    """A key is revoked by taking its line out, while the service runs."""
    file = tmp_path / "keys" / "api_keys"
    with pytest.raises(InputError, match="no API key in"):
        Keys(file)
    first, second = create(file, "shop"), create(file, "crm")
    assert first not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    with pytest.raises(UsageError, match="has a key shop"):
        create(file, "shop")
    with pytest.raises(UsageError, match="letters, digits"):
        create(file, "two words")
    keys = Keys(file)
    assert [keys.owner(key) for key in (first, second, "", first[:-1])] == [
        "shop",
        "crm",
        None,
        None,
    ]
    file.write_text("".join(line for line in file.open() if line.startswith("crm")))
    keys.reload()
    assert [keys.owner(key) for key in (first, second)] == [None, "crm"]
    file.write_text("shop 123\n")
    with pytest.raises(InputError, match=r"line 1 of .* is not an API key"):
        keys.reload()
    assert keys.owner(second) == "crm"


def test_each_caller_has_a_rate() -> None:
    """A second's worth at once, then as they refill; one caller costs another nothing."""
    now = [0.0]
    limits = Limits(4, clock=lambda: now[0])
    assert [limits.wait("a") for _ in range(5)] == [0, 0, 0, 0, 0.25]
    assert limits.wait("b") == 0
    now[0] = 0.25
    assert [limits.wait("a") > 0 for _ in range(2)] == [False, True]
    now[0] = 100
    assert sum(limits.wait("a") == 0 for _ in range(9)) == 4


def test_who_asks_too_often_is_told_when_to_come_back(settings: Settings, key: str) -> None:
    app = create_app(settings, Keys(settings.api_keys), per_second=1)
    with TestClient(app, headers={"Authorization": f"Bearer {key}"}) as client:
        answers = [client.get("/v1/customers/nobody") for _ in range(3)]
        wrong = [
            client.get("/v1/customers/x", headers={"Authorization": "Bearer no"}) for _ in "ab"
        ]
    assert answers[0].status_code == 404
    assert answers[-1].status_code == 429
    assert answers[-1].headers["Retry-After"] == "1"
    assert [each.status_code for each in wrong] == [401, 429]


def test_figures_for_prometheus(client: TestClient) -> None:
    """By route, not by customer: a path in a label would be a customer in a label."""
    client.get("/v1/customers/nobody-in-particular")
    figures = client.get("/metrics").text
    assert 'route="/v1/customers/{customer_id}",status="404"' in figures
    assert "nobody" not in figures
    assert "numerosity_published_timestamp_seconds" in figures


def _another(settings: Settings, version: str) -> None:
    """Publish the same with another version's name."""
    copy = settings.serving.with_name("next.duckdb")
    shutil.copy(settings.serving, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update publication set version = ?", [version])
    os.replace(copy, settings.serving)


def test_a_new_publication_is_taken_while_the_old_one_answers(
    settings: Settings, tmp_path: Path
) -> None:
    """A request keeps the version it began with, which is closed after it; bundles may go."""
    shutil.copy(settings.serving, tmp_path / "serving.duckdb")
    shutil.copytree(settings.artifacts, tmp_path / "artifacts")
    own = settings.model_copy(
        update={"serving": tmp_path / "serving.duckdb", "artifacts": tmp_path / "artifacts"}
    )
    session = Session.model_validate(WHEN).row()

    async def day() -> None:
        live = Live(own, Metrics())
        first = live.current.publication.version
        with live.lend() as lent:
            _another(own, "second")
            await live.look()
            assert live.current.publication.version == "second"
            answer = await lent.sessions.answer(session)
            assert isinstance(answer, dict)
            assert answer["publication"]["version"] == first
        await asyncio.gather(*live._closing)
        with pytest.raises(RuntimeError):  # its threads have ended
            await lent.sessions.answer(session)
        os.rename(own.artifacts, tmp_path / "gone")
        _another(own, "third")
        await live.look()
        assert live.current.publication.version == "second"
        with live.lend() as lent:
            assert isinstance(await lent.sessions.answer(session), dict)
        os.rename(tmp_path / "gone", own.artifacts)
        await live.look()
        assert live.current.publication.version == "third"
        await live.close()

    asyncio.run(day())


def test_the_process_starts_and_ends_in_order(settings: Settings, key: str) -> None:
    """Port 0 takes a free one; SIGTERM ends it with 0 and one JSON line."""
    import httpx

    with running(settings) as (process, address):
        answer = httpx.get(f"{address}/ready", timeout=60)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    assert address.startswith("http://127.0.0.1:")
    assert set(answer.json()["models"]) == {"customer_purchase_30d", "session_purchase"}
    assert (process.returncode, json.loads(out)["status"]) == (0, "stopped")


def test_nothing_published_is_said(settings: Settings, tmp_path: Path, key: str) -> None:
    """So is a file that no request can be answered from."""
    empty = tmp_path / "serving.duckdb"
    with pytest.raises(InputError, match=r"cannot read .*serving\.duckdb"):
        create_app(settings.model_copy(update={"serving": empty}), Keys(settings.api_keys), 1)
    duckdb.connect(str(empty)).close()
    with pytest.raises(InputError, match="cannot answer requests"):
        create_app(settings.model_copy(update={"serving": empty}), Keys(settings.api_keys), 1)
