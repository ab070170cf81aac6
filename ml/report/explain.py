"""`python -m ml explain`: the whole model on one page, with one chart per term."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from scipy.special import expit

from ml.glassbox import GlassBox
from ml.registry.model_terms import read_terms
from ml.report.explain_charts import term_chart
from ml.report.explain_page import Picture, page
from scoring.bundle import Bundle, load_bundle
from warehouse.connection import connect, fetch, qualified, require_tables
from warehouse.console import progress_bar, say
from warehouse.errors import InputError
from warehouse.feature_tables import FeatureTable, Task, find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["explain_task"]


@dataclass(frozen=True)
class _Found:
    """The champion of a task; `box` is None where it is not a glass box."""

    bundle: Bundle
    candidate: str
    box: GlassBox | None


def explain_task(settings: Settings, task: str) -> dict[str, Any]:
    """Draw every term of the champion of `task` on one HTML page next to its bundle.

    The page needs no network and no script. Raises UsageError (unknown task), InputError (no
    champion, or a champion that is not a glass box), IntegrityError (a damaged bundle) or
    LockedError.
    """
    table, found = find_task(load_feature_tables(settings.manifest), task)
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        champion = _champion(connection, settings.artifacts, task)
    if champion.box is None:
        raise InputError(
            f"the champion of {task} is the {champion.candidate.replace('_', ' ')}"
            f" {champion.bundle.model_version}, which has no terms to draw: only a glass box does"
        )
    path = settings.artifacts / task / f"explain-{champion.bundle.model_version}.html"
    text = _page(champion.bundle, champion.box, table, found)
    path.write_text(text, encoding="utf-8")
    say(f"{task}: {len(champion.box.terms)} terms of {champion.bundle.model_version} in {path}")
    return {
        "task": task,
        "model_version": champion.bundle.model_version,
        "page": str(path),
        "base_probability": float(expit(champion.box.bias)),
        "terms": [
            {
                "term": champion.bundle.reasons[number],
                "importance": term.importance,
                "cells": int(term.values.size),
            }
            for number, term in enumerate(champion.box.terms)
        ],
    }


def _champion(connection: duckdb.DuckDBPyConnection, artifacts: Path, task: str) -> _Found:
    require_tables(connection, "registry.models")
    rows = fetch(
        connection,
        "select model_version, candidate, bundle_path"
        f" from {qualified(connection, 'registry.models')} where task = ? and status = 'champion'",
        [task],
    )
    if not rows:
        raise InputError(f"task {task} has no champion: run python -m ml train --task {task}")
    version, candidate, path = rows[0]
    bundle = load_bundle(artifacts / path)
    return _Found(bundle, candidate, read_terms(connection, task, version, bundle.features))


def _page(bundle: Bundle, box: GlassBox, table: FeatureTable, task: Task) -> str:
    labels = {feature.name: feature.label for feature in table.features}
    names = [labels.get(name, name) for name in bundle.features]
    entities = f"{table.entity}s"
    pictures = []
    with progress_bar(f"{task.name}: drawing terms") as advance:
        for number, term in enumerate(box.terms, start=1):
            title = " × ".join(names[feature] for feature in term.features)
            pictures.append(Picture(title, term.importance, term_chart(term, names, entities)))
            advance(number, len(box.terms))
    training = bundle.facts["training"]
    return page(
        title=f"Why: {task.title}",
        about=(
            f"Model {bundle.model_version} of task {task.name}, learned from"
            f" {training['rows']:,} {entities} as of {training['from']} to {training['to']}."
        ),
        base=float(expit(box.bias)),
        entities=entities,
        pictures=pictures,
    )
