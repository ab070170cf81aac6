"""Who is champion, and since when and why: changes of status, each noted in registry.decisions.

The notes are only ever added to. A change and its note are one transaction.
"""

from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from typing import Literal

import duckdb

from ml.evaluation.bootstrap import Difference
from warehouse.connection import fetch, qualified

__all__ = [
    "DECISIONS",
    "MODELS",
    "Decision",
    "earlier_champions",
    "insert",
    "make_champion",
    "note",
    "now",
    "was_withdrawn",
]

MODELS = "registry.models"
DECISIONS = "registry.decisions"
TOGETHER = 500
"""Rows of one insert."""

Kind = Literal["first", "promote", "refuse", "rollback"]


@dataclass(frozen=True)
class Decision:
    """One decision; the fields are the columns of registry.decisions between task and metric."""

    task: str
    kind: Kind
    model_version: str
    """The model the decision was about; of a rollback, the one gone back to."""
    champion_before: str | None
    champion_after: str
    reason: str
    difference: Difference | None = None
    """Gain in average precision over the champion, and its 95 % interval."""
    rows: int | None = None
    """Rows it was measured on."""


def note(connection: duckdb.DuckDBPyConnection, decision: Decision, at: datetime) -> None:
    """Add the decision to registry.decisions."""
    task, *what, difference, rows = astuple(decision)
    measured = ("average_precision", *difference) if difference else (None,) * 4
    insert(connection, DECISIONS, [(task, at, *what, *measured, rows)])


def make_champion(
    connection: duckdb.DuckDBPyConnection, task: str, model_version: str, reason: str, why_not: str
) -> None:
    """Make a registered model the champion; the champion there was is retired with `why_not`."""
    models = qualified(connection, MODELS)
    fetch(
        connection,
        f"update {models} set status = 'retired', reason = ?"
        " where task = ? and status = 'champion' and model_version <> ?",
        [why_not, task, model_version],
    )
    fetch(
        connection,
        f"update {models} set status = 'champion', reason = ? where task = ? and model_version = ?",
        [reason, task, model_version],
    )


def earlier_champions(connection: duckdb.DuckDBPyConnection, task: str) -> list[str]:
    """The champions one could go back to, the newest last; the champion in force ends the list.

    A rollback takes the newest away, so that rolling back twice goes back two steps.
    """
    line: list[str] = []
    for kind, after in fetch(
        connection,
        f"select kind, champion_after from {qualified(connection, DECISIONS)}"
        " where task = ? and kind <> 'refuse' order by decided_at, rowid",
        [task],
    ):
        if kind == "rollback":
            del line[-1:]
        elif not line or line[-1] != after:
            line.append(after)
    return line


def was_withdrawn(connection: duckdb.DuckDBPyConnection, task: str, model_version: str) -> bool:
    """Whether the last that was decided of the model is that somebody rolled it back."""
    last = fetch(
        connection,
        f"select kind, champion_before from {qualified(connection, DECISIONS)}"
        " where task = ? and kind <> 'refuse' and ? in (champion_before, champion_after)"
        " order by decided_at desc, rowid desc limit 1",
        [task, model_version],
    )
    return last == [("rollback", model_version)]


def now() -> datetime:
    """UTC, as the naive timestamp the tables hold."""
    return datetime.now(UTC).replace(tzinfo=None)


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]
) -> None:
    """Add rows in the order of the table's columns, many at once: one by one takes 1 ms each."""
    for start in range(0, len(rows), TOGETHER):
        some = rows[start : start + TOGETHER]
        marks = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        flat = [value for row in some for value in row]
        fetch(connection, f"insert into {qualified(connection, table)} values {marks}", flat)
