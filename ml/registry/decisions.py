"""Changes of the champion, each noted in registry.decisions with its time and reason.

Rows are only added to registry.decisions. A change and its note are written in one transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import duckdb

from ml.evaluation.bootstrap import Difference
from warehouse.connection import fetch, qualified
from warehouse.tables import insert

__all__ = [
    "DECISIONS",
    "MODELS",
    "Decision",
    "earlier_champions",
    "note",
    "now",
    "was_withdrawn",
]

MODELS = "registry.models"
DECISIONS = "registry.decisions"

Kind = Literal["first", "promote", "refuse", "rollback"]


@dataclass(frozen=True)
class Decision:
    """One decision; the fields are named like the columns of registry.decisions."""

    task: str
    kind: Kind
    model_version: str
    """The model that the decision is about; in a rollback, the one that becomes champion again."""
    champion_before: str | None
    champion_after: str
    reason: str
    difference: Difference | None = None
    """Gain in average precision over the champion, and its 95 % interval."""
    rows: int | None = None
    """The number of rows on which the difference was measured."""


def note(connection: duckdb.DuckDBPyConnection, decision: Decision, at: datetime) -> None:
    """Add the decision to registry.decisions."""
    row = {**vars(decision), "decided_at": at, "difference": None}
    if decision.difference:
        ends = ("difference", "difference_low", "difference_high")
        row |= {"metric": "average_precision", **dict(zip(ends, decision.difference, strict=True))}
    insert(connection, qualified(connection, DECISIONS), [row])


def make_champion(
    connection: duckdb.DuckDBPyConnection, task: str, model_version: str, reason: str, why_not: str
) -> None:
    """Make a registered model the champion, and retire the previous one with reason `why_not`."""
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
    """The champions to which a rollback can go, oldest first; the current champion comes last.

    A rollback removes the last one, so that two rollbacks go back two steps.
    """
    champions: list[str] = []
    for kind, after in fetch(
        connection,
        f"select kind, champion_after from {qualified(connection, DECISIONS)}"
        " where task = ? and kind <> 'refuse' order by decided_at, rowid",
        [task],
    ):
        if kind == "rollback":
            del champions[-1:]
        elif not champions or champions[-1] != after:
            champions.append(after)
    return champions


def was_withdrawn(connection: duckdb.DuckDBPyConnection, task: str, model_version: str) -> bool:
    """Whether the newest decision about the model, other than a refusal, rolled it back."""
    last = fetch(
        connection,
        f"select kind, champion_before from {qualified(connection, DECISIONS)}"
        " where task = ? and kind <> 'refuse' and ? in (champion_before, champion_after)"
        " order by decided_at desc, rowid desc limit 1",
        [task, model_version],
    )
    return last == [("rollback", model_version)]


def now() -> datetime:
    """The current time in UTC, without time zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)
