"""Output for people: progress, messages and logs on stderr; tables and the JSON line on stdout."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from warehouse.errors import UsageError, exit_code, one_line

__all__ = [
    "Advance",
    "configure_logs",
    "progress_bar",
    "row_progress_bar",
    "run_command",
    "say",
    "show",
    "write_error",
    "write_json",
]

Advance = Callable[[int, int], None]
"""A function called with the number of finished items and the total."""

PLAIN_WIDTH = 140
"""Characters per line where stdout is not a terminal."""

_stderr = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    """Print a message on stderr."""
    _stderr.print(message, markup=False, soft_wrap=True)


def show(*pages: Any) -> None:
    """Print text, or anything that rich can render, on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:  # a file has no width
        console = Console(highlight=False, width=PLAIN_WIDTH)
    for page in pages:
        console.print(page, markup=False)


def write_error(message: str) -> None:
    """Write `error: <message>` on stderr."""
    print(f"error: {message}", file=sys.stderr, flush=True)


def write_json(facts: Mapping[str, Any]) -> None:
    """Write the facts as one JSON line on stdout: the last line, for programs."""
    print(json.dumps(facts, default=str, allow_nan=False), flush=True)


def run_command(app: typer.Typer, arguments: Sequence[str] | None, help_command: str) -> int:
    """Run a command and return its exit code; `help_command` is named after a wrong option."""
    try:
        app(arguments, standalone_mode=False)
        return 0
    except Exception as error:
        if isinstance(error, typer.Exit):
            return error.exit_code
        if hasattr(error, "format_message"):  # an error of click: an unknown option, for example
            write_error(f"{error.format_message().rstrip('.')}: see {help_command} --help")
            return UsageError.exit_code
        write_error(one_line(error))
        return exit_code(error)


def configure_logs(json_lines: bool = False, level: str = "info") -> None:
    """Send the logs to stderr: as text, or with `json_lines` as one JSON object per line."""
    renderer: Any = structlog.dev.ConsoleRenderer(
        # The traceback of rich would print the values of variables, which may be personal data.
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
    """Show a progress bar on stderr until the end of the block, if stderr is a terminal."""
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
    """Show a progress bar over `total` rows on stderr, if it is a terminal and the bar is `wanted`.

    Yields a function that is called with the number of rows finished since its last call.
    """
    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not (wanted and console.is_terminal)
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(task, rows)
