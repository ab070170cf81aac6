"""The command line: `python -m scoring` scores every task's newest day with its champion."""

import dataclasses
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
import typer

from scoring import __version__
from scoring.activate import DeliveryRequest
from scoring.activate import activate as deliver
from scoring.forget import ErasureRequest
from scoring.forget import forget as erase
from scoring.publish import KEEP, Published
from scoring.publish import publish as publish_version
from scoring.publish import restore as restore_version
from scoring.run.job import ScoringOutcome, ScoringRequest
from scoring.run.job import run as run_scoring
from scoring.status import read_status, show
from warehouse.console import configure_logs, write_error, write_json
from warehouse.errors import InputError, UsageError, exit_code, one_line
from warehouse.settings import Settings, load_settings

__all__ = ["app", "main"]

app = typer.Typer(
    help="Score feature tables with trained models, inside the warehouse.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Warehouse = Annotated[
    Path | None, typer.Option(resolve_path=True, help="The DuckDB file, not the usual one.")
]
JsonLogs = Annotated[
    bool, typer.Option("--json-logs", help="Logs on stderr as one JSON object a line.")
]
Engine = Annotated[Literal["duckdb", "spark"], typer.Option(help="Where the tables are.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"numerosity {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say which.")
    ] = False,
) -> int:
    """Score feature tables with trained models, inside the warehouse; without a command: run."""
    return run() if context.invoked_subcommand is None else 0


@app.command()
def run(
    task: Annotated[
        str | None, typer.Option(help="Score this task only; without it every task.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Score this date (2026-05-31), not the newest."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(resolve_path=True, help="Score with this model folder, not the champion."),
    ] = None,
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do everything but write; open read-only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Score again what is already there.")
    ] = False,
    engine: Engine = "duckdb",
    json_logs: JsonLogs = False,
) -> int:
    """Score the newest date of every task with its champion, into scoring.predictions."""
    settings = _begin(json_logs, warehouse)
    request = ScoringRequest(
        task=task,
        as_of=_date(as_of),
        bundle=bundle,
        dry_run=dry_run,
        force=force,
        progress=not json_logs,
    )
    if engine == "spark":
        from scoring.spark import run as run_in_spark

        return _report(run_in_spark(settings, request))
    return _report(run_scoring(settings, request))


@app.command()
def publish(
    keep: Annotated[int, typer.Option(min=1, help="Versions kept, with the new one.")] = KEEP,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="As Parquet files, too; from then on, always.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Even if what dbt ran last has failed.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Copy what BI reads from the warehouse into data/serving.duckdb, swapped in whole."""
    settings = _begin(json_logs)
    return _say(publish_version(settings, keep, parquet, force, progress=not json_logs))


@app.command()
def restore(
    version: Annotated[
        str | None, typer.Argument(help="The version; without it the one before what is served.")
    ] = None,
    json_logs: JsonLogs = False,
) -> int:
    """Serve an earlier version again."""
    settings = _begin(json_logs)
    return _say(restore_version(settings, version))


@app.command()
def activate(
    audience: Annotated[
        str | None, typer.Option(help="The audience, a model of models/activation.")
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="csv|parquet|URL", help="A file, or an address that takes JSON.")
    ] = "csv",
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be delivered; open read-only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Deliver again what was delivered already.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Deliver an audience, without who is held out, and say what changed since the last time."""
    settings = _begin(json_logs, warehouse)
    outcome = deliver(settings, DeliveryRequest(audience, to, dry_run, force, not json_logs))
    write_json({"exit_code": 0, **dataclasses.asdict(outcome), "error": None})
    return 0


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    rate_limit: Annotated[
        float, typer.Option(min=0.1, help="Requests a second that each API key may make.")
    ] = 100,
    json_logs: JsonLogs = False,
) -> int:
    """Answer over HTTP from what is published: scores, reasons, micro-segments."""
    settings = _begin(json_logs)
    try:
        from scoring.serve.server import run as run_server
    except ModuleNotFoundError as error:
        raise UsageError(f"no package {error.name}: pip install '.[serve]'") from None
    run_server(settings, host, port, rate_limit)
    write_json({"status": "stopped", "exit_code": 0, "error": None})
    return 0


@app.command("api-key")
def api_key(
    name: Annotated[str, typer.Option(help="Whose key it is.")] = "default",
) -> int:
    """Make an API key for the HTTP service; it is shown once, only its hash is kept."""
    from scoring.serve.keys import create

    settings = load_settings()
    key = create(settings.api_keys, name)
    facts = {"status": "done", "exit_code": 0, "name": name, "key": key}
    write_json(facts | {"file": str(settings.api_keys), "error": None})
    return 0


@app.command()
def forget(
    customer_id: Annotated[
        list[str] | None, typer.Argument(help="Whom to erase, as marts.customers names them.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(resolve_path=True, help="A file with one customer id a line.")
    ] = None,
    rewrite_raw: Annotated[
        bool, typer.Option("--rewrite-raw", help="Erase them from the raw files, too.")
    ] = False,
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be erased; change nothing.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Erase customers from every table, copy and delivered file, and keep them out."""
    settings = _begin(json_logs, warehouse)
    ids = (*(customer_id or []), *_lines(file))
    receipt = erase(settings, ErasureRequest(ids, rewrite_raw, dry_run, not json_logs))
    write_json(receipt.facts() | {"exit_code": 0, "error": None})
    return 0


@app.command()
def status(
    warehouse: Warehouse = None,
    engine: Engine = "duckdb",
    json: Annotated[bool, typer.Option("--json", help="The JSON line alone, no table.")] = False,
) -> int:
    """Say what the newest monitoring checks found, the worst first; 3 when a check fails."""
    found = read_status(load_settings(warehouse=warehouse), engine)
    if not json:
        show(found)
    write_json(found.facts())
    return found.exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never raises.

    The last line of stdout is a JSON object whatever happens, but for --help and --version.
    """
    configure_logs()
    try:
        return int(app(args=_with_command(arguments), standalone_mode=False) or 0)
    except typer.Abort:
        return _failed("interrupted: what was not finished is not kept", 1)
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: an unknown option, a missing value
            message = f"{error.format_message().rstrip('.')}: see python -m scoring --help"
            return _failed(message, UsageError.exit_code)
        structlog.get_logger().debug("failed", exc_info=True)
        return _failed(one_line(error), exit_code(error))


def _begin(json_logs: bool, warehouse: Path | None = None) -> Settings:
    """What every command starts with: settings, and logs as they say."""
    settings = load_settings(warehouse=warehouse)
    configure_logs(json_logs, settings.log_level)
    return settings


def _with_command(arguments: Sequence[str] | None) -> list[str]:
    """Options without a command are those of `run`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own = {"--help", "--version"}
    return ["run", *given] if given and given[0].startswith("--") and given[0] not in own else given


def _lines(file: Path | None) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines() if file else []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {file}: {one_line(error)}") from None


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text!r} is no date: write it like 2026-05-31") from None


def _report(outcomes: list[ScoringOutcome]) -> int:
    """Print what was done; returns the exit code, that of the first task that failed."""
    failures = [outcome for outcome in outcomes if outcome.error]
    for failure in failures:
        write_error(f"{failure.task}: {failure.error}")
    code = failures[0].exit_code if failures else 0
    statuses = {outcome.status for outcome in outcomes}
    status = statuses.pop() if len(statuses) == 1 else "failed" if failures else "done"
    tasks = [dataclasses.asdict(outcome) for outcome in outcomes]
    _write(status, code, tasks, "; ".join(str(failure.error) for failure in failures) or None)
    return code


def _say(published: Published) -> int:
    facts = dataclasses.asdict(published)
    write_json({"status": facts.pop("status"), "exit_code": 0, **facts, "error": None})
    return 0


def _failed(message: str, code: int) -> int:
    write_error(message)
    _write("failed", code, [], message)
    return code


def _write(status: str, code: int, tasks: list[dict[str, Any]], error: str | None) -> None:
    write_json({"status": status, "exit_code": code, "tasks": tasks, "error": error})
