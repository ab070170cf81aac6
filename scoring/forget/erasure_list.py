"""The erasure list: who is never to come back, as salted hashes in a file beside the raw files.

The hash keeps ids out of sight and out of a list that is copied along with the raw files; it is no
secret. Whoever has the list can ask whether a given id is on it, for that is what staging does.
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

__all__ = ["HEADER", "Plan", "hash_of", "plan", "read", "write"]

HEADER = ["salt", "customer_hash", "erased_at"]
Rows = list[list[str]]


def hash_of(salt: str, customer_id: str) -> str:
    """SHA-256 of salt and id, as warehouse/landing/erasures.py has it."""
    return hashlib.sha256(f"{salt}{customer_id}".encode()).hexdigest()


def read(path: Path) -> Rows:
    """The rows of the list; none without a file. Raises InputError when it is something else."""
    if not path.is_file():
        return []
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    if rows[:1] != [HEADER] or any(len(row) != len(HEADER) for row in rows):
        raise InputError(
            f"{path} is no erasure list: its first line must be {','.join(HEADER)},"
            " restore it from a copy"
        )
    return rows[1:]


@dataclass(frozen=True)
class Plan:
    """What the list is to be: its text, the hash of each id, the ids it did not have."""

    text: str
    hashes: list[str]
    new: list[str]


def plan(path: Path, ids: Iterable[str]) -> Plan:
    """The list with the ids on it. Raises InputError when the file is no list."""
    rows = read(path)
    salts = list(dict.fromkeys(row[0] for row in rows)) or [secrets.token_hex(16)]
    known = {(row[0], row[1]) for row in rows}
    entries = {each: [(salt, hash_of(salt, each)) for salt in salts] for each in ids}
    new = [each for each, hashes in entries.items() if known.isdisjoint(hashes)]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([HEADER, *rows, *((*entries[each][0], now) for each in new)])
    return Plan(text.getvalue(), [hashes[0][1] for hashes in entries.values()], new)


def write(path: Path, planned: Plan) -> None:
    """Put the list in place, in one step. Raises InputError when nothing can be written there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(path) as temporary:
            temporary.write_text(planned.text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"cannot write the erasure list {path} ({error.strerror}): set NUMEROSITY_ERASURES"
            " to a file that can be written, for dbt too; nothing was erased"
        ) from None
