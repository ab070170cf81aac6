"""What people see: progress and remarks on stderr; tables, then one JSON line, on stdout."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = ["Advance", "progress_bar", "say", "show", "write_error", "write_json"]

Advance = Callable[[int, int], None]
"""Called with how much is done and how much there is."""

PLAIN_WIDTH = 140

_stderr = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Print a remark on stderr."""
    _stderr.print(message, markup=False, soft_wrap=True)


def show(*pages: Any) -> None:
    """Print what the command was asked for, text or anything rich can draw, on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:  # a file has no width
        console = Console(highlight=False, width=PLAIN_WIDTH)
    for page in pages:
        console.print(page, markup=False)


def write_error(message: str) -> None:
    """One line on stderr."""
    print(f"error: {message}", file=sys.stderr, flush=True)


def write_json(facts: Mapping[str, Any]) -> None:
    """The last line of stdout, for programs."""
    print(json.dumps(facts, default=str, allow_nan=False), flush=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Advance]:
    """A bar on stderr that disappears when it is done; nothing where stderr is not a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=_stderr, transient=True, disable=not _stderr.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
