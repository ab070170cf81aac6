"""README.md and the pages of docs/, taken apart: commands, tables, links."""

import importlib
import re
import shlex
from functools import cache
from typing import Any

import typer.main

from warehouse.settings import PROJECT_ROOT

__all__ = [
    "README",
    "TABLES",
    "anchors",
    "command_line",
    "commands",
    "links",
    "table_of_tables",
    "tables",
    "text",
    "unknown_words",
]

README = PROJECT_ROOT / "README.md"
TABLES = PROJECT_ROOT / "docs" / "tables.md"
"""The page that lists the tables of the warehouse."""
LAYERS = (
    "staging|intermediate|marts|features|segments|predictions|activation|monitoring|registry"
    "|scoring|seeds"
)
FENCE = re.compile(r"^ *(```+|~~~+)[^\n]*\n(.*?)^ *\1 *$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
STARTS = ("python -m ", "make ", "dbt ")
SUFFIXES = ("sql", "yml", "csv", "md", "py", "duckdb", "json")  # features.sql is a file


@cache
def text() -> str:
    """The README, empty when it is not there."""
    return README.read_text(encoding="utf-8") if README.exists() else ""


def _prose() -> str:
    return FENCE.sub("", text())


@cache
def commands() -> list[str]:
    """Every command, in the text and in code blocks, as typed, without comment and prompt."""
    blocks = "\n".join(match[1] for match in FENCE.findall(text())).replace("\\\n", " ")
    found = []
    for line in [*blocks.splitlines(), *INLINE.findall(_prose())]:
        for part in re.split(r"&&|\|\||[;|]", re.sub(r"(^|\s)#.*", "", line)):
            typed = re.sub(r"^(\$ |[A-Z_]+=\S+ )+", "", part.strip())
            typed = re.sub(r"^(\.venv/bin/|uv run )", "", typed)
            if typed.startswith(STARTS) or typed in ("make", "dbt"):
                found.append(typed)
    return list(dict.fromkeys(found))


def words(command: str) -> list[str]:
    """The words of a command; what stands for several (…, a / b) is dropped."""
    return [word for word in shlex.split(command) if word not in ("…", "...", "/")]


@cache
def table_of_tables() -> list[str]:
    """The names in the page's tables, whose header is name, grain, for whom."""
    names: list[str] = []
    lines = iter(TABLES.read_text(encoding="utf-8").splitlines() if TABLES.exists() else ())
    for line in lines:
        if _cells(line) != ["name", "grain", "for whom"]:
            continue
        next(lines)  # the rule below the header
        for row in lines:
            if not row.startswith("|"):
                break
            names += INLINE.findall(_cells(row)[0])
    return names


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


@cache
def tables() -> list[str]:
    """Every table named: those of docs/tables.md, and `schema.table` anywhere in the README."""
    named = re.findall(rf"(?<![\w/.-])((?:{LAYERS})\.([a-z][a-z0-9_]+))\b(?![/(])", text())
    found = [name for name, table in named if table not in SUFFIXES]
    return list(dict.fromkeys([*table_of_tables(), *found]))


def links(page: str) -> list[str]:
    """The targets of a page's links and pictures inside the project."""
    prose = FENCE.sub("", page)
    found = re.findall(r"\]\(\s*<?([^)>\s]+)|(?:src|href)=\"(.+?)\"", prose)
    targets = dict.fromkeys(link or source for link, source in found)
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", name.lower()).strip().replace(" ", "-") for name in headings}


@cache
def command_line(module: str) -> Any:
    """The command line of `python -m module`, as click sees it."""
    return typer.main.get_command(importlib.import_module(f"{module}.cli").app)


def unknown_words(command: Any, words: list[str]) -> list[str]:
    """Subcommands and options among the words that the command does not have."""
    unknown = []
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return [name]
        command = command.commands[name]
    known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    for word in words:
        if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known | {"--help", "-h"}:
            unknown.append(word)
    return unknown
