"""The champions of the registry: which model scores which task."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from scoring.bundle import Bundle, load_bundle
from warehouse.connection import fetch, qualified, require_tables
from warehouse.errors import InputError, IntegrityError, UsageError
from warehouse.feature_tables import load_feature_tables

__all__ = ["Champion", "find_champions"]


@dataclass(frozen=True)
class Champion:
    """A task's champion, as recorded in registry.models."""

    task: str
    model_version: str
    folder: Path
    bundle_sha256: str

    def load(self) -> Bundle:
        """Load and verify its bundle.

        Raises IntegrityError when the folder holds another bundle than the registered one, and
        otherwise as `load_bundle` does.
        """
        bundle = load_bundle(self.folder)
        for name in ("task", "model_version", "bundle_sha256"):
            found, registered = getattr(bundle, name), getattr(self, name)
            if found != registered:
                raise IntegrityError(
                    f"the bundle in {self.folder} has {name} {found}, registry.models says"
                    f" {registered}: train or promote the model of {self.task} again"
                )
        return bundle


def find_champions(
    connection: duckdb.DuckDBPyConnection, artifacts: Path, manifest: Path, task: str | None = None
) -> list[Champion]:
    """The champion of every task, or of `task` only, ordered by task.

    Bundle paths are below the folder `artifacts`. Raises UsageError (an unknown task) or InputError
    (no champion, several champions of one task, no table registry.models, no dbt manifest).
    """
    require_tables(connection, "registry.models")
    rows = fetch(
        connection,
        "select task, model_version, bundle_path, bundle_sha256"
        f" from {qualified(connection, 'registry.models')}"
        " where status = 'champion' order by task",
    )
    champions = [Champion(row[0], row[1], artifacts / row[2], row[3]) for row in rows]
    if task is not None:
        champions = [champion for champion in champions if champion.task == task]
    if not champions:
        if task is None:
            raise InputError("no champion for any task: run python -m ml train")
        known = _known_tasks(connection, manifest)
        if known and task not in known:
            raise UsageError(f"no task {task!r}: the tasks are {', '.join(known)}")
        raise InputError(f"no champion for {task}: run python -m ml train --task {task}")
    tasks = [champion.task for champion in champions]
    for name in tasks:
        if tasks.count(name) > 1:
            raise InputError(
                f"registry.models has {tasks.count(name)} champions for {name}: keep the status"
                " champion for one of them"
            )
    return champions


def _known_tasks(connection: duckdb.DuckDBPyConnection, manifest: Path) -> list[str]:
    """The trained tasks, and those that the project's YAML declares."""
    trained = fetch(
        connection, f"select distinct task from {qualified(connection, 'registry.models')}"
    )
    declared = {task.name for table in load_feature_tables(manifest) for task in table.tasks}
    return sorted({row[0] for row in trained} | declared)
