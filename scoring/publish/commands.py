"""The commands `publish` (copy, verify and serve the public tables) and `restore`."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from scoring.publish.public_tables import check_build, public_tables
from scoring.publish.published_types import require_types
from scoring.publish.version_file import TableChecksum, checksums, read, write, write_parquet
from scoring.publish.versions import Versions
from warehouse.connection import connect, fetch, require_tables, storage
from warehouse.console import row_progress_bar
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.steps import step

__all__ = ["KEEP", "Published", "publish", "restore"]

KEEP = 3
"""The default number of versions to keep, the served one included."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Published:
    """The version that is served now."""

    status: str
    """`done`, or `already_done` when the same content was served before."""
    version: str
    serving: Path
    parquet: Path | None
    """The folder of Parquet files; None when Parquet was never requested."""
    rows: dict[str, int]
    """The number of rows of each published relation."""
    kept: list[str]
    """The versions that `restore` can serve, oldest first."""
    seconds: float


def publish(
    settings: Settings,
    keep: int = KEEP,
    parquet: bool = False,
    force: bool = False,
    progress: bool = True,
) -> Published:
    """Copy the public tables of the warehouse to a new version, and serve it.

    Nothing is copied if the same content is served already. With `parquet`, this version and all
    later ones are published as Parquet as well. `keep` is the number of versions to keep.

    Raises InputError (the last dbt run failed and `force` is false, a table is missing, or a column
    has a type that is not published), IntegrityError (the copy differs from the original),
    UsageError (the serving path), LockedError or StorageError. The served version is unchanged
    then.
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
        status, version, content = _copy(settings, versions, advance)
        if status == "done":
            versions.serve(version)
        _serve_parquet(versions, version, parquet)
        kept = versions.remove_old(keep, version)
    return _published(status, versions, version, content, kept, started)


def restore(settings: Settings, version: str | None = None) -> Published:
    """Serve an earlier version again: `version`, or the one before the served version.

    The version is verified first. Raises UsageError (no such version), IntegrityError (the version
    was changed since it was published), LockedError or StorageError. The served version is
    unchanged then.
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
        _, content = read(versions.file(wanted), check=True)
        versions.serve(wanted)
        _serve_parquet(versions, wanted)
    status = "already_done" if wanted == served else "done"
    return _published(status, versions, wanted, content, kept, started)


def _copy(
    settings: Settings, versions: Versions, advance: Callable[[int], None]
) -> tuple[str, str, dict[str, TableChecksum]]:
    """Make a version of the warehouse, unless its content is served; returns status, name, content.

    The warehouse is open for reading meanwhile, so it cannot change.
    """
    tables = public_tables(settings.manifest)
    with connect(settings.warehouse, True, settings.lock_timeout) as connection:
        fetch(connection, "set memory_limit = ?", [settings.memory_limit])
        require_tables(connection, *(table.relation for table in tables))
        require_types(connection, tables)
        ((database,),) = fetch(connection, "select current_database()")
        content = checksums(connection, database, tables, advance)
        served, served_content = _served(versions)
        if served and served_content == content:
            return "already_done", served, content
        step("version begun")
        at = datetime.now(UTC).replace(tzinfo=None)  # naive UTC, like the timestamps of all tables
        version = f"{at:%Y%m%d-%H%M%S-%f}"
        temporary = versions.temporary(f"{version}.duckdb")
        write(connection, temporary, version, at, tables, content, advance)
        versions.keep(temporary, versions.file(version))
    step("version kept")
    return "done", version, content


def _served(versions: Versions) -> tuple[str | None, dict[str, TableChecksum]]:
    """The served version and its recorded content; None when it is not one of the kept versions."""
    try:
        version, content = read(versions.serving)
    except IntegrityError:
        return None, {}
    return (version, content) if version in versions.kept() else (None, {})


def _serve_parquet(versions: Versions, version: str, wanted: bool = False) -> None:
    """Serve a version as Parquet as well, if that is requested now or was before."""
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
    content: dict[str, TableChecksum],
    kept: list[str],
    started: float,
) -> Published:
    log.info(status, version=version, serving=str(versions.serving))
    return Published(
        status,
        version,
        versions.serving,
        versions.parquet if versions.parquet.is_symlink() else None,
        {relation: table.rows for relation, table in content.items()},
        kept,
        round(time.perf_counter() - started, 3),
    )
