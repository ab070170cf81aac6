"""What `python -m scoring status` says, and the exit code a scheduler acts on."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from scoring.cli import main
from tests.support import factory


def row(status: str, subject: str, rank: int, day: str = "2026-01-08") -> tuple[Any, ...]:
    about = "volume", "source", subject, day, day, 1.0, None, None, 0.1, 0.2, 0.4, status
    return (*about, f"{subject} is {status}", "Number of rows", rank)


def checks(path: Path, *rows: tuple[Any, ...]) -> list[str]:
    """A warehouse with these checks; the arguments that name it."""
    with duckdb.connect(str(path / "warehouse.duckdb")) as connection:
        connection.execute("create schema monitoring")
        connection.execute(f"create table monitoring.monitoring_checks ({factory.CHECK_COLUMNS})")
        for one in rows:
            marks = ", ".join("?" * len(one))
            connection.execute(f"insert into monitoring.monitoring_checks values ({marks})", one)
    return ["status", "--warehouse", str(path / "warehouse.duckdb")]


def test_the_worst_comes_first_and_a_failure_ends_with_three(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the newest run only; each is named in words."""
    given = checks(
        tmp_path,
        row("warn", "a.orders", 3),
        row("fail", "b.orders", 2),
        row("fail", "c.orders", 1),
        row("ok", "d.orders", 4),
        row("fail", "e.orders", 1, day="2026-01-01"),
    )
    assert main(given) == 3
    *page, line = capsys.readouterr().out.splitlines()
    said = json.loads(line)
    assert [one["subject"] for one in said["checks"]] == ["c.orders", "b.orders", "a.orders"]
    assert (said["status"], said["exit_code"]) == ("fail", 3)
    assert [said[f"checks_{name}"] for name in ("fail", "warn", "ok")] == [2, 1, 1]
    shown = "\n".join(page)
    assert shown.index("c.orders is fail") < shown.index("b.orders is fail")
    assert "Number of rows" in shown and said["checks"][0]["check_name"] == "volume"
    assert "e.orders" not in shown and "2 failed, 1 to look at, 1 ok" in shown


def test_a_night_before_the_newest_is_asked_for_by_its_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After an older data set was built, too; a date without checks is an error."""
    given = checks(tmp_path, row("ok", "a.orders", 1), row("fail", "b.orders", 1, day="2026-01-01"))
    assert main([*given, "--as-of", "2026-01-01"]) == 3
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (said["as_of_date"], said["checks_fail"]) == ("2026-01-01", 1)
    assert main(given) == 0
    assert main([*given, "--as-of", "2026-01-02"]) == 3
    assert "no checks of 2026-01-02" in capsys.readouterr().err


def test_a_warning_is_for_people_and_ends_with_zero(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --json the line stands alone."""
    assert main([*checks(tmp_path, row("warn", "a.orders", 1)), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["status"] == "warn"


def test_what_is_not_applicable_is_counted_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is neither listed nor a reason to stop, and the status is that of the other checks."""
    given = checks(tmp_path, row("ok", "a.orders", 1), row("not_applicable", "b.orders", 2))
    assert main(given) == 0
    shown, line = capsys.readouterr().out.splitlines()
    assert shown.endswith("0 failed, 0 to look at, 1 ok, 1 not applicable")
    said = json.loads(line)
    assert (said["status"], said["checks_ok"], said["checks_not_applicable"]) == ("ok", 1, 1)


def test_nothing_to_say_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(checks(tmp_path, row("ok", "a.orders", 1))) == 0
    assert "0 failed, 0 to look at, 1 ok" in capsys.readouterr().out


def test_checks_of_spark_are_read_without_java(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the files of its newest day, with the same words and exit code as in the warehouse."""
    given = checks(
        tmp_path,
        row("fail", "b.orders", 1),
        row("warn", "a.orders", 2),
        row("fail", "e.orders", 1, day="2026-01-01"),
    )
    assert main(given) == 3
    of_warehouse = capsys.readouterr().out
    tables = tmp_path / "spark" / "tables" / "monitoring.db"
    tables.mkdir(parents=True)
    with duckdb.connect(given[-1]) as connection:
        connection.execute(
            f"copy monitoring.monitoring_checks to '{tables / 'monitoring_checks'}'"
            " (format parquet, partition_by (as_of_date))"
        )
    Path(given[-1]).unlink()
    monkeypatch.setenv("NUMEROSITY_SPARK_WAREHOUSE", str(tmp_path / "spark"))
    monkeypatch.setenv("PATH", "")
    assert main(["status", "--engine", "spark"]) == 3
    assert capsys.readouterr().out == of_warehouse
    monkeypatch.setenv("NUMEROSITY_SPARK_WAREHOUSE", str(tmp_path / "elsewhere"))
    assert main(["status", "--engine", "spark"]) == 3
    assert "run dbt build --target spark" in capsys.readouterr().err


def test_without_checks_it_says_what_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An empty table, no table, no warehouse: one clear line and 3, never 0."""
    assert main(checks(tmp_path)) == 3
    assert "run dbt build" in capsys.readouterr().err
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("drop table monitoring.monitoring_checks")
    assert main(["status", "--warehouse", str(tmp_path / "warehouse.duckdb")]) == 3
    assert "run dbt build" in capsys.readouterr().err
    assert main(["status", "--warehouse", str(tmp_path / "nowhere.duckdb")]) == 3
