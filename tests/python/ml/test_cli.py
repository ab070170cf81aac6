"""The command line: a JSON line on stdout, one clear line on stderr, the agreed exit codes."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ml.candidates.logistic import Logistic
from ml.cli import main
from tests.support.factory import execute, predict
from tests.support.ml_factory import LABEL, RELATION, TASK, project
from tests.support.overviews import build_overviews
from warehouse.settings import Settings

QUICK = ["--folds", "2", "--repeats", "1"]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project that the environment points at, with one quick candidate."""
    monkeypatch.setattr("ml.evaluation.candidates.USUAL", (Logistic(),))
    monkeypatch.setattr(Logistic, "grid", Logistic.grid[1:3])
    found = project(tmp_path)
    for name in ("manifest", "warehouse", "artifacts", "serving", "lock_timeout"):
        monkeypatch.setenv(f"NUMEROSITY_{name.upper()}", str(getattr(found, name)))
    return found


def last_line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The JSON object that ends stdout."""
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_evaluate_shows_every_candidate_and_the_base_rate(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """People read the table, programs the last line, and nothing is written."""
    before = settings.warehouse.read_bytes()
    assert main(["evaluate", "--task", TASK, *QUICK]) == 0
    out = capsys.readouterr().out
    assert "logistic regression" in out
    assert "base rate alone" in out
    facts = json.loads(out.splitlines()[-1])
    assert facts["protocol"] == "2-fold stratified CV, duplicates in one fold"
    assert 0.5 < facts["candidates"][0]["roc_auc"] < 1
    assert settings.warehouse.read_bytes() == before


def test_train_then_summary(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The last line of training and the summary have the same figures."""
    assert main(["train", *QUICK]) == 0
    (trained,) = last_line(capsys)["trained"]
    build_overviews(settings.warehouse, TASK)
    assert main(["summary"]) == 0
    (model,) = last_line(capsys)["models"]
    assert model["model_version"] == trained["model_version"]
    assert model["roc_auc"] == trained["metrics"]["roc_auc"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--task", "visitor_purchase"], 2, f"the tasks are {TASK}"),
        (["train", "--fold", "3"], 2, "No such option: --fold"),
        (["evaluate"], 2, "Missing option '--task'"),
        (
            ["evaluate", "--task", TASK, "--without", "wbe"],
            2,
            "no group of features wbe: it has web",
        ),
        (["train", "--without", "web"], 2, "--without needs --task"),
        (["learn"], 2, "No such command 'learn'"),
        (["train", "--manifest", "nowhere.json"], 3, "run dbt build"),
        (["train", "--warehouse", "nowhere.duckdb"], 3, "run dbt build"),
        (["summary", "--warehouse", "nowhere.duckdb"], 3, "run dbt build"),
        (["evaluate", "--task", TASK, "--folds", "200"], 3, "200 folds need at least 200"),
    ],
)
def test_what_went_wrong_is_one_line_and_an_exit_code(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """On stderr for people, and in the JSON line for programs."""
    assert main(arguments) == code
    captured = capsys.readouterr()
    (line,) = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert json.loads(captured.out.splitlines()[-1])["exit_code"] == code


def test_an_invalid_label_ends_training_with_code_3(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wrong data stops the training of all tasks."""
    execute(
        settings.warehouse,
        f"alter table {RELATION} alter {LABEL} type integer",
        f"update {RELATION} set {LABEL} = 5 where visitor_id = 'v00003'",
    )
    assert main(["train", *QUICK]) == 3
    assert f"label {LABEL} is '5' in 1 rows" in capsys.readouterr().err


def test_a_locked_warehouse_ends_with_code_5(settings: Settings) -> None:
    """After the timeout, and without any part of a model."""
    import subprocess
    import sys

    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(settings.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert main(["train", *QUICK]) == 5
        holder.communicate(b"\n")
    assert not settings.artifacts.exists()


def test_an_unexpected_error_is_still_one_line(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It contains the type; a traceback is shown only with the log level debug."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr("ml.report.summary.summarise", fail)
    assert main(["summary"]) == 1
    assert capsys.readouterr().err == "error: ZeroDivisionError: a b\n"
    monkeypatch.setenv("NUMEROSITY_LOG_LEVEL", "debug")
    assert main(["summary"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_synthesize_writes_a_shop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rows of each table are on the last line."""
    assert main(["synthesize", "--customers", "50", "--seed", "1", "--out", str(tmp_path)]) == 0
    facts = last_line(capsys)
    assert facts["rows"]["customers"] >= 50
    assert list(tmp_path.rglob("customers.parquet"))


def fill(path: Path) -> None:
    """Write a few rows of each table that dbt and scoring leave in a warehouse."""
    with duckdb.connect(str(path)) as connection:
        for statement in (
            "create schema monitoring; create schema segments; create schema predictions",
            f"insert into registry.models (task, model_version, candidate, status)"
            f" values ('{TASK}', 'm1', 'glass_box', 'champion')",
            "create table monitoring.monitor_reconciliation as select * from (values"
            " ('sample', 'orders', 110, 100, 7, 3), ('sample', 'customers', 55, 50, 4, 1))"
            " t(source_name, table_name, raw_rows, clean_rows, quarantined_rows, duplicate_rows)",
            "create table segments.public_micro_segments as"
            " select 's' || i as segment_id, 'segment ' || i as segment_name, 2 as level,"
            " 'everyone' as parent_segment_id, date '2025-05-01' as as_of_date,"
            " 'has_purchase_30d' as outcome, i * 100 as customers, i * i as buyers,"
            " i / 100.0 as rate, i / 200.0 as wilson_low, 0.2 as wilson_high,"
            " case when i % 2 = 0 then 'reliable' else 'too_few' end as verdict,"
            " case when i % 2 = 0 then 7 - i // 2 end as reliable_rank"
            " from range(1, 13) r(i)",
            "insert into segments.public_micro_segments values"
            " ('everyone', 'everyone', 0, 'everyone', '2025-05-01', 'has_purchase_30d', 9999, 1,"
            " 0.5, 0, 1, 'reliable', null), ('everyone', 'everyone', 0, 'everyone', '2025-06-01',"
            " 'has_purchase_7d', 9999, 1, 0.5, 0, 1, 'reliable', null), ('s99', 'segment 99', 2,"
            " 'everyone', '2025-04-01', 'has_purchase_30d', 9999, 1, 0.5, 0, 1, 'reliable', 1),"
            " ('s98', 'segment of parts', 1, 'everyone', '2025-05-01', 'has_purchase_30d', 9999, 1,"
            " 0.5, 0, 1, 'too_few', null)",
            "update segments.public_micro_segments set parent_segment_id = 's98' where level = 2",
            "create table segments.purchase_rate_change as select * from (values"
            " ('has_purchase_30d', 1, date '2025-05-01', 0.013, 'reliable'),"
            " ('has_purchase_30d', 2, date '2025-05-01', 0.024, 'reliable'),"
            " ('has_purchase_30d', 3, date '2025-05-01', 0.035, 'too_few'),"
            " ('has_purchase_7d', 2, date '2025-06-01', 0.046, 'reliable'))"
            " t(outcome, level, to_as_of_date, change, verdict),"
            " (select date '2025-04-01' as from_as_of_date, 0.2 as rate_before, 0.3 as rate_after,"
            " -0.1 as change_low, 0.2 as change_high, 0.0 as mix_effect, 0.0 as rate_effect)",
            f"create table predictions.customer_predictions as select '{TASK}' as task,"
            " 'Ada ' || i as full_name, i / 10.0 as probability,"
            " 'visit_count_90d' as reason_1, null::varchar as reason_2 from range(9) r(i)",
        ):
            connection.execute(statement)
    predict(path, "values ('a', 0.5), ('b', 0.25)", task=TASK, as_of_date="2025-05-01")
    predict(path, "values ('a', 0.75)", task=TASK, as_of_date="2025-04-01", run_id="r0")
    build_overviews(path, TASK)


def test_the_summary_says_what_is_in_the_warehouse(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counts of raw rows, the most important segments, and the most likely customers by name."""
    fill(settings.warehouse)
    assert main(["summary"]) == 0
    out = capsys.readouterr().out
    facts = json.loads(out.splitlines()[-1])
    rows = [facts[f"{kind}_rows"] for kind in ("raw", "clean", "quarantined", "duplicate")]
    assert rows == [165, 150, 11, 4]
    assert facts["segments"]["largest"] == [f"segment {i}" for i in (12, 11, 10, 9, 8)]
    assert facts["headline"] == {
        "outcome": "has_purchase_30d",
        "outcome_title": "purchase within 30 days",
        "as_of_date": "2025-05-01",
        "segments": 13,
        "reliable": 6,
        "borderline": 0,
        "too_few": 7,
    }
    line = "purchase within 30 days, as of 2025-05-01: 6 of 13 micro-segments are reliable"
    assert line in out
    best = facts["segments"]["best of the reliable"]
    assert best == [f"segment {i}" for i in (12, 10, 8, 6, 4)]
    (written,) = facts["predictions"]
    assert (written["rows"], written["expected_buyers"]) == (2, 0.75)
    assert "Ada 8" in out
    assert "Ada 3" not in out
    assert "visit count 90d" in out  # the feature's label, not its name
    assert "everyone" not in out
    assert "+2.4 (-10.0 to +20.0)" in out  # of 30 days, at the finest level that is reliable
    assert not [points for points in ("+1.3", "+3.5", "+4.6") if points in out]


def test_the_summary_of_an_empty_warehouse_says_what_to_run(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A source with sessions only leaves whole tables empty; a fresh clone has none of them."""
    assert main(["summary"]) == 0
    assert "run python -m ml train" in capsys.readouterr().out
    fill(settings.warehouse)
    execute(
        settings.warehouse,
        "delete from monitoring.monitor_reconciliation",
        "delete from segments.public_micro_segments",
        "delete from predictions.customer_predictions",
        "update scoring.scores set probability = null",
    )
    build_overviews(settings.warehouse, TASK)
    assert main(["summary"]) == 0


def test_a_name_is_never_read_as_markup(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A customer called [red] is printed as that."""
    fill(settings.warehouse)
    execute(
        settings.warehouse,
        "update predictions.customer_predictions set full_name = '[red]x[/]', reason_1 = '[b]'",
    )
    assert main(["summary"]) == 0
    out = capsys.readouterr().out
    assert "[red]x[/]" in out
    assert "[b]" in out
