"""Who is champion, and since when and why: changes of status, each noted in registry.decisions.

The notes are only ever added to. A change and its note are one transaction.
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
    """One decision, named as the columns of registry.decisions."""

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
    row = {**vars(decision), "decided_at": at, "difference": None}
    if decision.difference:
        ends = ("difference", "difference_low", "difference_high")
        row |= {"metric": "average_precision", **dict(zip(ends, decision.difference, strict=True))}
    insert(connection, qualified(connection, DECISIONS), [row])


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
