"""The command line as a scheduler sees it: exit codes, one JSON line, logs elsewhere."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scoring.bundle import MANIFEST_FILE, MODEL_FILE
from scoring.cli import main
from tests.support import factory
from tests.support.manifests import write_manifest
from warehouse.settings import PROJECT_ROOT, load_settings


@dataclass(frozen=True)
class Done:
    """A finished command: its exit code, its last stdout line, its stderr."""

    code: int
    said: dict[str, Any]
    stderr: str


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse with a champion, found through the environment."""
    for name in [name for name in os.environ if name.startswith("NUMEROSITY_")]:
        monkeypatch.delenv(name)
    path = factory.warehouse(tmp_path / "warehouse.duckdb")
    factory.register(path, factory.bundle(tmp_path / "artifacts"))
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(path))
    monkeypatch.setenv("NUMEROSITY_ARTIFACTS", str(tmp_path / "artifacts"))
    manifest = write_manifest(tmp_path / "target" / "manifest.json")
    monkeypatch.setenv("NUMEROSITY_MANIFEST", str(manifest))
    monkeypatch.setenv("NUMEROSITY_LOCK_TIMEOUT", "0.2")
    return tmp_path


def scoring(*arguments: str) -> Done:
    """`python -m scoring …` in its own process; its exit code is also in its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "scoring", *arguments],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    (line,) = done.stdout.splitlines()
    said = json.loads(line)
    assert said["exit_code"] == done.returncode
    assert (said["error"] is None) == (done.returncode == 0)
    if done.returncode:
        assert said["status"] == "failed"
        assert f"{said['error']}" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    return Done(done.returncode, said, done.stderr)


def test_options_without_a_command_are_those_of_run(home: Path) -> None:
    """`python -m scoring --dry-run` is short for `python -m scoring run --dry-run`."""
    assert scoring("--dry-run").said["status"] == "dry_run"


def test_done_then_already_done(home: Path) -> None:
    """Without a command it runs; a second time there is nothing to do; both are a success."""
    first = scoring()
    assert (first.code, first.said["status"]) == (0, "done")
    (task,) = first.said["tasks"]
    assert (task["task"], task["as_of_date"]) == (factory.TASK, "2026-05-01")
    assert (task["rows_scored"], task["rows_unscorable"]) == (50, 0)
    assert factory.rows(home / "warehouse.duckdb", "select distinct run_id from scoring.runs") == [
        (task["run_id"],)
    ]
    again = scoring("run", "--json-logs")
    assert (again.code, again.said["status"]) == (0, "already_done")
    assert again.said["tasks"][0]["run_id"] == task["run_id"]
    assert [json.loads(line)["event"] for line in again.stderr.splitlines()] == ["already_done"]


def test_exit_2_for_what_is_said_wrongly(home: Path) -> None:
    """An unknown option, as every other mistake, ends in the JSON line."""
    wrong = scoring("run", "--nope")
    assert wrong.code == 2
    assert "--nope" in wrong.said["error"]


def test_exit_3_for_input(home: Path) -> None:
    """A feature whose type has changed."""
    factory.execute(
        home / "warehouse.duckdb",
        f"alter table {factory.RELATION} alter order_count_90d type double",
    )
    assert scoring("run").code == 3


def test_exit_4_for_a_model_that_was_touched(home: Path) -> None:
    """One bit of the model."""
    (path,) = home.glob(f"artifacts/*/*/{MODEL_FILE}")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert scoring("run").code == 4


def test_exit_5_while_another_process_holds_the_warehouse(home: Path) -> None:
    """It waits, says who it is, and a dry run is locked out just the same; then it works."""
    path = home / "warehouse.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        locked = scoring("run")
        assert locked.code == 5
        assert f"process {holder.pid} still holds the warehouse" in locked.said["error"]
        assert scoring("run", "--dry-run").code == 5
        holder.communicate("\n")
    assert scoring("run").code == 0


def test_it_waits_for_the_lock(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that lets go in time costs nothing but the wait."""
    monkeypatch.setenv("NUMEROSITY_LOCK_TIMEOUT", "30")
    path = home / "warehouse.duckdb"
    code = f"import duckdb, time; c = duckdb.connect({str(path)!r}); print('held', flush=True)"
    with subprocess.Popen(
        [sys.executable, "-c", f"{code}; time.sleep(2)"], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert main(["run"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run", "--as-of", "31/05/2026"], 2, "--as-of '31/05/2026' is not a date"),
        (["run", "--as-of", "2026-02-30"], 2, "is not a date"),
        (["run", "--task", "nope"], 2, f"no task 'nope': the tasks are {factory.TASK}"),
        (["score"], 2, "No such command 'score'"),
        (["run", "--task"], 2, "--task"),
        (["run", "--as-of", "2020-01-01"], 3, "nearest are 2026-04-01"),
        (["run", "--warehouse", "nowhere.duckdb"], 3, "run dbt build first"),
        (["run", "--bundle", "nowhere"], 3, "no model bundle at"),
    ],
)
def test_one_clear_line_for_each_mistake(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """What is wrong and where, on stderr and in the JSON, and nothing is written."""
    before = (home / "warehouse.duckdb").read_bytes()
    assert main(arguments) == code
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert (said["status"], said["exit_code"]) == ("failed", code)
    assert message in said["error"]
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert (home / "warehouse.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOCK_TIMEOUT", "soon"), ("THREADS", "0"), ("MEMORY_LIMIT", "much"), ("LOG_LEVEL", "loud")],
)
def test_a_setting_that_makes_no_sense_is_named(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
) -> None:
    """The environment is checked before anything is opened."""
    monkeypatch.setenv(f"NUMEROSITY_{name}", value)
    assert main(["run"]) == 2
    assert f"NUMEROSITY_{name} is '{value}'" in json.loads(capsys.readouterr().out)["error"]


def test_relative_settings_are_below_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the command is called from."""
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", "some/where.duckdb")
    assert load_settings().warehouse == PROJECT_ROOT / "some/where.duckdb"
    monkeypatch.delenv("NUMEROSITY_WAREHOUSE")
    assert load_settings().warehouse == PROJECT_ROOT / "data/warehouse.duckdb"


def test_a_file_that_is_no_warehouse_is_the_users_mistake(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither unexpected nor locked."""
    path = home / "set lock on file.duckdb"
    path.write_bytes(b"no database" * 1000)
    assert main(["run", "--warehouse", str(path)]) == 3
    assert "cannot open the warehouse" in json.loads(capsys.readouterr().out)["error"]


def test_reordered_features_in_the_manifest_are_an_integrity_failure(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through --bundle as through the registry."""
    (path,) = home.glob(f"artifacts/*/*/{MANIFEST_FILE}")
    facts = json.loads(path.read_text())
    facts["features"].reverse()
    path.write_text(json.dumps(facts))
    assert main(["run"]) == 4
    assert main(["run", "--bundle", str(path.parent)]) == 4
    capsys.readouterr()


def test_what_nobody_expected_is_one_line_and_exit_1(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The traceback is for those who ask: NUMEROSITY_LOG_LEVEL=debug."""

    def fails(*_: object) -> None:
        raise RuntimeError("two\nlines")

    monkeypatch.setattr("scoring.cli.run_scoring", fails)
    assert main(["run"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["error"] == "RuntimeError: two lines"
    assert err == "error: RuntimeError: two lines\n"
    monkeypatch.setenv("NUMEROSITY_LOG_LEVEL", "debug")
    assert main(["run"]) == 1
    assert "Traceback" in capsys.readouterr().err
