"""docs/production.md: its files are well formed, its commands exist, its tables are complete."""

import ast
import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support import readme
from tests.support.readme import command_line, unknown_words
from tests.support.unknown import say_unknown
from warehouse.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "production.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
NIGHT = (
    "dbt build --selector before_scoring",
    "python -m scoring run --json-logs",
    "dbt build --selector after_scoring",
    "python -m scoring publish",
    "python -m scoring status",
)


def night(folder: Path, failing: str = "", code: int = 0, *given: str) -> tuple[int, list[str]]:
    """bin/nightly with programs that only note how they were called, one of them failing."""
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    (folder / "bin").mkdir()
    script = Path(shutil.copy(PROJECT_ROOT / "bin" / "nightly", folder / "bin"))
    for name in ("dbt", "python"):
        (programs / name).write_text(
            f'#!/bin/sh\necho "{name} $*" >> "{folder}/called"\n'
            f'case "{name} $*" in "{failing or "nothing"}"*) exit {code};; esac\n'
        )
        (programs / name).chmod(0o755)
    done = subprocess.run([script, *given], cwd="/", env={"PATH": os.environ["PATH"]})
    return done.returncode, (folder / "called").read_text().splitlines()


def test_a_night_is_five_commands_in_order(tmp_path: Path) -> None:
    """From any folder; what is given goes to dbt."""
    code, called = night(tmp_path, "", 0, "--vars", "{}")
    assert code == 0
    assert called == [
        f"{command} --vars {{}}" if command.startswith("dbt") else command for command in NIGHT
    ]


@pytest.mark.parametrize("place", range(len(NIGHT)))
def test_a_night_ends_where_something_fails_with_its_code(tmp_path: Path, place: int) -> None:
    """Nothing is scored on data that failed, nothing published of scores that failed."""
    code, called = night(tmp_path, NIGHT[place], 4)
    assert code == 4
    assert called == list(NIGHT[: place + 1])


def test_the_page_tells_the_steps_of_the_script() -> None:
    assert [line.split("`")[1] for line in PAGE.splitlines() if re.match(r"\| [a-z ]+ \| `", line)][
        :5
    ] == [command.removesuffix(" --json-logs") for command in NIGHT]


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
    lines = [line for line in FILES["crontab"].splitlines() if not line.startswith("PROJECT=")]
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
