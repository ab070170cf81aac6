"""The commands in these pages of docs/ exist, with their options."""

import re

import pytest

from tests.support.readme import command_line, unknown_words
from warehouse.settings import PROJECT_ROOT

PAGES = ("forget-a-customer.md", "activate.md", "serve.md")
COMMANDS = [
    command
    for page in PAGES
    if (PROJECT_ROOT / "docs" / page).exists()
    for command in re.findall(
        r"^\$ (python -m [^\n#]*)", (PROJECT_ROOT / "docs" / page).read_text(), re.MULTILINE
    )
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_exists(command: str) -> None:
    _, _, module, *words = command.split()
    assert unknown_words(command_line(module), words) == []
