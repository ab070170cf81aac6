"""`python -m ml retrain`: is there a reason to train again, and does the new model win?

The reason comes from what monitoring found at its newest run: what came true is worse than was
promised, the scores or the features have drifted, or the model knows nothing of the newest dates.
Training follows the usual protocol, and so does the contest: on the same rows, newer than anything
either model has learned from. Whatever comes of it is a row of registry.decisions, with the reason.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import duckdb

from ml.candidates import Candidate
from ml.console import say
from ml.dataset import NothingToLearnError
from ml.manifest import FeatureTable, Task, find_task, load_registry
from ml.train import train
from scoring.settings import Settings
from scoring.warehouse import connect, fetch, qualified, quoted, require_tables

__all__ = ["Need", "retrain", "whether"]

CHECKS = "monitoring.monitoring_checks"
REALISED = ("realised_auc", "realised_brier", "calibration")
EXPECTED = ("expected_auc", "expected_precision", "expected_brier", "score_psi", "score_ks")
DRIFT = ("feature_psi", "feature_ks", "range", "null_share")


@dataclass(frozen=True)
class Need:
    """Whether a task is to be trained again, and why."""

    task: str
    is_needed: bool
    reason: str


def retrain(
    settings: Settings,
    task: str | None = None,
    if_needed: bool = False,
    max_age: int = 12,
    seed: int = 0,
    candidates: Sequence[Candidate] | None = None,
) -> dict[str, Any]:
    """Train one task, or every task that has a champion, where there is a reason to.

    Without `if_needed` it is trained wherever there is something new to learn. Returns each task's
    need and what was trained. Raises as `ml.train.train` does.
    """
    tables = load_registry(settings.manifest)
    pairs = [(table, each) for table in tables for each in table.tasks if each.trained_by_default]
    if task:
        pairs = [find_task(tables, task)]
    found: list[dict[str, Any]] = []
    for table, each in pairs:
        with connect(settings.warehouse, True, settings.lock_timeout) as connection:
            need = whether(connection, table, each, max_age, if_needed)
        say(f"{each.name}: {'train again' if need.is_needed else 'leave it'}: {need.reason}")
        found.append(asdict(need) | {"trained": None})
        if need.is_needed:
            try:
                done = train(settings, each.name, seed, candidates=candidates, occasion=need.reason)
                (found[-1]["trained"],) = done["trained"]
            except NothingToLearnError as error:
                found[-1] |= {"is_needed": False, "reason": str(error)}
    return {"tasks": found}


def whether(
    connection: duckdb.DuckDBPyConnection,
    table: FeatureTable,
    task: Task,
    max_age: int = 12,
    if_needed: bool = True,
) -> Need:
    """The first reason that holds, what came true before what drifts before age.

    Whatever the reason, there must be a date to learn from that the champion does not know.
    """
    require_tables(connection, "registry.models", table.relation, CHECKS)
    champions = fetch(
        connection,
        f"select training_to from {qualified(connection, 'registry.models')}"
        " where task = ? and status = 'champion'",
        [task.name],
    )
    if not champions:
        return Need(task.name, True, "there is no champion yet")
    fresh = _fresh_dates(connection, table, task, champions[0][0])
    if not fresh:
        return Need(task.name, False, "no label has matured that the champion could not know")
    if not if_needed:
        return Need(task.name, True, "asked for")
    for checks, subjects, statuses in (
        (REALISED, task.name, ("fail", "warn")),
        (EXPECTED, task.name, ("fail",)),
        (DRIFT, f"{table.relation.rpartition('.')[2]}.%", ("fail",)),
    ):
        spoken = _spoken(connection, checks, subjects, statuses)
        if spoken:
            return Need(task.name, True, spoken)
    if fresh >= max_age:
        return Need(task.name, True, f"{fresh} dates have matured since it was trained")
    return Need(
        task.name, False, f"what came true is as promised, and only {fresh} new dates have matured"
    )


def _fresh_dates(
    connection: duckdb.DuckDBPyConnection, table: FeatureTable, task: Task, training_to: Any
) -> int:
    """Dates after `training_to` to learn from: their windows end by the newest matured one."""
    day, label = quoted(table.as_of_column), quoted(task.label)
    relation = qualified(connection, table.relation)
    ((count,),) = fetch(
        connection,
        f"with matured as (select distinct {day} as day from {relation} where {label} is not null)"
        f" select count(*) from matured where day > ?"
        f" and day + {task.horizon_days} <= (select max(day) from matured)"
        f" and day < (select max(day) from matured)",
        [training_to],
    )
    return int(count)


def _spoken(
    connection: duckdb.DuckDBPyConnection,
    checks: Sequence[str],
    subjects: str,
    statuses: Sequence[str],
) -> str | None:
    """What the worst of these checks said at the newest run, if it speaks up."""
    table = qualified(connection, CHECKS)
    rows = fetch(
        connection,
        f"select check_name, subject, message from {table}"
        f" where as_of_date = (select max(as_of_date) from {table})"
        " and list_contains(?, check_name) and list_contains(?, status) and subject like ?"
        " order by status, effect / coalesce(fail_from, warn_from) desc, check_name, subject"
        " limit 1",
        [list(checks), list(statuses), subjects],
    )
    if not rows:
        return None
    name, subject, message = rows[0]
    return f"{name.replace('_', ' ')} of {subject}: {message.split('. ')[0].rstrip('.')}"
