"""The receipt of an erasure: the rows erased by place, and what others must erase; without ids."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from scoring.forget.replace import replace_file
from warehouse.connection import fetch, quoted
from warehouse.tables import create, insert

__all__ = ["TABLE", "Receipt", "ReceiptLine", "erasure_id", "now", "record", "resume"]

TABLE = "scoring.erasures"


@dataclass(frozen=True)
class ReceiptLine:
    """The rows erased from one table of a database file, or from one file."""

    place: str
    table: str
    rows: int


@dataclass
class Receipt:
    """What one erasure did."""

    erasure_id: str
    customers: int
    """The number of customers erased."""
    status: str = "new"
    """`new`, `started`, `done`, `already_done` or `dry_run`."""
    started_at: str = ""
    finished_at: str | None = None
    erased: list[ReceiptLine] = field(default_factory=list)
    raw_files: list[dict[str, Any]] = field(default_factory=list)
    """For each raw file with rows of the customers: file, rows, rewritten (bool)."""
    still_found: list[str] = field(default_factory=list)
    """Other files that still contain an id or e-mail address."""
    delivered_to: list[dict[str, Any]] = field(default_factory=list)
    """For each URL that received the customers: address, last (when)."""
    not_kept_out: list[str] = field(default_factory=list)
    """Sources that the erasure list cannot be applied to."""

    @property
    def rows(self) -> int:
        """The number of rows erased."""
        return sum(line.rows for line in self.erased)

    def facts(self) -> dict[str, Any]:
        """The receipt as JSON."""
        lines = [vars(line) for line in self.erased]
        return {**vars(self), "erased": lines, "rows_erased": self.rows}

    def write(self, folder: Path) -> Path:
        """Write the receipt to `<folder>/<erasure_id>.json` atomically; returns the path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.erasure_id}.json"
        with replace_file(path) as temporary:
            temporary.write_text(json.dumps(self.facts(), indent=2) + "\n", encoding="utf-8")
        return path


def erasure_id(hashes: Iterable[str]) -> str:
    """16 hex digits, the same for the same customers; they do not reveal a customer id."""
    return hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()[:16]


def now() -> str:
    """The time in UTC, in ISO 8601 with seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def resume(folder: Path, hashes: list[str], found: Iterable[ReceiptLine]) -> Receipt:
    """The receipt of this erasure: the rows found now, added to those that earlier runs erased.

    A run that was killed has written its planned lines; a line found again was not erased yet.
    """
    name = erasure_id(hashes)
    path = folder / f"{name}.json"
    receipt = Receipt(name, len(hashes), started_at=now())
    lines: dict[tuple[str, str], int] = {}
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        receipt.started_at, receipt.status = earlier["started_at"], earlier["status"]
        lines = {(line["place"], line["table"]): line["rows"] for line in earlier["erased"]}
    for line in found:
        key = line.place, line.table
        lines[key] = line.rows + (lines.get(key, 0) if receipt.status == "done" else 0)
    receipt.erased = [ReceiptLine(*key, rows) for key, rows in lines.items()]
    return receipt


def record(connection: duckdb.DuckDBPyConnection, receipt: Receipt, database: str) -> None:
    """Replace the lines of the receipt in `scoring.erasures` of an attached database."""
    create(connection, TABLE, quoted(database))
    table = f"{quoted(database)}.{TABLE}"
    fetch(connection, f"delete from {table} where erasure_id = ?", [receipt.erasure_id])
    erasure = {
        "erasure_id": receipt.erasure_id,
        "erased_at": datetime.now(UTC).replace(tzinfo=None),
    }
    rows = [
        erasure | {"place": line.place, "table_name": line.table, "rows_erased": line.rows}
        for line in receipt.erased
    ]
    insert(connection, table, rows)
