"""The command line `python -m scoring`: run, publish, restore, activate, serve, forget, status."""

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
from scoring.status import page, read_status
from warehouse.console import configure_logs, show, write_error, write_json
from warehouse.errors import InputError, UsageError, exit_code, one_line
from warehouse.settings import Settings, load_settings

__all__ = ["app", "main"]

app = typer.Typer(
    help="Score feature tables with trained models, inside the warehouse.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Warehouse = Annotated[
    Path | None,
    typer.Option(resolve_path=True, help="The DuckDB file; default: NUMEROSITY_WAREHOUSE."),
]
JsonLogs = Annotated[
    bool, typer.Option("--json-logs", help="Write logs as one JSON object per line (stderr).")
]
Engine = Annotated[Literal["duckdb", "spark"], typer.Option(help="The engine of the tables.")]


def _show_version(is_requested: bool) -> None:
    if is_requested:
        print(f"numerosity {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> int:
    """Score feature tables with trained models in the warehouse; the default command is run."""
    return run() if context.invoked_subcommand is None else 0


@app.command()
def run(
    task: Annotated[
        str | None, typer.Option(help="Score only this task; default: every task.")
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Score this date (2026-05-31); default: the newest."),
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(resolve_path=True, help="Score with this bundle; default: the champion's."),
    ] = None,
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Score, but write nothing; open read-only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Score again even if the scores exist already.")
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
    keep: Annotated[
        int, typer.Option(min=1, help="Number of versions to keep, with the new one.")
    ] = KEEP,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="Also as Parquet files, in this and later runs.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Publish even if the last dbt run failed.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Copy the public tables of the warehouse to data/serving.duckdb, in one atomic swap."""
    settings = _begin(json_logs)
    return _report_published(
        publish_version(settings, keep, parquet, force, progress=not json_logs)
    )


@app.command()
def restore(
    version: Annotated[
        str | None, typer.Argument(help="The version; default: the one before the served version.")
    ] = None,
    json_logs: JsonLogs = False,
) -> int:
    """Serve an earlier version again."""
    settings = _begin(json_logs)
    return _report_published(restore_version(settings, version))


@app.command()
def activate(
    audience: Annotated[
        str | None, typer.Option(help="The audience: a model in models/activation.")
    ] = None,
    to: Annotated[
        str, typer.Option(metavar="csv|parquet|URL", help="A file, or a URL that accepts JSON.")
    ] = "csv",
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count, but deliver nothing; open read-only.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Deliver again even if nothing has changed.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Deliver an audience without its holdout, and report what changed since the last delivery."""
    settings = _begin(json_logs, warehouse)
    outcome = deliver(settings, DeliveryRequest(audience, to, dry_run, force, not json_logs))
    write_json({"exit_code": 0, **dataclasses.asdict(outcome), "error": None})
    return 0


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8000,
    rate_limit: Annotated[
        float, typer.Option(min=0.1, help="Requests per second allowed for each API key.")
    ] = 100,
    json_logs: JsonLogs = False,
) -> int:
    """Serve scores, reasons and micro-segments over HTTP, from the published tables."""
    settings = _begin(json_logs)
    try:
        from scoring.serve.server import run as run_server
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the package {error.name} is not installed: run pip install '.[serve]'"
        ) from None
    run_server(settings, host, port, rate_limit)
    write_json({"status": "stopped", "exit_code": 0, "error": None})
    return 0


@app.command("api-key")
def api_key(
    name: Annotated[str, typer.Option(help="The name of the key's owner.")] = "default",
) -> int:
    """Create an API key for the HTTP service. It is shown once; only its hash is stored."""
    from scoring.serve.keys import create

    settings = load_settings()
    key = create(settings.api_keys, name)
    facts = {"status": "done", "exit_code": 0, "name": name, "key": key}
    write_json(facts | {"file": str(settings.api_keys), "error": None})
    return 0


@app.command()
def forget(
    customer_id: Annotated[
        list[str] | None, typer.Argument(help="Customers to erase, by id as in marts.customers.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(resolve_path=True, help="A file with one customer id per line.")
    ] = None,
    rewrite_raw: Annotated[
        bool, typer.Option("--rewrite-raw", help="Erase them from the raw files as well.")
    ] = False,
    warehouse: Warehouse = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would be erased; change nothing.")
    ] = False,
    json_logs: JsonLogs = False,
) -> int:
    """Erase customers from every table, copy and delivered file, and exclude them from builds."""
    settings = _begin(json_logs, warehouse)
    ids = (*(customer_id or []), *_lines(file))
    receipt = erase(settings, ErasureRequest(ids, rewrite_raw, dry_run, not json_logs))
    write_json(receipt.facts() | {"exit_code": 0, "error": None})
    return 0


@app.command()
def status(
    warehouse: Warehouse = None,
    engine: Engine = "duckdb",
    as_of: Annotated[
        str | None, typer.Option(help="The night to show (2026-05-31). Default: the newest date.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print only the JSON line, without the table.")
    ] = False,
) -> int:
    """Show the monitoring checks of a night, worst first. The exit code is 3 if a check failed."""
    found = read_status(load_settings(warehouse=warehouse), engine, _date(as_of))
    if not json:
        show(page(found))
    write_json(found.facts())
    return found.exit_code


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code. Every exception becomes an exit code.

    The last line of stdout is one JSON object, except for --help and --version.
    """
    configure_logs()
    try:
        return int(app(args=_with_command(arguments), standalone_mode=False) or 0)
    except typer.Abort:
        return _failed("interrupted: unfinished work was discarded, run the command again", 1)
    except Exception as error:
        if hasattr(error, "format_message"):  # an error of click: an unknown option, for example
            message = f"{error.format_message().rstrip('.')}: see python -m scoring --help"
            return _failed(message, UsageError.exit_code)
        structlog.get_logger().debug("failed", exc_info=True)
        return _failed(one_line(error), exit_code(error))


def _begin(json_logs: bool, warehouse: Path | None = None) -> Settings:
    """Load the settings and configure the logs."""
    settings = load_settings(warehouse=warehouse)
    configure_logs(json_logs, settings.log_level)
    return settings


def _with_command(arguments: Sequence[str] | None) -> list[str]:
    """The arguments, with `run` in front where they begin with an option of `run`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_run = given and given[0].startswith("--") and given[0] not in ("--help", "--version")
    return ["run", *given] if is_run else given


def _lines(file: Path | None) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines() if file else []
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read {file} ({one_line(error)}): give a UTF-8 file with one id per line"
        ) from None


def _date(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text!r} is not a date: write it like 2026-05-31") from None


def _report(outcomes: list[ScoringOutcome]) -> int:
    """Print the outcomes; returns the exit code of the first failed task, or 0."""
    failures = [outcome for outcome in outcomes if outcome.error]
    for failure in failures:
        write_error(f"{failure.task}: {failure.error}")
    code = failures[0].exit_code if failures else 0
    statuses = {outcome.status for outcome in outcomes}
    status = statuses.pop() if len(statuses) == 1 else "failed" if failures else "done"
    tasks = [dataclasses.asdict(outcome) for outcome in outcomes]
    _write(status, code, tasks, "; ".join(str(failure.error) for failure in failures) or None)
    return code


def _report_published(published: Published) -> int:
    facts = dataclasses.asdict(published)
    write_json({"status": facts.pop("status"), "exit_code": 0, **facts, "error": None})
    return 0


def _failed(message: str, code: int) -> int:
    write_error(message)
    _write("failed", code, [], message)
    return code


def _write(status: str, code: int, tasks: list[dict[str, Any]], error: str | None) -> None:
    write_json({"status": status, "exit_code": code, "tasks": tasks, "error": error})
