"""`python -m ml retrain`: train a task again where there is a reason, and promote a clear winner.

The reason comes from the newest run of monitoring: outcomes are worse than expected, scores or
features have drifted, or many dates have matured since the model was trained. Training and the
comparison with the champion follow the usual protocol: both models are measured on the same rows,
newer than all training rows. Where something has changed, a model of all dates is followed by a
model of only those dates that the champion does not know, since behaviour in the old dates may no
longer apply. Each result is a row of registry.decisions, with the reason.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

import duckdb

from ml.candidates import Candidate
from ml.data.dataset import NothingToLearnError
from ml.data.labelled_rows import find_rows
from ml.training.train import TrainingRequest, train
from warehouse.connection import connect, fetch, qualified, quoted, require_tables
from warehouse.console import say
from warehouse.feature_tables import FeatureTable, Task, find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["Need", "assess_need", "retrain"]

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
    fresh_from: date | None = None
    """The first date for training that the champion does not know."""


def retrain(
    settings: Settings,
    task: str | None = None,
    if_needed: bool = False,
    max_age: int = 12,
    wait_days: int = 14,
    seed: int = 0,
    candidates: Sequence[Candidate] | None = None,
) -> dict[str, Any]:
    """Train one task, or every task that is trained by default, where there is a reason.

    Without `if_needed` a task is trained wherever new dates have matured. `max_age` is a number of
    matured dates, `wait_days` a number of days; see `assess_need`. Returns the need of each task
    and the facts of its training. Raises the errors of `ml.training.train.train`.
    """
    tables = load_feature_tables(settings.manifest)
    pairs = [(table, each) for table in tables for each in table.tasks if each.trained_by_default]
    if task:
        pairs = [find_task(tables, task)]
    found: list[dict[str, Any]] = []
    for table, each in pairs:
        with connect(settings.warehouse, True, settings.lock_timeout) as connection:
            need = assess_need(connection, settings, table, each, max_age, wait_days, if_needed)
        say(f"{each.name}: {'train again' if need.is_needed else 'keep'}: {need.reason}")
        found.append(asdict(need) | {"trained": None})
        if need.is_needed:
            try:
                found[-1]["trained"] = _trained(settings, each.name, need, seed, candidates)
            except NothingToLearnError as error:
                found[-1] |= {"is_needed": False, "reason": str(error)}
    return {"tasks": found}


def _trained(
    settings: Settings,
    task: str,
    need: Need,
    seed: int,
    candidates: Sequence[Candidate] | None,
) -> dict[str, Any]:
    """The result of training on all dates, or on the newest only where that becomes champion."""
    request = TrainingRequest(seed, candidates=candidates, occasion=need.reason)
    (found,) = train(settings, task, request)["trained"]
    if need.fresh_from is None:
        return dict(found)
    occasion = f"{need.reason}; learned from {need.fresh_from} on alone"
    try:
        fresh = replace(request, occasion=occasion, since=need.fresh_from)
        (recent,) = train(settings, task, fresh)["trained"]
    except NothingToLearnError:
        return dict(found)
    return dict(recent if recent["status"] == "champion" else found)


def assess_need(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    table: FeatureTable,
    task: Task,
    max_age: int = 12,
    wait_days: int = 14,
    if_needed: bool = True,
) -> Need:
    """Whether the task is to be trained again, with the first reason that applies.

    Realised performance is checked first, then expected performance, then drift, then age: at least
    `max_age` dates have matured since the champion was trained. In every case there must be a date
    for training that the champion does not know. After a refused challenger there must be a date at
    least `wait_days` days newer than its training dates.

    Dates and checks are read from `settings.features_from`, models from the warehouse. Raises
    InputError when a table does not exist.
    """
    require_tables(connection, "registry.models")
    features, _ = find_rows(connection, table.relation, settings)
    monitored, _ = find_rows(connection, CHECKS, settings)
    ((known_to, tried_to),) = fetch(
        connection,
        "select max(case when status = 'champion' then training_to end), max(training_to)"
        f" from {qualified(connection, 'registry.models')} where task = ?",
        [task.name],
    )
    if known_to is None:
        return Need(task.name, True, "there is no champion yet")
    fresh = _fresh_dates(connection, features, table.as_of_column, task, known_to)
    if not fresh:
        return Need(task.name, False, "no new date has matured since the champion was trained")
    if not if_needed:
        return Need(task.name, True, "asked for", fresh[0])
    if tried_to > known_to and (fresh[-1] - tried_to).days < wait_days:
        why = f"a challenger trained up to {tried_to} was refused; the newest date is {fresh[-1]}"
        return Need(task.name, False, why)
    for checks, subjects, statuses in (
        (REALISED, task.name, ("fail", "warn")),
        (EXPECTED, task.name, ("fail",)),
        (DRIFT, f"{table.relation.rpartition('.')[2]}.%", ("fail",)),
    ):
        message = _worst_message(connection, monitored, checks, subjects, statuses)
        if message:
            return Need(task.name, True, message, fresh[0])
    count = len(fresh)
    if count >= max_age:
        return Need(task.name, True, f"{count} dates have matured since it was trained")
    why = f"no check gives a reason, and only {count} dates have matured since it was trained"
    return Need(task.name, False, why)


def _fresh_dates(
    connection: duckdb.DuckDBPyConnection,
    features: str,
    as_of_column: str,
    task: Task,
    known_to: date,
) -> list[date]:
    """Matured dates after `known_to` whose label window had ended by the newest matured date."""
    rows = fetch(
        connection,
        f"select distinct {quoted(as_of_column)} from {features}"
        f" where {quoted(task.label)} is not null order by 1",
    )
    matured = [row[0] for row in rows]
    ended = timedelta(days=task.horizon_days)
    return [one for one in matured[:-1] if one > known_to and one + ended <= matured[-1]]


def _worst_message(
    connection: duckdb.DuckDBPyConnection,
    monitored: str,
    checks: Sequence[str],
    subjects: str,
    statuses: Sequence[str],
) -> str | None:
    """The message of the worst of these checks in the newest run; None without such a status."""
    rows = fetch(
        connection,
        f"select check_title, subject, message from {monitored}"
        f" where as_of_date = (select max(as_of_date) from {monitored})"
        " and list_contains(?, check_name) and list_contains(?, status) and subject like ?"
        " order by check_rank limit 1",
        [list(checks), list(statuses), subjects],
    )
    if not rows:
        return None
    title, subject, message = rows[0]
    return f"{title} of {subject}: {message.split('. ')[0].rstrip('.')}"
