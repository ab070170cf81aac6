"""The README, CONTRIBUTING and the pages of docs/: commands, links and paths in them exist."""

import re
from pathlib import Path

import pytest

from tests.support import readme
from tests.support.readme import command_line, unknown_words
from warehouse.settings import PROJECT_ROOT

FILES = (
    *(PROJECT_ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *(PROJECT_ROOT / "docs").rglob("*.md"),
)
PAGES = {
    path.relative_to(PROJECT_ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(FILES)
    if path.exists()
}
COMMAND = re.compile(
    r"(?:^\$ (?:[\w./-]+/)?|`)(python -m (?:ml|scoring|bench)\b[^`\n#]*)", re.MULTILINE
)
FOLDERS = r"models|macros|seeds|profiles|ml|scoring|warehouse|bench|bi|bin|tests|docs|\.ci"
PATH = re.compile(rf"(?<=`)(?:{FOLDERS})/[\w./*-]+(?=`)")
WRITTEN = re.compile(r"^`([^`\n]+)`\n\n```(?!diff)\w+\n", re.MULTILINE)
"""A file that a page gives whole, for the reader to add."""
ADDED = {"models/staging/bakery/"}


def found_in(pattern: re.Pattern[str]) -> list[tuple[str, str]]:
    """Each page with each text of it that matches, once."""
    return [
        (name, text)
        for name, page in PAGES.items()
        for text in dict.fromkeys(pattern.findall(page))
    ]


@pytest.mark.parametrize("command", sorted({command for _, command in found_in(COMMAND)}))
def test_every_command_exists(command: str) -> None:
    """With its options."""
    _, _, module, *words = command.replace("'", "").split()
    assert unknown_words(command_line(module), words) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    """A link inside the project names a file or folder, and a heading of that page."""
    wrong = []
    for link in readme.links(PAGES[name]):
        path, _, anchor = link.partition("#")
        target = Path(PROJECT_ROOT, name).parent / path if path else PROJECT_ROOT / name
        there = target.exists()
        if there and anchor:
            there = anchor in readme.anchors(target.read_text(encoding="utf-8"))
        if not there:
            wrong.append(link)
    assert wrong == []


def test_every_path_exists() -> None:
    """A path in backticks is in the project, unless the page has the reader add it."""
    added = ADDED | {name for page in PAGES.values() for name in WRITTEN.findall(page)}
    paths = [(page, path) for page, path in found_in(PATH) if path not in added]
    assert len(paths) > 50
    assert [(page, path) for page, path in paths if not any(PROJECT_ROOT.glob(path))] == []
