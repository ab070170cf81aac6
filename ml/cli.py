"""The command line `python -m ml`: synthesize, train, evaluate, explain, discover, report …"""

import os
import sys
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from warehouse.console import progress_bar, write_error, write_json
from warehouse.errors import NumerosityError, UsageError, exit_code, one_line
from warehouse.settings import load_settings

__all__ = ["app", "main"]

app = typer.Typer(
    help="Train models on the feature tables of the warehouse, and predict who will buy.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

Warehouse = Annotated[
    Path | None, typer.Option(resolve_path=True, help="The DuckDB file to read and write.")
]
Manifest = Annotated[
    Path | None,
    typer.Option(resolve_path=True, help="dbt's manifest.json, which declares the tasks."),
]
Artifacts = Annotated[
    Path | None, typer.Option(resolve_path=True, help="The folder of the model bundles.")
]
Seed = Annotated[int, typer.Option(min=0, help="The same seed and data give the same result.")]
Folds = Annotated[
    int | None,
    typer.Option(min=2, help="Folds to compare models; the default depends on the rows."),
]
Repeats = Annotated[
    int | None,
    typer.Option(
        min=1, help="How often rows are split into folds; the default depends on the rows."
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(metavar="GROUP", help="Leave out a group of features; repeatable."),
]
AllCandidates = Annotated[
    bool,
    typer.Option(
        "--all-candidates", help="Also compare a random forest, a neural net, an ensemble; slower."
    ),
]
MaxRows = Annotated[
    int | None,
    typer.Option(
        min=10_000, help="Labelled rows to read at most; of more, a sample (default: 1,000,000)."
    ),
]
FeaturesFrom = Annotated[
    str | None,
    typer.Option(
        metavar="warehouse|spark", help="Where labelled rows are read (default: warehouse)."
    ),
]
Reason = Annotated[str | None, typer.Option(help="The reason, noted in registry.decisions.")]


@app.command()
def synthesize(
    customers: Annotated[int, typer.Option(min=1, help="Customers of the sample shop.")] = 2_000,
    seed: Seed = 0,
    out: Annotated[
        Path | None, typer.Option(resolve_path=True, help="The raw folder to write into.")
    ] = None,
    change_at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="From this date on customers behave differently."),
    ] = None,
) -> int:
    """Write the raw tables of a sample shop, with planted truth and planted dirt."""
    from ml.synthesize import synthesize as write_shop

    folder = load_settings(raw=out).raw
    with progress_bar("generating the shop") as advance:
        change = change_at.date() if change_at else None
        rows = write_shop(customers, seed, folder, advance, change)
    return _done("synthesize", {"out": folder, "customers": customers, "seed": seed, "rows": rows})


@app.command()
def train(
    task: Annotated[str | None, typer.Option(help="One task; without it every task.")] = None,
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    artifacts: Artifacts = None,
    seed: Seed = 0,
    folds: Folds = None,
    repeats: Repeats = None,
    without: Without = None,
    budget: Annotated[
        float | None,
        typer.Option(help="Seconds per task to search for settings; a later run continues."),
    ] = None,
    trials: Annotated[
        int | None,
        typer.Option(help="Settings to try per candidate; the same seed tries the same ones."),
    ] = None,
    all_candidates: AllCandidates = False,
    max_rows: MaxRows = None,
    features_from: FeaturesFrom = None,
) -> int:
    """Compare the candidates, write the best as a bundle, and enter it in the registry."""
    from ml.candidates import CANDIDATES
    from ml.training.train import TrainingRequest
    from ml.training.train import train as train_tasks
    from ml.training.tuning import Budget

    settings = load_settings(
        warehouse=warehouse,
        manifest=manifest,
        artifacts=artifacts,
        training_rows=max_rows,
        features_from=features_from,
    )
    search = None if budget is None and trials is None else Budget(budget, trials)
    kinds = CANDIDATES if all_candidates else None
    request = TrainingRequest(seed, folds, repeats, without or (), search, kinds)
    return _done("train", train_tasks(settings, task, request))


@app.command()
def retrain(
    task: Annotated[str | None, typer.Option(help="One task; without it every task.")] = None,
    if_needed: Annotated[
        bool, typer.Option("--if-needed", help="Train only where monitoring gives a reason.")
    ] = False,
    max_age: Annotated[
        int, typer.Option(min=1, help="Newly matured dates after which a model is too old.")
    ] = 12,
    wait_days: Annotated[
        int, typer.Option(min=0, help="Days of new data to wait for after a refused challenger.")
    ] = 14,
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    artifacts: Artifacts = None,
    seed: Seed = 0,
    max_rows: MaxRows = None,
    features_from: FeaturesFrom = None,
) -> int:
    """Train again where matured labels or drift give a reason; promote only a clear winner."""
    from ml.training.retrain import retrain as retrain_tasks

    settings = load_settings(
        warehouse=warehouse,
        manifest=manifest,
        artifacts=artifacts,
        training_rows=max_rows,
        features_from=features_from,
    )
    return _done("retrain", retrain_tasks(settings, task, if_needed, max_age, wait_days, seed))


@app.command()
def evaluate(
    task: Annotated[str, typer.Option(help="The task whose candidates are compared.")],
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    seed: Seed = 0,
    folds: Folds = None,
    repeats: Repeats = None,
    without: Without = None,
    all_candidates: AllCandidates = False,
    max_rows: MaxRows = None,
    features_from: FeaturesFrom = None,
) -> int:
    """Measure every candidate under the task's protocol, without writing anything."""
    from ml.candidates import CANDIDATES
    from ml.evaluation.command import evaluate_task
    from ml.training.train import TrainingRequest

    settings = load_settings(
        warehouse=warehouse, manifest=manifest, training_rows=max_rows, features_from=features_from
    )
    kinds = CANDIDATES if all_candidates else None
    request = TrainingRequest(seed, folds, repeats, without or (), candidates=kinds)
    return _done("evaluate", evaluate_task(settings, task, request))


@app.command()
def models(
    task: Annotated[str | None, typer.Option(help="One task; without it every task.")] = None,
    warehouse: Warehouse = None,
) -> int:
    """List every model with its status, its average precision and the reason."""
    from ml.registry.promote import list_models

    return _done("models", list_models(load_settings(warehouse=warehouse), task))


@app.command()
def promote(
    model_version: Annotated[str, typer.Argument(help="As listed by python -m ml models.")],
    task: Annotated[str, typer.Option(help="The task of which it becomes the champion.")],
    reason: Reason = None,
    warehouse: Warehouse = None,
    artifacts: Artifacts = None,
) -> int:
    """Make a registered model the champion, regardless of its figures; noted in the registry."""
    from ml.registry.promote import promote as promote_model

    settings = load_settings(warehouse=warehouse, artifacts=artifacts)
    return _done("promote", promote_model(settings, model_version, task, reason))


@app.command()
def rollback(
    task: Annotated[str, typer.Option(help="The task that goes back to its previous champion.")],
    reason: Reason = None,
    warehouse: Warehouse = None,
    artifacts: Artifacts = None,
) -> int:
    """Go back to the previous champion; noted in the registry."""
    from ml.registry.promote import rollback as roll_back

    settings = load_settings(warehouse=warehouse, artifacts=artifacts)
    return _done("rollback", roll_back(settings, task, reason))


@app.command()
def report(
    out: Annotated[
        Path | None,
        typer.Option(
            resolve_path=True, help="The file (default: report.html next to the warehouse)."
        ),
    ] = None,
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    max_rows: MaxRows = None,
    features_from: FeaturesFrom = None,
) -> int:
    """Write one HTML page about data, segments and models that opens offline."""
    from ml.report import write_report

    settings = load_settings(
        warehouse=warehouse, manifest=manifest, training_rows=max_rows, features_from=features_from
    )
    return _done("report", write_report(settings, out))


@app.command()
def explain(
    task: Annotated[str, typer.Option(help="The task whose champion is drawn.")],
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    artifacts: Artifacts = None,
) -> int:
    """Draw every term of the champion on one page, if the champion is a glass box."""
    from ml.report.explain import explain_task

    settings = load_settings(warehouse=warehouse, manifest=manifest, artifacts=artifacts)
    return _done("explain", explain_task(settings, task))


@app.command()
def discover(
    task: Annotated[str, typer.Option(help="The task whose outcome the segments explain.")],
    warehouse: Warehouse = None,
    manifest: Manifest = None,
    seed: Seed = 0,
    max_rows: MaxRows = None,
    features_from: FeaturesFrom = None,
) -> int:
    """Propose segments by shallow trees, confirm them on other customers, and store them."""
    from ml.discover import discover as discover_segments

    settings = load_settings(
        warehouse=warehouse, manifest=manifest, training_rows=max_rows, features_from=features_from
    )
    return _done("discover", discover_segments(settings, task, seed))


@app.command()
def summary(
    warehouse: Warehouse = None, manifest: Manifest = None, artifacts: Artifacts = None
) -> int:
    """Print what is in the warehouse, how good it is, and what to do next."""
    from ml.report.summary import summarise

    settings = load_settings(warehouse=warehouse, manifest=manifest, artifacts=artifacts)
    return _done("summary", summarise(settings))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code; it never raises.

    The last line of stdout is always a JSON object, except with --help.
    """
    # By default OpenMP's threads spin while they wait. On busy cores they then block each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        return int(app(args=arguments, standalone_mode=False) or 0)
    except typer.Abort:
        return _failed("interrupted: unfinished work is not kept", NumerosityError.exit_code)
    except Exception as error:
        if hasattr(error, "format_message"):  # an error of click: unknown option, missing value
            message = f"{error.format_message().rstrip('.')}: see python -m ml --help"
            return _failed(message, UsageError.exit_code)
        if not isinstance(error, NumerosityError) and _debugging():
            traceback.print_exc(file=sys.stderr)
        return _failed(one_line(error), exit_code(error))


def _debugging() -> bool:
    try:
        return load_settings().log_level == "debug"
    except UsageError:
        return False


def _done(command: str, facts: Mapping[str, Any]) -> int:
    write_json({"command": command, "status": "done", "exit_code": 0, **facts})
    return 0


def _failed(message: str, code: int) -> int:
    write_error(message)
    write_json({"status": "failed", "exit_code": code, "error": message})
    return code
