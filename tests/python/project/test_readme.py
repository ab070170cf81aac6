"""What the README shows exists: its commands, its folders, and the tables of docs/tables.md."""

import re
from fnmatch import fnmatch

import pytest

from tests.support import readme
from tests.support.project import models_of
from tests.support.readme import command_line, unknown_words
from warehouse import tables as python_tables
from warehouse.settings import PROJECT_ROOT

MAKEFILE = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
NO_README = pytest.mark.skipif(not readme.text(), reason=f"{readme.README} is not there")


def typed(start: str) -> list[str]:
    """The README's commands of one program."""
    return [command for command in readme.commands() if command.startswith(start)]


def help_of_targets() -> dict[str, str]:
    """The Makefile's targets with the help behind their `##`."""
    found = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", MAKEFILE, re.MULTILINE)
    return {target: rest.partition("## ")[2].strip() for target, rest in found}


@NO_README
@pytest.mark.parametrize("command", typed("python -m "))
def test_every_python_command_exists(command: str) -> None:
    """The module, its command and each option are in its --help."""
    _, _, module, *words = readme.words(command)
    assert unknown_words(command_line(module), words) == []


@NO_README
@pytest.mark.parametrize("command", typed("make"))
def test_every_make_command_exists(command: str) -> None:
    """The target is in the Makefile with help, and each variable given is one it reads."""
    for word in readme.words(command)[1:]:
        name, is_variable, _ = word.partition("=")
        if is_variable:
            assert re.search(rf"\$\(({name})\)|^{name} *[:?]?=", MAKEFILE, re.MULTILINE), word
        else:
            assert help_of_targets().get(name), word


@NO_README
@pytest.mark.parametrize("command", typed("dbt"))
def test_every_dbt_command_exists(command: str) -> None:
    """The command and each option are dbt's."""
    from dbt.cli.main import cli

    assert unknown_words(cli, readme.words(command)[1:]) == []


def test_the_page_of_tables_is_there() -> None:
    """A reader finds the tables they need on one page: name, grain, for whom."""
    assert len(readme.table_of_tables()) > 20


@NO_README
def test_the_tree_shows_every_folder() -> None:
    """The tree of the repository has every folder, and each file it names exists."""
    tree = next(block for _, block in readme.FENCE.findall(readme.text()) if "models/ " in block)
    entries = [re.split(r"  +", line)[0] for line in tree.splitlines() if line[0] != " "]
    *project, written = entries
    assert "data/" in written.split()
    names = [name for entry in project for name in re.split(r",? ", entry)]
    assert [name for name in names if not list(PROJECT_ROOT.glob(name))] == []
    ignored = [".*", *(PROJECT_ROOT / ".gitignore").read_text(encoding="utf-8").split()]
    folders = {path.name for path in PROJECT_ROOT.iterdir() if path.is_dir()}
    shown = {name.rstrip("/") for name in names}
    assert [
        name
        for name in folders - shown
        if not any(fnmatch(name, pattern.strip("/")) for pattern in ignored)
    ] == []


@pytest.mark.parametrize("table", readme.tables())
def test_every_table_named_exists(table: str) -> None:
    """A table that is named is a model, a seed, or one of the tables Python writes."""
    schemas = (
        "staging",
        "intermediate",
        "marts",
        "features",
        "segments",
        "predictions",
        "activation",
    )
    known = set(models_of(*schemas, "monitoring"))
    known |= {f"staging.{name.rpartition('.')[2]}" for name in models_of("staging")}
    known |= {f"seeds.{path.stem}" for path in (PROJECT_ROOT / "seeds").glob("*.csv")}
    known |= set(
        re.findall(r"create (?:table|view) if not exists (\w+\.\w+)", python_tables.script())
    )
    assert table in known or table in {name.partition(".")[2] for name in known}


@pytest.mark.parametrize("target", help_of_targets())
def test_every_make_target_has_help(target: str) -> None:
    """`make help` shows every target that can be typed."""
    assert help_of_targets()[target]


def test_every_make_target_is_phony() -> None:
    """A file of a target's name does not stop it."""
    phony = re.search(r"^\.PHONY:(.*)$", MAKEFILE, re.MULTILINE)
    assert phony and set(phony[1].split()) == set(help_of_targets())
