"""Audiences: who is in them, who is held out, how they are delivered, and what they added."""

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep

from scoring.activate import DeliveryRequest, activate
from scoring.activate.destinations import ATTEMPTS, PART, post
from scoring.cli import main
from scoring.forget import ErasureRequest, forget
from tests.support import factory
from tests.support.manifests import write_manifest
from tests.support.project import Workspace, real_data
from tests.support.shops import TABLES_ONLY, Shop
from warehouse.errors import InputError, UsageError
from warehouse.settings import PROJECT_ROOT, load_settings

AUDIENCES = ("likely_buyers", "lapsing_high_value", "win_back")
COMPILED = Path("target/compiled/numerosity/models/activation")


def share_of_hash(text: str) -> float:
    """The macro of the same name, in Python."""
    return int(hashlib.md5(text.encode()).hexdigest()[:8], 16) / 2**32


@pytest.mark.parametrize("audience", AUDIENCES)
def test_nobody_without_consent_has_a_row(shop: Shop, audience: str) -> None:
    """Neither who said no, nor who was never asked, nor who took it back."""
    found = shop.workspace.rows(
        "select has_marketing_consent, count(*) from marts.customers"
        f" inner join activation.{audience} using (customer_id) group by 1"
    )
    assert [consent for consent, _ in found] == [True]


@pytest.mark.parametrize("audience", AUDIENCES)
def test_who_is_held_out_is_a_matter_of_a_hash(shop: Shop, audience: str) -> None:
    """The same customers every time, whatever else is known of them."""
    ((share,),) = shop.workspace.rows(
        f"select holdout_share from seeds.audiences where audience = '{audience}'"
    )
    rows = shop.workspace.rows(f"select customer_id, is_holdout from activation.{audience}")
    assert all(held == (share_of_hash(f"{audience}|{one}") < share) for one, held in rows)


def test_the_hash_is_even_and_differs_between_audiences() -> None:
    """A tenth of anybody is a tenth, and no one is spared by every campaign."""
    held = {
        name: {i for i in range(20_000) if share_of_hash(f"{name}|C{i:07d}") < 0.1}
        for name in AUDIENCES
    }
    assert all(abs(len(one) - 2_000) < 4 * 2_000**0.5 for one in held.values())
    both = held["likely_buyers"] & held["win_back"]
    assert abs(len(both) - 200) < 4 * 200**0.5


@contextmanager
def with_members(shop: Shop, *models: str) -> Iterator[tuple[Any, str, list[str]]]:
    """The shop's warehouse beside a list of delivered customers of our own, and models on it."""
    members = "other.scoring.delivery_members"
    queries = [
        (shop.workspace.folder / COMPILED / f"{model}.sql")
        .read_text()
        .replace('"warehouse"."scoring"."delivery_members"', members)
        for model in models
    ]
    with duckdb.connect() as connection:
        connection.execute(f"attach '{shop.workspace.warehouse}' as warehouse (read_only)")
        connection.execute("attach ':memory:' as other")
        connection.execute("create schema other.scoring")
        connection.execute(
            f"create table {members} as from warehouse.scoring.delivery_members limit 0"
        )
        connection.execute("use warehouse")
        yield connection, members, queries


def test_whoever_was_delivered_pauses(shop: Shop) -> None:
    """For every audience, held out or not; the delivery of the same day is this very one."""
    with with_members(shop, "win_back") as (connection, members, (query,)):

        def left(audience: str, days: int, is_holdout: bool) -> int:
            connection.execute(f"delete from {members}")
            connection.execute(
                f"insert into {members} select 'd', '{audience}', customer_id,"
                f" cast(as_of_date - {days} as date), {is_holdout}, 'h'"
                " from activation.win_back order by customer_id limit 5"
            )
            return len(connection.execute(query).fetchall())

        everybody = len(connection.execute(query).fetchall())
        assert everybody > 5
        assert left("win_back", 0, False) == everybody
        assert left("win_back", 60, False) == everybody
        assert left("win_back", 59, False) == everybody - 5
        assert left("win_back", 59, True) == everybody - 5
        assert left("likely_buyers", 0, False) == everybody - 5
        assert left("likely_buyers", 60, False) == everybody


def test_an_outcome_is_the_label_of_its_date(shop: Shop) -> None:
    """Purchases in 30 days are those a model learns from, and empty until they have matured."""
    with with_members(shop, "activation_outcomes") as (connection, members, (query,)):
        connection.execute(
            f"insert into {members} select 'd', 'of ' || as_of_date, customer_id, as_of_date,"
            " false, 'h' from features.customer_features"
        )
        found = connection.execute(
            f"select count(*), count(has_purchase), count(has_visit),"
            " count(*) filter (has_purchase is distinct from has_purchase_30d)"
            f" from ({query}) inner join features.customer_features using (customer_id, as_of_date)"
        ).fetchall()
    ((rows, matured, visited, other),) = found
    assert other == 0
    assert 0 < matured == visited < rows


def test_a_customer_counts_from_the_first_delivery_on(shop: Shop) -> None:
    """Whatever the holdout's share became later: once contacted, never a control."""
    with with_members(shop, "activation_outcomes") as (connection, members, (query,)):
        connection.execute(
            f"insert into {members} values ('1', 'a', 'c', date '2025-01-02', false, 'h'),"
            " ('2', 'a', 'c', date '2025-01-30', true, 'h'),"
            " ('3', 'a', 'c', date '2025-01-02', true, 'h')"
        )
        found = connection.execute(f"select as_of_date, is_holdout from ({query})").fetchall()
    assert [(str(day), held) for day, held in found] == [("2025-01-02", False)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny warehouse with the audience `spring`: 20 customers, two of them held out."""
    for name in [name for name in os.environ if name.startswith("NUMEROSITY_")]:
        monkeypatch.delenv(name)
    warehouse = factory.warehouse(tmp_path / "warehouse.duckdb", rows=1)
    factory.execute(
        warehouse,
        "create schema marts",
        "create schema seeds",
        "create schema activation",
        "create table seeds.audiences as select unnest(['spring', 'autumn', 'nobody']) as audience,"
        " 14 as pause_days",
        "create table marts.customers as select 'c' || i as customer_id, 'x' as source_name,"
        " 'c' || i || '@example.com' as email, true as has_marketing_consent from range(30) r(i)",
        "create table activation.spring as select 'spring' as audience, customer_id,"
        " date '2026-05-01' as as_of_date, email, 0.5 as priority,"
        " customer_id in ('c0', 'c1') as is_holdout from marts.customers limit 20",
        "create table activation.autumn as from activation.spring where customer_id = 'c5'",
        "create table activation.nobody as from activation.spring limit 0",
    )
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(warehouse))
    monkeypatch.setenv("NUMEROSITY_SERVING", str(tmp_path / "serving.duckdb"))
    monkeypatch.setenv("NUMEROSITY_RAW", str(tmp_path / "raw"))
    manifest = write_manifest(tmp_path / "target" / "manifest.json")
    monkeypatch.setenv("NUMEROSITY_MANIFEST", str(manifest))
    return tmp_path


def deliver(audience: str = "spring", destination: str = "csv", **options: bool) -> Any:
    return activate(
        load_settings(), DeliveryRequest(audience, destination, progress=False, **options)
    )


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_holds_the_audience_without_the_held_out(home: Path, kind: str) -> None:
    """And both are noted; nobody else may read the file."""
    outcome = deliver(destination=kind)
    assert (outcome.status, outcome.delivered, outcome.held_out, outcome.added) == (
        "done",
        18,
        2,
        18,
    )
    path = Path(outcome.destination)
    assert path.stat().st_mode & 0o077 == 0
    found = duckdb.sql(f"from '{path}'").df()
    assert list(found.columns) == ["customer_id", "email", "priority"]
    assert len(found) == 18 and not set(found["customer_id"]) & {"c0", "c1"}
    noted = factory.rows(
        home / "warehouse.duckdb",
        "select is_holdout, count(*) from scoring.delivery_members group by 1 order by 1",
    )
    assert noted == [(False, 18), (True, 2)]


def test_the_same_again_is_already_done(home: Path) -> None:
    """Unless the file is gone, or it is wanted."""
    first = deliver()
    assert deliver().status == "already_done"
    Path(first.destination).unlink()
    assert deliver().status == "done"
    assert deliver(force=True).status == "done"
    assert factory.rows(home / "warehouse.duckdb", "select count(*) from scoring.deliveries") == [
        (1,)
    ]


def test_the_difference_to_the_last_delivery_is_said(home: Path) -> None:
    """Added, removed and changed; a dry run says it, and changes nothing."""
    deliver()
    factory.execute(
        home / "warehouse.duckdb",
        "update activation.spring set as_of_date = date '2026-05-29'",
        "update activation.spring set email = 'new@example.com' where customer_id = 'c3'",
        "delete from activation.spring where customer_id in ('c4', 'c5')",
        "insert into activation.spring values"
        " ('spring', 'c25', date '2026-05-29', 'c25@example.com', 0.5, false)",
    )
    before = (home / "warehouse.duckdb").read_bytes()
    for dry_run in (True, False):
        outcome = deliver(dry_run=dry_run)
        assert (outcome.added, outcome.removed, outcome.changed) == (1, 2, 1)
        if dry_run:
            assert outcome.status == "dry_run"
            assert (home / "warehouse.duckdb").read_bytes() == before
            assert not Path(outcome.destination).exists()


def test_consent_taken_back_since_the_build_counts(home: Path) -> None:
    factory.execute(
        home / "warehouse.duckdb",
        "update marts.customers set has_marketing_consent = null where customer_id = 'c2'",
        "update marts.customers set has_marketing_consent = false where customer_id = 'c3'",
    )
    outcome = deliver()
    assert outcome.delivered == 16
    assert not {"c2", "c3"} & set(duckdb.sql(f"from '{outcome.destination}'").df()["customer_id"])


def test_two_audiences_of_a_day_do_not_reach_one_customer_twice(home: Path) -> None:
    """Both were built before either was delivered."""
    deliver()
    assert deliver("autumn").status == "empty"


def test_nobody_in_it_is_no_failure(home: Path) -> None:
    assert deliver("nobody").status == "empty"
    assert not (home / "activation").exists()


def test_whoever_is_erased_is_taken_out_of_what_was_delivered(home: Path) -> None:
    """From the file, and from the note of who was in it."""
    path = Path(deliver().destination)
    lines = path.read_text().splitlines()
    forget(load_settings(), ErasureRequest(("c7",), progress=False))
    kept = path.read_text().splitlines()
    assert [line for line in lines if "c7@" not in line] == kept
    assert len(kept) == len(lines) - 1
    assert factory.rows(
        home / "warehouse.duckdb", "select count(*) from scoring.delivery_members"
    ) == [(19,)]


COMPUTED = {
    "=1+2": "'=1+2",
    "+1 555": "'+1 555",
    "@who": "'@who",
    "-x": "'-x",
    "-3.5": "-3.5",
    "+49": "+49",
    "a=b": "a=b",
}
"""Texts, and how a CSV file has them."""


def test_a_spreadsheet_computes_no_text(home: Path) -> None:
    """It gets an apostrophe; a number does not. The customer is erased all the same."""
    for place, text in enumerate(COMPUTED, 10):
        for table in ("marts.customers", "activation.spring"):
            factory.execute(
                home / "warehouse.duckdb",
                f"update {table} set email = '{text}' where customer_id = 'c{place}'",
                f"update {table} set customer_id = '=1+2' where customer_id = 'c9'",
            )
    path = Path(deliver().destination)
    with path.open(newline="") as file:
        found = {row["customer_id"]: row["email"] for row in csv.DictReader(file)}
    assert [found[f"c{place}"] for place in range(10, 17)] == list(COMPUTED.values())
    assert found["'=1+2"] == "c9@example.com"
    forget(load_settings(), ErasureRequest(("=1+2",), progress=False))
    assert "c9@example.com" not in path.read_text()


class Receiver(BaseHTTPRequestHandler):
    """Takes parts, and answers as it is told, 200 when it is told nothing more."""

    answers: list[tuple[int, dict[str, str]]]
    taken: list[tuple[dict[str, str], dict[str, Any]]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).taken.append((dict(self.headers), body))
        code, headers = type(self).answers.pop(0) if type(self).answers else (200, {})
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return None


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[Receiver]]]:
    """An address on loopback."""
    handler = type("Told", (Receiver,), {"answers": [], "taken": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/audience", handler
        server.shutdown()


def test_an_address_gets_json_with_a_key(
    home: Path, receiver: tuple[str, type[Receiver]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bearer token comes from the environment; who left the audience is named."""
    address, told = receiver
    monkeypatch.setenv("NUMEROSITY_ACTIVATION_TOKEN", "secret")
    outcome = deliver(destination=f"{address}?key=hidden")
    assert (outcome.status, outcome.destination) == ("done", address)
    ((headers, body),) = told.taken
    assert headers["Authorization"] == "Bearer secret"
    assert headers["Idempotency-Key"] == f"{body['delivery_id']}-1"
    assert (len(body["customers"]), body["removed"], body["parts"]) == (18, [], 1)
    assert deliver(destination=f"{address}?key=hidden").status == "already_done"
    factory.execute(
        home / "warehouse.duckdb", "delete from activation.spring where customer_id = 'c9'"
    )
    assert deliver(destination=address).removed == 1
    assert told.taken[1][1]["removed"] == ["c9"]


def test_a_passing_failure_is_tried_again_with_the_same_key(
    receiver: tuple[str, type[Receiver]],
) -> None:
    """After as long as the receiver asks for; the parts before are not sent again."""
    address, told = receiver
    told.answers = [(200, {}), (503, {}), (429, {"Retry-After": "7"}), (200, {})]
    waited: list[float] = []
    table = duckdb.sql(
        f"select 'c' || i as customer_id from range({PART + 1}) r(i)"
    ).to_arrow_table()
    day = factory.DATES[0]
    post(address, "spring", day, "id", table, ["gone"], None, pause=waited.append)
    keys = [headers["Idempotency-Key"] for headers, _ in told.taken]
    assert keys == ["id-1", "id-2", "id-2", "id-2"]
    assert waited == [0.5, 7.0]
    assert [len(body["customers"]) for _, body in told.taken] == [PART, 1, 1, 1]
    assert [body["removed"] for _, body in told.taken] == [["gone"], [], [], []]


@pytest.mark.parametrize(
    ("answers", "tries", "message"),
    [
        ([(422, {})], 1, "refused part 1 of 1 (answered 422"),
        ([(307, {"Location": "http://127.0.0.1:9/elsewhere"})], 1, "answered 307"),
        ([(500, {})] * ATTEMPTS, ATTEMPTS, f"in {ATTEMPTS} attempts (answered 500"),
    ],
)
def test_what_was_refused_is_not_noted(
    home: Path,
    receiver: tuple[str, type[Receiver]],
    monkeypatch: pytest.MonkeyPatch,
    answers: list[tuple[int, dict[str, str]]],
    tries: int,
    message: str,
) -> None:
    """The next run delivers it under the same keys."""
    address, told = receiver
    told.answers = list(answers)
    monkeypatch.setattr("scoring.activate.destinations.FIRST_PAUSE", 0.0)
    with pytest.raises(InputError) as raised:
        deliver(destination=address)
    assert message in str(raised.value)
    assert len(told.taken) == tries
    assert factory.rows(home / "warehouse.duckdb", "select count(*) from scoring.deliveries") == [
        (0,)
    ]
    assert deliver(destination=address).status == "done"
    assert len({headers["Idempotency-Key"] for headers, _ in told.taken}) == 1


def test_an_address_nobody_answers_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoring.activate.destinations.FIRST_PAUSE", 0.0)
    with pytest.raises(InputError, match="attempts"):
        deliver(destination="http://127.0.0.1:9/")


def test_killed_between_the_file_and_its_note(home: Path) -> None:
    """The next run puts the same file there, and notes it once."""
    code = (
        "import os, signal; from scoring.activate import deliver; from scoring.cli import main;"
        " deliver._record = lambda *_: os.kill(os.getpid(), signal.SIGKILL);"
        " main(['activate', '--audience', 'spring'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    (left,) = (home / "activation" / "spring").iterdir()
    outcome = deliver()
    assert (outcome.status, outcome.destination) == ("done", str(left))
    assert [left] == list((home / "activation" / "spring").iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no audience given: add --audience with one of autumn, nobody, spring"),
        (["--audience", "winter"], "no audience 'winter'"),
        (["--audience", "spring", "--to", "xlsx"], "give csv, parquet or a URL"),
        (["--audience", "spring", "--to", "file:///etc"], "give csv, parquet or a URL"),
        (["--audience", "spring", "--to", "http://a:b@c/"], "a password in its URL"),
    ],
)
def test_one_clear_line_for_each_mistake(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["activate", *arguments]) == UsageError.exit_code
    assert message in json.loads(capsys.readouterr().out)["error"]


@pytest.fixture(scope="module")
def hillstrom(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """activation_lift of two campaigns whose control group is real: a third got no e-mail."""
    if not (real_data() / "hillstrom").is_dir():
        pytest.skip(f"no folder {real_data() / 'hillstrom'}")
    workspace = Workspace(tmp_path_factory.mktemp("hillstrom"), real_data())
    workspace.dbt(
        "build", *TABLES_ONLY, "--select", "+activation_lift", sources=["hillstrom"]
    ).succeeded()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        for campaign in ("mens-e-mail", "womens-e-mail"):
            connection.execute(
                f"insert into scoring.delivery_members select '{campaign}', '{campaign}',"
                " customer_id, date '2008-01-02', campaign_id is null, ''"
                " from staging.stg_hillstrom__customers"
                " where quarantine_reason is null"
                f" and (campaign_id = '{campaign}' or campaign_id is null)"
            )
        for model in ("activation_outcomes", "activation_lift"):
            query = (workspace.folder / COMPILED / f"{model}.sql").read_text()
            connection.execute(f"create or replace table activation.{model} as {query}")
        return connection.sql("from activation.activation_lift").df()


def test_the_known_effects_of_the_e_mails_are_reproduced(hillstrom: pd.DataFrame) -> None:
    """Visits: 18.3 % of the men's and 15.1 % of the women's mail, 10.6 % of none."""
    all_of_them = hillstrom[(hillstrom["level"] == 0) & (hillstrom["outcome"] == "has_visit")]
    found = all_of_them.set_index("audience")
    for campaign, rate, effect in (("mens-e-mail", 0.183, 0.077), ("womens-e-mail", 0.151, 0.045)):
        row = found.loc[campaign]
        assert row["contacted_rate"] == pytest.approx(rate, abs=5e-4)
        assert row["held_out_rate"] == pytest.approx(0.106, abs=5e-4)
        assert row["effect_low"] < effect < row["effect_high"]
        assert row["effect_high"] - row["effect_low"] < 0.015
        assert row["verdict"] == "adds"
        assert row["added_responders"] == pytest.approx(effect * row["contacted"], rel=0.02)
    assert set(hillstrom["level"]) == {0, 1, 2}


def test_effects_are_those_of_statsmodels_and_scipy(hillstrom: pd.DataFrame) -> None:
    """Newcombe's interval and Fisher's test with its smaller tail doubled, segment by segment."""
    assert len(hillstrom) > 20
    for row in hillstrom.to_dict("records"):
        counts = (row["contacted_responders"], row["contacted"])
        others = (row["held_out_responders"], row["held_out"])
        low, high = confint_proportions_2indep(*counts, *others, method="newcomb", compare="diff")
        assert (row["effect_low"], row["effect_high"]) == pytest.approx((low, high), abs=1e-9)
        table = [[a, b - a] for a, b in (counts, others)]
        tails = [fisher_exact(table, one)[1] for one in ("less", "greater")]
        assert row["p_value"] == pytest.approx(min(1, 2 * min(tails)), rel=0.02, abs=1e-12)
        assert row["p_value"] <= row["q_value"] + 1e-12


def test_effects_add_up_over_segments(hillstrom: pd.DataFrame) -> None:
    """Every customer is in one segment a level; too small ones are called so."""
    sizes = hillstrom.groupby(["audience", "outcome", "level"])["contacted"].sum().unstack()
    assert (sizes[0] == sizes[1]).all()
    narrow = hillstrom[hillstrom["verdict"] != "too_few"]
    assert ((narrow["effect_high"] - narrow["effect_low"]) / 2 <= 0.10).all()
    adds = hillstrom[hillstrom["verdict"] == "adds"]
    assert (adds["effect_low"] > 0).all() and (adds["q_value"] <= 0.05).all()
