"""What people see while scoring runs: logs and a bar on stderr, one JSON line on stdout."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from rich.console import Console
from rich.progress import Progress

__all__ = ["configure_logs", "progress_bar", "write_error", "write_json"]


def configure_logs(json_lines: bool = False, level: str = "info") -> None:
    """Send the logs to stderr, for people or (`json_lines`) one JSON object a line."""
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
def progress_bar(what: str, total: int, wanted: bool = True) -> Iterator[Callable[[int], None]]:
    """A bar on stderr, gone when it is done; the function given takes the rows done since last.

    Nothing is drawn where stderr is not a terminal.
    """
    console = Console(stderr=True)
    with Progress(
        console=console, transient=True, disable=not (wanted and console.is_terminal)
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda rows: bar.advance(task, rows)


def write_error(message: str) -> None:
    """One line on stderr."""
    print(f"error: {message}", file=sys.stderr, flush=True)


def write_json(facts: Mapping[str, Any]) -> None:
    """The last line of stdout, for programs."""
    print(json.dumps(facts, default=str, allow_nan=False), flush=True)
