"""docs/settings.md lists every setting that exists, and only those, with its default."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic_core import PydanticUndefined

from warehouse.settings import PROJECT_ROOT, Settings

PAGE = (PROJECT_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Za-z_]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
CODE = ("ml", "scoring", "warehouse", "bench", "bi", "macros", "profiles", "bin", ".ci")
SUFFIXES = ("", ".py", ".sql", ".yml")
OURS = re.compile(r"NUMEROSITY_[A-Z][A-Z_]*[A-Z]")
READ = re.compile(r'environ(?:\.get\(|\[)"([A-Z_]+)"(?!\] =)')


def section(title: str) -> str:
    """The text below a heading of the page, up to the next one."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def defaults(text: str) -> dict[str, str]:
    """The variables of the tables in a text, each with what its column `default` says."""
    rows = ROW.findall(text)
    found = {name: default for name, default, _ in rows}
    assert len(found) == len(rows), "a variable is listed twice"
    return found


MAKE, DBT = "Variables of make", "Variables of dbt"
ENVIRONMENT = defaults(PAGE.partition(f"\n## {MAKE}\n")[0])


def texts(*places: str) -> list[str]:
    """The files in these folders that can read a setting, and files named."""
    found: list[Path] = []
    for place in places:
        path = PROJECT_ROOT / place
        inside = [path] if path.is_file() else sorted(path.rglob("*"))
        found += [each for each in inside if each.is_file() and each.suffix in SUFFIXES]
    return [path.read_text(encoding="utf-8") for path in found]


def written(default: object) -> str:
    """A default as the page writes it; a word that is not code where there is no constant."""
    if default is None or default is PydanticUndefined:
        return ""
    items = f"[{', '.join(default)}]" if isinstance(default, list) else str(default)
    return f"`{items}`"


def assert_default(variable: str, cell: str, default: object) -> None:
    """The cell shows the constant; it is not one where the default is none or is computed."""
    constant = written(default)
    if constant:
        assert cell == constant, variable
    else:
        assert not re.fullmatch(r"`[^`]+`", cell), variable


def test_every_variable_of_ours_is_listed_and_no_other() -> None:
    """Fields of Settings, and what code, tests, scripts and the examples name."""
    named = {f"NUMEROSITY_{name}".upper() for name in Settings.model_fields}
    for text in texts(*CODE, "tests", "Makefile"):
        named |= set(OURS.findall(text))
    named |= set(OURS.findall((PROJECT_ROOT / "docs" / "production.md").read_text("utf-8")))
    assert {name for name in ENVIRONMENT if OURS.fullmatch(name)} == named


def test_every_other_variable_is_read() -> None:
    """Those of dbt, Spark and pip: the page has what our code reads, and no more."""
    code = texts(*CODE, "Makefile")
    others = {name for name in ENVIRONMENT if not OURS.fullmatch(name)}
    assert {name for name in others if not any(name in text for text in code)} == set()
    read = {name for text in code for name in READ.findall(text)}
    assert read - ENVIRONMENT.keys() == set()


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_default_of_a_field_is_the_default_of_the_page(name: str) -> None:
    variable = f"NUMEROSITY_{name}".upper()
    assert_default(variable, ENVIRONMENT[variable], Settings.model_fields[name].default)


def test_dbt_and_python_have_the_same_defaults() -> None:
    """`env_var` in profiles and macros says the same as the page, and so as Settings."""
    asked = {
        each
        for text in texts("profiles", "macros")
        for each in re.findall(r"env_var\('(NUMEROSITY_\w+)', '([^']*)'\)", text)
    }
    assert len(asked) > 5
    for variable, default in asked:
        if default:  # else it is made of other variables, as the page says in words
            assert_default(variable, ENVIRONMENT[variable], default)


def test_every_variable_of_make_is_listed() -> None:
    """With its default, where that is a constant."""
    makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
    found = dict(re.findall(r"^([A-Z]+) \?= (.+)$", makefile, re.MULTILINE))
    listed = defaults(section(MAKE))
    assert listed.keys() == found.keys()
    for variable, default in found.items():
        assert_default(variable, listed[variable], None if "$(" in default else default)


def test_every_variable_of_dbt_is_listed() -> None:
    """With its default; a map of sources is too long for a table."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    listed = defaults(section(DBT))
    assert listed.keys() == project["vars"].keys()
    for variable, default in project["vars"].items():
        known = None if isinstance(default, dict) else default
        assert_default(variable, listed[variable], known)
