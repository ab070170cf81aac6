"""Publish: what BI reads, whole, checked and swapped in at once; restore: an earlier version."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scoring.publish.public_tables import check_build, public_tables
from scoring.publish.published_types import require_types
from scoring.publish.version_file import Sum, read, sums, write, write_parquet
from scoring.publish.versions import Versions
from warehouse.connection import connect, fetch, require_tables, storage
from warehouse.console import row_progress_bar
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.steps import step

__all__ = ["KEEP", "Published", "publish", "restore"]

KEEP = 3
"""Versions kept, with the one that is served."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Published:
    """What is served now."""

    status: str
    """`done`, or `already_done` when just this was served before."""
    version: str
    serving: Path
    parquet: Path | None
    rows: dict[str, int]
    """By published relation."""
    kept: list[str]
    """Versions that `restore` can bring back, oldest first."""
    seconds: float


def publish(
    settings: Settings,
    keep: int = KEEP,
    parquet: bool = False,
    force: bool = False,
    progress: bool = True,
) -> Published:
    """Copy the public tables of the warehouse into a new version, and serve it.

    Where the same is served already, nothing is copied. Parquet, once asked for, is kept in step.
    Whatever is raised, what was served still is: InputError (what dbt ran last has failed and there
    is no `force`, a table is missing, or a column has a type that is not published),
    IntegrityError (the copy is not the original), LockedError or StorageError.
    """
    started = time.perf_counter()
    versions = Versions(settings.serving)
    if not force:
        check_build(settings.manifest.with_name("run_results.json"))
    total = 3 * len(public_tables(settings.manifest))
    with (
        storage(settings.serving),
        versions.locked(settings.lock_timeout),
        row_progress_bar("publishing", total, progress) as advance,
    ):
        status, version, held = _copy(settings, versions, advance)
        if status == "done":
            versions.serve(version)
        _in_parquet(versions, version, parquet)
        kept = versions.remove_old(keep, version)
    return _published(status, versions, version, held, kept, started)


def restore(settings: Settings, version: str | None = None) -> Published:
    """Serve an earlier version again: the one named, or the one before what is served.

    It is read and checked before. Whatever is raised, what was served still is: UsageError (there
    is no such version), IntegrityError (it is not what was published), LockedError or StorageError.
    """
    started = time.perf_counter()
    versions = Versions(settings.serving)
    with storage(settings.serving), versions.locked(settings.lock_timeout):
        kept, (served, _) = versions.kept(), _served(versions)
        earlier = [other for other in kept if other < (served or "~")]
        wanted = version or next(reversed(earlier), "")
        if wanted not in kept:
            raise UsageError(
                f"no {f'version {version}' if version else 'earlier version'} of"
                f" {versions.serving} to restore: kept are {', '.join(kept) or 'none'}"
            )
        _, held = read(versions.file(wanted), check=True)
        versions.serve(wanted)
        _in_parquet(versions, wanted)
    status = "already_done" if wanted == served else "done"
    return _published(status, versions, wanted, held, kept, started)


def _copy(
    settings: Settings, versions: Versions, advance: Callable[[int], None]
) -> tuple[str, str, dict[str, Sum]]:
    """Make a version of the warehouse as it is, unless that is served; its status, name, content.

    The warehouse is held for reading in the meantime, and so cannot change.
    """
    tables = public_tables(settings.manifest)
    with connect(settings.warehouse, True, settings.lock_timeout) as connection:
        fetch(connection, "set memory_limit = ?", [settings.memory_limit])
        require_tables(connection, *(table.relation for table in tables))
        require_types(connection, tables)
        ((database,),) = fetch(connection, "select current_database()")
        held = sums(connection, database, tables, advance)
        served, said = _served(versions)
        if served and said == held:
            return "already_done", served, held
        step("version begun")
        at = datetime.now(UTC).replace(tzinfo=None)  # as the naive timestamps of all tables
        version = f"{at:%Y%m%d-%H%M%S-%f}"
        temporary = versions.temporary(f"{version}.duckdb")
        write(connection, temporary, version, at, tables, held, advance)
        versions.keep(temporary, versions.file(version))
    step("version kept")
    return "done", version, held


def _served(versions: Versions) -> tuple[str | None, dict[str, Sum]]:
    """What is served and what it says it holds; None when it is not one of the versions kept."""
    try:
        version, said = read(versions.serving)
    except IntegrityError:
        return None, {}
    return (version, said) if version in versions.kept() else (None, {})


def _in_parquet(versions: Versions, version: str, wanted: bool = False) -> None:
    """Serve a version as Parquet too, if that is wanted now or was once."""
    if not (wanted or versions.parquet.is_symlink()):
        return
    folder = versions.parquet_of(version)
    if not folder.is_dir():
        temporary = versions.temporary(folder.name)
        write_parquet(versions.file(version), temporary)
        step("parquet written")
        versions.keep(temporary, folder)
    versions.serve_parquet(version)


def _published(
    status: str,
    versions: Versions,
    version: str,
    held: dict[str, Sum],
    kept: list[str],
    started: float,
) -> Published:
    log.info(status, version=version, serving=str(versions.serving))
    return Published(
        status,
        version,
        versions.serving,
        versions.parquet if versions.parquet.is_symlink() else None,
        {relation: each.rows for relation, each in held.items()},
        kept,
        round(time.perf_counter() - started, 3),
    )
