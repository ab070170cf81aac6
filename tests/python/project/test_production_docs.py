"""docs/production.md: its files are well formed, its commands exist, its tables are complete."""

import ast
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.support import readme
from tests.support.factory import execute
from tests.support.readme import command_line, unknown_words
from tests.support.unknown import say_unknown
from warehouse.nights import MOST, due_dates, last_nights
from warehouse.settings import PROJECT_ROOT, Settings

PAGE = (PROJECT_ROOT / "docs" / "production.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
NOW = "2026-01-08T03:15:00"


def steps(*dates: str, **variables: object) -> list[str]:
    """The commands of a run with these dates."""
    of_dates = [
        command
        for date in dates
        for given in [json.dumps(variables | {"as_of_date": date})]
        for command in (
            f"dbt build --selector before_scoring --vars {given}",
            f"python -m scoring run --as-of {date} --json-logs",
            f"dbt build --selector after_scoring --vars {given}",
        )
    ]
    status = f"python -m scoring status --as-of {dates[-1]}"
    return [*of_dates, "python -m scoring publish", status]


NIGHT = steps("2026-01-08")


def night(
    folder: Path, *given: str, failing: str = "", code: int = 0, **environment: str
) -> tuple[int, list[str], str]:
    """bin/nightly with programs that only note how they were called, one of them failing.

    Only the dates are the real ones, of the warehouse in the folder.
    """
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (folder / "called").touch()
    (folder / "bin").mkdir()
    script = Path(shutil.copy(PROJECT_ROOT / "bin" / "nightly", folder / "bin"))
    for name in ("dbt", "python"):
        (programs / name).write_text(
            "#!/bin/sh\n"
            'case "$*" in "-m warehouse.nights"*)'
            f' cd {PROJECT_ROOT}; exec {sys.executable} "$@";; esac\n'
            f'echo "{name} $*" >> "{folder}/called"\n'
            f"case \"{name} $*\" in '{failing or 'nothing'}'*) exit {code};; esac\n"
        )
        (programs / name).chmod(0o755)
    given = given or ("--now", NOW)
    warehouse = {"NUMEROSITY_WAREHOUSE": str(folder / "warehouse.duckdb")}
    own = {"PATH": os.environ["PATH"]} | warehouse | environment
    done = subprocess.run([script, *given], cwd="/", env=own, capture_output=True, text=True)
    return done.returncode, (folder / "called").read_text().splitlines(), done.stderr


def last_night(folder: Path, day: str) -> None:
    """A warehouse that was built up to this day, of a shop whose calendar has a date in 28 days."""
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        for schema in ("intermediate", "monitoring"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table intermediate.int_as_of_dates_scheduled as select 'sample' as source_name,"
            f" date '{day}' - n::int as as_of_date from range(3) t(n)"
        )
        connection.execute(
            "create table monitoring.monitoring_checks as"
            f" select date '{day}' - 1 as as_of_date union all select date '{day}'"
        )


def test_a_night_is_five_commands_in_order(tmp_path: Path) -> None:
    """From any folder; the date is that of the clock; variables go to dbt."""
    code, called, _ = night(tmp_path, "--now", NOW, "--vars", "{k: 20}")
    assert code == 0
    assert called == steps("2026-01-08", k=20)


@pytest.mark.parametrize(
    ("zone", "date"),
    [("", "2026-01-08"), ("America/New_York", "2026-01-07"), ("Asia/Tokyo", "2026-01-08")],
)
def test_the_time_zone_moves_the_date(tmp_path: Path, zone: str, date: str) -> None:
    assert night(tmp_path, NUMEROSITY_TIME_ZONE=zone)[:2] == (0, steps(date))


def test_the_clock_is_that_of_the_machine(tmp_path: Path) -> None:
    """Without a moment of the test; midnight may pass meanwhile."""
    before = datetime.now(UTC).date()
    code, called, _ = night(tmp_path, "--vars", "{}")
    assert code == 0
    assert called in (steps(str(before)), steps(str(datetime.now(UTC).date())))


def test_an_unknown_time_zone_is_one_line(tmp_path: Path) -> None:
    code, called, said = night(tmp_path, NUMEROSITY_TIME_ZONE="Mars/Phobos")
    assert (code, called, said.count("\n")) == (2, [], 1)
    assert said.startswith("error: NUMEROSITY_TIME_ZONE is 'Mars/Phobos': no such time zone")


def test_dates_that_were_missed_come_first(tmp_path: Path) -> None:
    """In order, each built and scored; published once; what is left out is said."""
    last_night(tmp_path, "2025-11-10")
    code, called, said = night(tmp_path)
    assert code == 0
    assert called == steps("2025-12-08", "2026-01-05", "2026-01-08")
    assert "no night since 2025-11-10: made up are the dates 2025-12-08, 2026-01-05" in said
    assert "56 days are left out" in said


@pytest.mark.parametrize("day", ["2026-01-07", "2026-01-08", "2026-02-01"])
def test_without_a_gap_there_is_one_date(tmp_path: Path, day: str) -> None:
    """After the night before, a second time, and with a warehouse that is ahead."""
    last_night(tmp_path, day)
    assert night(tmp_path) == (0, NIGHT, "")


def test_a_night_that_did_not_end_is_made_up(tmp_path: Path) -> None:
    """Of a daily calendar: its features may be there, its checks are not."""
    last_night(tmp_path, "2026-01-06")
    execute(
        tmp_path / "warehouse.duckdb",
        "insert into intermediate.int_as_of_dates_scheduled values ('sample', '2026-01-07')",
    )
    last = last_nights(Settings(warehouse=tmp_path / "warehouse.duckdb"), ["sample"])
    assert last == {"sample": date(2026, 1, 6)}
    days = [date(2026, 1, number) for number in (7, 8)]
    assert due_dates(last, days[1], {"sample": 1}) == days


def test_a_long_gap_is_not_made_up_whole() -> None:
    """The newest dates are, with today."""
    found = due_dates({"sample": date(2020, 1, 1)}, date(2026, 1, 8), {"sample": 1})
    assert found == [date(2026, 1, 8) - timedelta(days=MOST - 1 - n) for n in range(MOST)]


def test_a_given_date_is_the_only_one(tmp_path: Path) -> None:
    """Also after a gap, and as a variable of dbt."""
    last_night(tmp_path, "2025-11-10")
    code, called, _ = night(tmp_path, "--as-of", "2025-11-09")
    assert (code, called) == (0, steps("2025-11-09"))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (["--as-of", "tomorrow"], "error: --as-of 'tomorrow' is not a date"),
        (["--vars", "k"], "error: --vars 'k' is not a YAML dictionary"),
        (["--full-refresh"], "error: No such option: --full-refresh"),
    ],
)
def test_wrong_arguments_are_one_line(tmp_path: Path, given: list[str], line: str) -> None:
    code, called, said = night(tmp_path, *given)
    assert (code, called, said.count("\n")) == (2, [], 1)
    assert said.startswith(line)


@pytest.mark.parametrize("place", range(len(NIGHT)))
def test_a_night_ends_where_something_fails_with_its_code(tmp_path: Path, place: int) -> None:
    """Nothing is scored on data that failed, nothing published of scores that failed."""
    code, called, _ = night(tmp_path, failing=NIGHT[place], code=4)
    assert code == 4
    assert called == NIGHT[: place + 1]


def test_the_page_tells_the_steps_of_the_script() -> None:
    rows = [line.split("`")[1] for line in PAGE.splitlines() if re.match(r"\| [a-z ]+ \| `", line)]
    commands = [re.sub(" --vars .*| --json-logs", "", command) for command in steps("DATE")]
    assert rows[:5] == commands


@pytest.mark.parametrize(
    "command", sorted(set(re.findall(r"`?(python -m (?:ml|scoring|bench) [^`\n|']*)", PAGE)))
)
def test_every_command_exists(command: str) -> None:
    """With its options."""
    _, _, module, *words = readme.words(command.split("#")[0].split(">>")[0])
    assert unknown_words(command_line(module), words) == []


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".py")])
def test_python_files_can_be_read(name: str) -> None:
    assert ast.get_docstring(ast.parse(FILES[name]))


def test_every_schedule_is_one() -> None:
    """Five fields for cron, an operator's quotes closed; YAML that says one at a time."""
    lines = [line for line in FILES["crontab"].splitlines() if not re.match(r"[A-Z_]+=", line)]
    assert all(re.match(r"(\S+\s+){5}flock .*retrain|(\S+\s+){5}flock -n", line) for line in lines)
    assert yaml.safe_load(FILES["dagster.yaml"])["concurrency"]["pools"]["default_limit"] == 1


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_knows_the_units(tmp_path: Path) -> None:
    """Verified by systemd itself, but for the path of the project."""
    for name, text in FILES.items():
        if "/systemd/" in name:
            text = text.replace("/srv/numerosity/bin/nightly", "/bin/true")
            (tmp_path / Path(name).name).write_text(text.replace("User=numerosity\n", ""))
    units = sorted(map(str, tmp_path.iterdir()))
    assert len(units) == 2
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert said == []
    assert done.returncode == 0, done.stderr


def test_the_page_lists_every_check() -> None:
    """Every check it lists is one of the seed; those it leaves out are named."""
    with (PROJECT_ROOT / "seeds" / "monitoring_thresholds.csv").open() as seed:
        checks = {row["check_name"] for row in csv.DictReader(seed)}
    table = PAGE[PAGE.index("| check | measured for |") : PAGE.index("The reference is what")]
    told = {
        name
        for line in table.strip().splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert told <= checks
    say_unknown("docs/production.md", checks - told)


def test_the_project_lists_every_exposure_it_serves() -> None:
    """What dbt's lineage ends in; each with an owner and what it is for."""
    exposures = yaml.safe_load((PROJECT_ROOT / "models" / "_exposures.yml").read_text())
    assert len(exposures["exposures"]) >= 5
    for exposure in exposures["exposures"]:
        assert exposure["owner"]["name"] and exposure["description"] and exposure["depends_on"]
