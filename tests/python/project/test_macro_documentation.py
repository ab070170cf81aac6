"""Every macro, with each of its arguments, is described in the YAML of its folder."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from dbt.parser.schemas import is_valid_type
from jinja2 import nodes

from tests.support.macro_files import MACROS

FOLDERS = sorted(path for path in MACROS.iterdir() if path.is_dir())
ENGINES = ("default__", "duckdb__", "spark__")
"""Prefixes of what a macro does on one engine: it has the arguments of the macro."""


def written(folder: Path) -> dict[str, list[str]]:
    """The arguments of each macro in the SQL files of a folder."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    return {
        macro.name: [argument.name for argument in macro.args]
        for path in sorted(folder.glob("*.sql"))
        for macro in environment.parse(path.read_text(encoding="utf-8")).find_all(nodes.Macro)
        if not macro.name.startswith(ENGINES)
    }


def described(folder: Path) -> list[dict[str, Any]]:
    """The macros in the YAML of a folder."""
    text = (folder / f"_{folder.name}.yml").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = yaml.safe_load(text)["macros"]
    return entries


def names(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["name"] for entry in entries]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_yaml_of_a_folder_has_its_macros_and_no_other(folder: Path) -> None:
    """Each once, with its arguments in their order."""
    entries = described(folder)
    found = {entry["name"]: names(entry.get("arguments", [])) for entry in entries}
    assert found == written(folder)
    assert len(found) == len(entries)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_macro_and_argument_has_a_text(folder: Path) -> None:
    """An argument has a type, too, and it is one that dbt knows."""
    entries = described(folder)
    arguments = [argument for entry in entries for argument in entry.get("arguments", [])]
    texts = [*entries, *arguments]
    assert names([entry for entry in texts if not entry.get("description", "").strip()]) == []
    assert names([entry for entry in arguments if not is_valid_type(entry.get("type", ""))]) == []


def test_every_file_of_macros_is_in_one_of_the_folders() -> None:
    """A folder has SQL files and one YAML. What lies elsewhere would not be tested."""
    files = [path for path in MACROS.rglob("*") if path.is_file()]
    assert [path for path in files if path.parent not in FOLDERS] == []
    assert sorted(path for path in files if path.suffix != ".sql") == sorted(
        folder / f"_{folder.name}.yml" for folder in FOLDERS
    )


def test_a_name_means_one_file() -> None:
    """Tests find the files of macros by name, whatever folder they are in."""
    files = [path.name for path in MACROS.rglob("*.sql")]
    assert len(set(files)) == len(files) > 50
