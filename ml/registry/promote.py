"""Change the champion by hand with `python -m ml promote` and `rollback`; `models` lists them.

The bundle is first verified against its own hashes and against the registry. The change and its
note in registry.decisions are written in one transaction.
"""

from collections.abc import Sequence
from typing import Any

import duckdb
from rich.table import Table
from rich.text import Text

from ml.registry.decisions import (
    DECISIONS,
    MODELS,
    Decision,
    earlier_champions,
    make_champion,
    note,
    now,
)
from scoring.bundle import load_bundle
from warehouse.connection import columns, connect, fetch, qualified, require_tables, transaction
from warehouse.console import say, show
from warehouse.errors import InputError, IntegrityError, UsageError
from warehouse.settings import Settings

__all__ = ["list_models", "promote", "rollback"]

LISTED = ("task", "model_version", "status", "candidate", "trained_at", "average_precision")


def promote(
    settings: Settings, model_version: str, task: str, reason: str | None = None
) -> dict[str, Any]:
    """Make a registered model the champion of its task. If it is the champion, nothing changes.

    Raises UsageError (unknown task or model), InputError (no bundle, or the feature table lacks a
    column that the model reads), IntegrityError (the bundle is not the registered one) or
    LockedError.
    """
    with connect(settings.warehouse, timeout=settings.lock_timeout) as connection:
        before = _champion(connection, task)
        if before == model_version:
            _verify(connection, settings, task, model_version)
            say(f"{task}: {model_version} is already the champion")
            return _facts(task, before, before, "already champion")
        why = f"promoted by hand: {reason}" if reason else "promoted by hand"
        _change(connection, settings, "promote", task, before, model_version, why)
    say(f"{task}: {model_version} is champion ({why}); run python -m scoring run")
    return _facts(task, before, model_version, why)


def rollback(settings: Settings, task: str, reason: str | None = None) -> dict[str, Any]:
    """Go back to the previous champion. A second rollback goes back one more step.

    Raises the errors of `promote`, and UsageError when there is no earlier champion.
    """
    with connect(settings.warehouse, timeout=settings.lock_timeout) as connection:
        before = _champion(connection, task)
        champions = earlier_champions(connection, task)
        if before is None or champions[-1:] != [before] or len(champions) < 2:
            raise UsageError(
                f"{task} has no earlier champion to go back to: python -m ml models lists all"
                " models, python -m ml promote MODEL_VERSION takes one of them"
            )
        after = champions[-2]
        why = f"rolled back: {reason}" if reason else "rolled back by hand"
        _change(connection, settings, "rollback", task, before, after, why)
    say(f"{task}: back to {after} from {before} ({why}); run python -m scoring run")
    return _facts(task, before, after, why)


def list_models(settings: Settings, task: str | None = None) -> dict[str, Any]:
    """Print every model, newest first, with its status, average precision and reason.

    Raises InputError when the tables do not exist.
    """
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_tables(connection, MODELS, "registry.evaluations")
        rows = fetch(
            connection,
            "select models.task, models.model_version, models.status, models.candidate,"
            " models.trained_at, evaluations.value, models.reason"
            f" from {qualified(connection, MODELS)} models"
            f" left join {qualified(connection, 'registry.evaluations')} evaluations"
            "   on evaluations.task = models.task"
            "   and evaluations.model_version = models.model_version"
            "   and evaluations.candidate = models.candidate"
            "   and evaluations.metric = 'average_precision'"
            " where coalesce(models.task = ?, true)"
            " order by models.task, models.trained_at desc, models.model_version",
            [task],
        )
    show(_table(rows))
    return {"models": [dict(zip((*LISTED, "reason"), row, strict=True)) for row in rows]}


def _change(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    kind: Any,
    task: str,
    before: str | None,
    after: str,
    why: str,
) -> None:
    _verify(connection, settings, task, after)
    end = f"rolled back to {after}" if kind == "rollback" else f"replaced by {after}"
    with transaction(connection):
        make_champion(connection, task, after, why, f"{end}: {why}")
        note(connection, Decision(task, kind, after, before, after, why), now())


def _champion(connection: duckdb.DuckDBPyConnection, task: str) -> str | None:
    """The champion of a task; None where the task has models but no champion."""
    require_tables(connection, MODELS, DECISIONS)
    found = fetch(
        connection, f"select task, model_version, status from {qualified(connection, MODELS)}"
    )
    tasks = sorted({row[0] for row in found})
    if task not in tasks:
        known = ", ".join(tasks) or "none yet: run python -m ml train"
        raise UsageError(f"no model of task {task!r}; tasks with models are {known}")
    return next((row[1] for row in found if row[0] == task and row[2] == "champion"), None)


def _verify(
    connection: duckdb.DuckDBPyConnection, settings: Settings, task: str, model_version: str
) -> None:
    """Check that the model is registered, with this bundle, and that its features exist."""
    found = fetch(
        connection,
        "select model_version, bundle_path, bundle_sha256"
        f" from {qualified(connection, MODELS)} where task = ? order by model_version",
        [task],
    )
    entry = next((row for row in found if row[0] == model_version), None)
    if entry is None:
        known = ", ".join(row[0] for row in found)
        raise UsageError(f"{task} has no model {model_version}; its models are {known}")
    bundle = load_bundle(settings.artifacts / entry[1])
    if (bundle.task, bundle.bundle_sha256) != (task, entry[2]):
        raise IntegrityError(
            f"the bundle in {bundle.folder} is not the one registered as {model_version}:"
            f" train {task} again"
        )
    missing = sorted(set(bundle.features) - set(columns(connection, bundle.relation)))
    if missing:
        raise InputError(
            f"{model_version} reads {missing[0]}, which {bundle.relation} does not have:"
            f" python -m ml train --task {task} learns from the current features"
        )


def _facts(task: str, before: str | None, after: str, reason: str) -> dict[str, Any]:
    return {
        "task": task,
        "champion_before": before,
        "champion_after": after,
        "changed": before != after,
        "reason": reason,
    }


def _table(rows: Sequence[tuple[Any, ...]]) -> Any:
    if not rows:
        return Text("no model yet: run python -m ml train", style="dim")
    table = Table()
    for heading in ("task", "model version", "status", "model", "trained (UTC)"):
        table.add_column(heading, no_wrap=heading == "model version")
    table.add_column("average precision", justify="right")
    table.add_column("why")
    for task, version, status, candidate, trained, value, reason in rows:
        figure = "-" if value is None else f"{value:.3f}"
        when = "-" if trained is None else f"{trained:%Y-%m-%d %H:%M}"
        cells = (task, version, status, str(candidate).replace("_", " "), when, figure, reason)
        table.add_row(*(Text(str(cell)) for cell in cells))
    return table
