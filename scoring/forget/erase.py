"""`python -m scoring forget`: update the erasure list, rewrite every copy, then the warehouse."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import structlog

from scoring.forget import databases, erasure_list, files, lineage
from scoring.forget.left_over import delivered_to, emails, not_kept_out, still_found
from scoring.forget.receipt import Receipt, ReceiptLine, now, record, resume
from scoring.forget.replace import replace_file
from scoring.publish.versions import Versions
from warehouse.connection import connect, fetch, storage, transaction
from warehouse.console import row_progress_bar
from warehouse.errors import InputError, UsageError
from warehouse.ids import normal_id
from warehouse.landing.catalog import read_catalog
from warehouse.landing.deliveries import every_delivery
from warehouse.landing.erasures import apply_erasures
from warehouse.landing.land import rules_of
from warehouse.settings import Settings

__all__ = ["ErasureRequest", "forget"]

log = structlog.get_logger()
SCRATCH = ".forget-"


@dataclass(frozen=True)
class ErasureRequest:
    """The ids of the customers to erase; `rewrite_raw`: from the raw files as well."""

    ids: tuple[str, ...]
    rewrite_raw: bool = False
    dry_run: bool = False
    progress: bool = True


@dataclass(frozen=True)
class FoundRows:
    """Where the customers' rows are: in DuckDB files, in our own files and in raw files."""

    names: Mapping[Path, str]
    """The name each DuckDB file is attached as."""
    others: Mapping[Path, list[Path]]
    """Further paths of the same DuckDB file (hard links)."""
    tables: Mapping[Path, list[lineage.Relation]]
    """All tables of each DuckDB file."""
    rows: Mapping[Path, dict[str, int]]
    """For each DuckDB file, the customers' rows by table."""
    own: list[files.FoundFile]
    raw: list[files.FoundFile]
    unknown: set[str]
    """Ids that no table and no raw file has."""

    @property
    def lines(self) -> list[ReceiptLine]:
        """The rows to erase, without those of raw files."""
        return [
            *(
                ReceiptLine(str(path), table, n)
                for path, each in self.rows.items()
                for table, n in each.items()
            ),
            *(ReceiptLine(str(file.path), "rows", file.rows) for file in self.own),
        ]


def forget(settings: Settings, request: ErasureRequest) -> Receipt:
    """Erase the customers everywhere, and return the receipt.

    Its status is `done`, `already_done` or `dry_run`. The warehouse is locked from start to end, so
    nothing is scored or published meanwhile.

    Raises UsageError (no id), InputError (an unknown id, no dbt manifest, an unreadable file),
    IntegrityError (a rewritten file does not hold the right rows), LockedError or StorageError. The
    files rewritten by then are complete, and a further run does the rest.
    """
    ids = tuple(dict.fromkeys(each for text in request.ids if (each := normal_id(text))))
    if not ids:
        raise UsageError("no customer given: give customer ids, or a file of ids with --file")
    with _locked(settings) as connection:
        fetch(connection, "set memory_limit = ?", [settings.memory_limit])
        lineage.start(connection, {lineage.PERSON: ids}, lineage.entity_keys(settings.manifest))
        with _search(connection, settings) as found:
            planned = erasure_list.plan(settings.erasure_list, ids)
            _check_known(found.unknown & set(planned.new), ids)
            receipt = resume(settings.receipts, planned.hashes, found.lines)
            receipt.raw_files = [
                {"file": str(file.path), "rows": file.rows, "rewritten": request.rewrite_raw}
                for file in found.raw
            ]
            receipt.delivered_to = delivered_to(connection)
            receipt.not_kept_out = not_kept_out(connection)
            databases_found = [file for file in found.raw if file.format in ("duckdb", "db")]
            if request.rewrite_raw and databases_found:
                raise UsageError(
                    f"{databases_found[0].path.parent} is a DuckDB file, nothing was changed:"
                    " delete the rows there by SQL, and run again without --rewrite-raw"
                )
            to_do = planned.new or found.lines or (found.raw and request.rewrite_raw)
            if request.dry_run or not (to_do or receipt.status == "started"):
                receipt.status = "dry_run" if request.dry_run else "already_done"
                return receipt
            words = [*ids, *emails(connection)]
            if planned.new:
                erasure_list.write(settings.erasure_list, planned)
            receipt.status = "started"
            receipt.write(settings.receipts)
            log.info("erasing", customers=len(ids), rows=receipt.rows, receipt=receipt.erasure_id)
            _erase(connection, found, settings, receipt, request)
        receipt.still_found = still_found(settings, words)
        receipt.status, receipt.finished_at = "done", now()
        receipt.write(settings.receipts)
    return receipt


@contextmanager
def _locked(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the warehouse; no other process can write to it or publish meanwhile."""
    versions = Versions(settings.serving)
    published = versions.folder.is_dir()
    with (
        versions.locked(settings.lock_timeout) if published else nullcontext(),
        connect(settings.warehouse, timeout=settings.lock_timeout) as connection,
        storage(settings.warehouse),
    ):
        yield connection


@contextmanager
def _search(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[FoundRows]:
    """Find the customers' rows; the copies of the warehouse stay attached within the block."""
    with ExitStack() as stack:
        scratch = stack.enter_context(_scratch(settings.landing_folder))
        raw = files.raw_files(connection, settings.raw, scratch)
        ((warehouse,),) = fetch(connection, "select current_database()")
        names = {}
        others = {}
        for number, (path, *rest) in enumerate(databases.copies(settings)):
            copy = databases.attached(connection, path, f"copy_{number}", "read_only")
            names[path] = stack.enter_context(copy)
            others[path] = rest
        names[settings.warehouse] = warehouse
        tables = {path: lineage.relations(connection, name) for path, name in names.items()}
        every_table = [table for each in tables.values() for table in each]
        lineage.trace(connection, every_table)
        unknown = lineage.unknown_ids(connection, every_table)
        rows = {path: databases.count(connection, each) for path, each in tables.items()}
        folders = settings.serving.with_suffix(""), settings.activation
        own = list(files.own_files(connection, scratch, *folders))
        yield FoundRows(names, others, tables, rows, own, raw, unknown)


def _erase(
    connection: duckdb.DuckDBPyConnection,
    found: FoundRows,
    settings: Settings,
    receipt: Receipt,
    request: ErasureRequest,
) -> None:
    """Rewrite each file with the customers' rows; the warehouse last, with the receipt in it."""
    for name, entry in read_catalog().items():
        folder, people = settings.landing_folder / name, rules_of(entry.get("people") or {})
        apply_erasures(folder, every_delivery(folder), people, settings.erasure_list)
    warehouse = settings.warehouse
    for file in [*found.own, *(found.raw if request.rewrite_raw else [])]:
        files.rewrite_file(connection, file)
        log.info("rewritten", file=str(file.path), rows=file.rows)
    for path, name in found.names.items():
        if found.rows[path]:
            finish = partial(record, connection, receipt) if path == warehouse else None
            with row_progress_bar(path.name, len(found.tables[path]), request.progress) as advance:
                databases.rewrite(connection, name, path, found.rows[path], finish, advance)
            for other in found.others.get(path, []):
                with replace_file(other) as temporary:
                    os.link(path, temporary)
            log.info("rewritten", file=str(path), rows=sum(found.rows[path].values()))
        elif path == warehouse:
            with transaction(connection):
                record(connection, receipt, name)


@contextmanager
def _scratch(landing: Path) -> Iterator[Path]:
    """A folder for the records of raw files, removed at the end; also what a killed run left."""
    for left in landing.glob(f"{SCRATCH}*"):
        shutil.rmtree(left)
    landing.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=SCRATCH, dir=landing) as folder:
        yield Path(folder)


def _check_known(unknown: set[str], ids: tuple[str, ...]) -> None:
    """Raise InputError for an id that no table has and that was never erased."""
    if unknown:
        first, *more = (each for each in ids if each in unknown)
        others = f" and {len(more)} more" if more else ""
        raise InputError(
            f"unknown customer {first}{others}, nothing was changed:"
            " write ids as in marts.customers"
        )
