"""What README.md says, taken apart: its commands, its tables, its links."""

import importlib
import re
import shlex
from functools import cache
from typing import Any

import typer.main

from warehouse.settings import PROJECT_ROOT

__all__ = [
    "README",
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
    """The names in the table whose header is name, grain, for whom."""
    lines = text().splitlines()
    for number, line in enumerate(lines):
        header = [cell.strip(" *`").lower() for cell in line.strip().strip("|").split("|")]
        if line.lstrip().startswith("|") and {"name", "grain", "for whom"} <= set(header):
            column, names = header.index("name"), []
            for row in lines[number + 2 :]:
                if not row.lstrip().startswith("|"):
                    break
                cell = row.strip().strip("|").split("|")[column]
                names += INLINE.findall(cell) or [cell.strip(" *")]
            return names
    return []


@cache
def tables() -> list[str]:
    """Every table named: `schema.table` anywhere, and the names in the table of tables."""
    named = re.findall(rf"(?<![\w/.-])((?:{LAYERS})\.([a-z][a-z0-9_]+))\b(?![/(])", text())
    found = [name for name, table in named if table not in SUFFIXES]
    modules = {f"scoring.{path.stem}" for path in (PROJECT_ROOT / "scoring").glob("*.py")}
    modules -= {"scoring.predictions"}  # a module and a table; here it is the table
    return list(dict.fromkeys(name for name in [*table_of_tables(), *found] if name not in modules))


@cache
def links() -> list[str]:
    """The targets of links and pictures that are no web addresses."""
    found = re.findall(r"\]\(\s*<?([^)>\s]+)", _prose()) + re.findall(
        r'(?:src|href)="(.+?)"', _prose()
    )
    return [link for link in dict.fromkeys(found) if not re.match(r"[a-z]+:", link)]


@cache
def anchors() -> set[str]:
    """The anchors of the README's own headings."""
    headings = re.findall(r"^#+ +(.+)$", _prose(), re.MULTILINE)
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
