"""The erasure list: salted hashes of erased customer ids, in a CSV file next to the raw files.

The hash keeps readable ids out of a file that is copied with the raw files. It does not hide them:
whoever has the list can check whether a given id is on it, as staging does.
"""

import csv
import hashlib
import io
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scoring.forget.replace import replace_file
from warehouse.errors import InputError

__all__ = ["HEADER", "ErasurePlan", "hash_of", "plan", "read", "write"]

HEADER = ["salt", "customer_hash", "erased_at"]
Rows = list[list[str]]


def hash_of(salt: str, customer_id: str) -> str:
    """SHA-256 (hex) of salt and id, the same as in warehouse/landing/erasures.py."""
    return hashlib.sha256(f"{salt}{customer_id}".encode()).hexdigest()


def read(path: Path) -> Rows:
    """The rows of the list, without its header; none when there is no file.

    Raises InputError when the file is not an erasure list.
    """
    if not path.is_file():
        return []
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    if rows[:1] != [HEADER] or any(len(row) != len(HEADER) for row in rows):
        raise InputError(
            f"{path} is not an erasure list (its first line must be {','.join(HEADER)}):"
            " restore it from a backup"
        )
    return rows[1:]


@dataclass(frozen=True)
class ErasurePlan:
    """The erasure list as it is to be written."""

    text: str
    """The content of the file."""
    hashes: list[str]
    """One hash per id, in the order of the ids."""
    new: list[str]
    """The ids that were not on the list."""


def plan(path: Path, ids: Iterable[str]) -> ErasurePlan:
    """The list of `path` with the ids added. Raises InputError as `read` does."""
    rows = read(path)
    salts = list(dict.fromkeys(row[0] for row in rows)) or [secrets.token_hex(16)]
    known = {(row[0], row[1]) for row in rows}
    entries = {each: [(salt, hash_of(salt, each)) for salt in salts] for each in ids}
    new = [each for each, hashes in entries.items() if known.isdisjoint(hashes)]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEADER, *rows, *((*entries[each][0], now) for each in new)])
    return ErasurePlan(text.getvalue(), [hashes[0][1] for hashes in entries.values()], new)


def write(path: Path, planned: ErasurePlan) -> None:
    """Write the list atomically. Raises InputError when the file cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            temporary.write_text(planned.text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write the erasure list {path} ({error.strerror}), nothing was erased: set"
            " NUMEROSITY_ERASURES to a writable file, for dbt as well"
        ) from None
