"""Apache Superset itself: what it is asked for, what it shows, and that it is in nobody's way."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
import yaml

from scoring.publish import publish
from tests.support import factory
from tests.support.bi_assets import SUPERSET, assets, charts_of, publish_to
from tests.support.shops import Shop
from warehouse.settings import PROJECT_ROOT, Settings

PYTHON = PROJECT_ROOT / ".venv-bi" / "bin" / "python"
BROWSER = PROJECT_ROOT / "tests" / "support" / "bi_browser.py"
PICTURES = PROJECT_ROOT / "data" / "test" / "bi"
SET_UP, STARTED = 900, 300  # seconds to wait at most
NEEDS_LABELS = {"Realised AUC by date, with its 95 % interval", "Expected and actual buyers"}

pytestmark = [
    pytest.mark.bi,
    pytest.mark.skipif(
        not (PROJECT_ROOT / ".venv-bi" / "installed").exists(),
        reason="Apache Superset is not installed: make bi-setup",
    ),
]


@dataclass(frozen=True)
class Superset:
    """A running server, and what it reads."""

    address: str
    process: subprocess.Popen[bytes]
    password: str
    client: httpx.Client
    numbers: dict[str, int]  # of the datasets, by name
    settings: Settings

    def ask(self, dataset: str, **query: Any) -> list[dict[str, Any]]:
        """Rows of a dataset, through the REST API."""
        source = {"id": self.numbers[dataset], "type": "table"}
        asked = {"datasource": source, "queries": [query], "result_format": "json"}
        answer = self.client.post("/api/v1/chart/data", json=asked)
        assert answer.status_code == 200, f"{dataset}: {answer.text[:500]}"
        rows: list[dict[str, Any]] = answer.json()["result"][0]["data"]
        return rows

    def expected_buyers(self) -> float:
        """A figure that a publication changes."""
        return float(
            self.ask("customer_predictions", metrics=["expected_buyers"])[0]["expected_buyers"]
        )

    def browser(self, what: str, *arguments: str) -> list[str]:
        """The command that looks at dashboards."""
        who = [self.address, "admin", self.password]
        return [str(PYTHON), str(BROWSER), what, *who, *arguments]


@pytest.fixture(scope="module")
def superset(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    """Set up from nothing and started on a free port; ended by its process id."""
    folder = tmp_path_factory.mktemp("superset")
    settings = publish_to(folder / "serving.duckdb", shop.workspace)
    home = folder / "home"
    environment = os.environ | {
        "NUMEROSITY_SERVING": str(settings.serving),
        "NUMEROSITY_BI": str(home),
    }
    start = [str(PYTHON), str(SUPERSET / "start.py")]
    done = subprocess.run(
        [*start, "set-up"], env=environment, capture_output=True, text=True, timeout=SET_UP
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*start, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log
        )
    try:
        password = (home / "admin_password").read_text(encoding="utf-8")
        address = f"http://127.0.0.1:{port}"
        client = _logged_in(address, password, process)
        listed = client.get("/api/v1/dataset/", params={"q": "(page_size:100)"}).json()["result"]
        numbers = {each["table_name"]: each["id"] for each in listed}
        yield Superset(address, process, password, client, numbers, settings)
    finally:
        process.terminate()
        process.wait(30)


def _logged_in(address: str, password: str, process: subprocess.Popen[bytes]) -> httpx.Client:
    client = httpx.Client(base_url=address, timeout=120)
    until = time.monotonic() + STARTED
    while True:
        assert process.poll() is None, "Superset has ended"
        try:
            if client.get("/health").status_code == 200:
                break
        except httpx.TransportError:
            assert time.monotonic() < until, "Superset does not answer"
        time.sleep(0.5)
    who = {"username": "admin", "password": password, "provider": "db"}
    token = client.post("/api/v1/security/login", json=who).json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    asked = client.get("/api/v1/security/csrf_token/").json()["result"]
    client.headers.update({"X-CSRFToken": asked, "Referer": address})
    return client


def test_every_dataset_answers(superset: Superset) -> None:
    """All columns, and each metric, through the REST API."""
    whole = assets().contents(superset.settings.serving)
    for name, text in whole.items():
        if name.startswith("datasets/"):
            dataset = yaml.safe_load(text)
            columns = [each["column_name"] for each in dataset["columns"]]
            rows = superset.ask(dataset["table_name"], columns=columns, row_limit=5)
            assert rows or dataset["table_name"] == "task_performance"
            metrics = [each["metric_name"] for each in dataset["metrics"]]
            (row,) = superset.ask(dataset["table_name"], metrics=metrics)
            assert set(row) == set(metrics)


def test_every_dashboard_is_drawn_without_an_error(superset: Superset) -> None:
    """In Chromium: all charts there, none with an error, nothing from other machines."""
    dashboards = {
        asset["slug"]: asset
        for name, asset in assets().read().items()
        if name.startswith("dashboards/")
    }
    PICTURES.mkdir(parents=True, exist_ok=True)
    looked = subprocess.run(
        superset.browser("look", str(PICTURES), *dashboards), capture_output=True, text=True
    )
    assert looked.returncode == 0, looked.stderr[-2000:]
    seen = json.loads(looked.stdout)
    assert seen["outside"] == []
    for slug, dashboard in dashboards.items():
        said = seen["dashboards"][slug]
        assert said["errors"] == []
        assert said["charts"] == len(charts_of(dashboard))
        assert "Unexpected error" not in said["text"]
        assert "Data error" not in said["text"]
        assert set(said["empty"]) <= NEEDS_LABELS, slug  # no date that was scored has matured yet
        assert (PICTURES / f"{slug}.png").stat().st_size > 50_000


def test_a_new_publication_shows_while_others_keep_asking(superset: Superset, shop: Shop) -> None:
    """Publishing is not blocked by queries under way, and the next query tells the new figures.

    An open dashboard follows by itself.
    """
    before = superset.expected_buyers()
    folder = superset.settings.serving.parent
    shutil.copy(shop.workspace.warehouse, folder)
    again = superset.settings.model_copy(update={"warehouse": folder / "warehouse.duckdb"})
    factory.execute(
        again.warehouse, "update predictions.customer_predictions set probability = probability / 2"
    )
    ended = Event()

    def keep_asking() -> int:
        asked = 0
        while not ended.is_set():
            superset.ask("customer_reasons", columns=["reason"], metrics=["customers"])
            asked += 1
        return asked

    watched = subprocess.Popen(
        superset.browser("watch", "who-will-buy"), stdout=subprocess.PIPE, text=True
    )
    assert watched.stdout is not None
    assert watched.stdout.readline().strip() == "open"
    with ThreadPoolExecutor(3) as pool:
        askers = [pool.submit(keep_asking) for _ in range(3)]
        try:
            done = publish(again, force=True, progress=False)
            after = superset.expected_buyers()
        finally:
            ended.set()
    assert done.status == "done"
    assert after == pytest.approx(before / 2)
    assert sum(each.result() for each in askers) > 0
    seconds, _ = watched.communicate(timeout=300)
    assert watched.returncode == 0
    assert float(seconds) > 0


def test_superset_holds_neither_the_warehouse_nor_a_publication(superset: Superset) -> None:
    """Between queries no DuckDB file is open, so that whoever scores or publishes never waits."""
    superset.expected_buyers()
    pids = [superset.process.pid, *_children(superset.process.pid)]
    opened = {
        os.readlink(handle)
        for pid in pids
        for handle in Path(f"/proc/{pid}/fd").iterdir()
        if handle.is_symlink()
    }
    assert len(pids) > 1
    assert not [path for path in opened if "duckdb" in path]


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in found]


def test_the_database_can_be_read_and_nothing_else(superset: Superset) -> None:
    """Somebody who may write SQL cannot change what is served, nor read other files."""
    number = superset.client.get("/api/v1/database/").json()["result"][0]["id"]
    secret = superset.settings.serving.parent / "home" / "secret_key"
    control = {"database_id": number, "sql": "select 1 as one", "runAsync": False}
    assert superset.client.post("/api/v1/sqllab/execute/", json=control).status_code == 200
    for statement in (
        "delete from publication",
        f"select * from read_csv('{secret}')",
        "attach '/tmp/other.duckdb' as other",
        "set enable_external_access = true",
    ):
        asked = {"database_id": number, "sql": statement, "runAsync": False}
        answer = superset.client.post("/api/v1/sqllab/execute/", json=asked)
        assert answer.status_code != 200, statement


def test_what_superset_keeps_is_its_owners(superset: Superset) -> None:
    """The key that signs sessions, the password, the users."""
    home = superset.settings.serving.parent / "home"
    for name in ("secret_key", "admin_password", "superset.db"):
        assert (home / name).stat().st_mode & 0o077 == 0
    assert httpx.get(f"{superset.address}/api/v1/dataset/").status_code == 401


def test_without_a_publication_it_says_what_to_do(tmp_path: Path) -> None:
    """One line, before anything is set up."""
    nowhere = {"NUMEROSITY_SERVING": str(tmp_path / "none.duckdb"), "NUMEROSITY_BI": str(tmp_path)}
    done = subprocess.run(
        [str(PYTHON), str(SUPERSET / "start.py"), "set-up"],
        env=os.environ | nowhere,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line == f"{tmp_path / 'none.duckdb'} does not exist: run make demo or make publish first"
