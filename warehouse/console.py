"""What people see: progress, remarks and logs on stderr; tables, then one JSON line, on stdout."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

__all__ = [
    "Advance",
    "configure_logs",
    "progress_bar",
    "row_progress_bar",
    "say",
    "show",
    "write_error",
    "write_json",
]

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
    """Write one line on stderr."""
    print(f"error: {message}", file=sys.stderr, flush=True)


def write_json(facts: Mapping[str, Any]) -> None:
    """Write the last line of stdout, for programs."""
    print(json.dumps(facts, default=str, allow_nan=False), flush=True)


def configure_logs(json_lines: bool = False, level: str = "info") -> None:
    """Send the logs to stderr, for people or (`json_lines`) as one JSON object per line."""
    renderer: Any = structlog.dev.ConsoleRenderer(
        # Not rich's traceback: it prints the values of variables, here people's data.
        colors=sys.stderr.isatty(),
        exception_formatter=structlog.dev.plain_traceback,
    )
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if json_lines:
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer(default=str)
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


@contextmanager
def progress_bar(what: str) -> Iterator[Advance]:
    """Draw a bar on stderr that disappears at the end; nothing where stderr is not a terminal."""
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


@contextmanager
def row_progress_bar(what: str, total: int, wanted: bool = True) -> Iterator[Callable[[int], None]]:
    """Draw a bar over `total` rows; the function given takes the rows done since its last call.

    Nothing is drawn where stderr is not a terminal, or the bar is not `wanted`.
    """
    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not (wanted and console.is_terminal)
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(task, rows)
