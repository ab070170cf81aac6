"""Write the report: read the figures, draw the charts, render the page, and replace the file."""

import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ml.data.dataset import NothingToLearnError, read_dataset
from ml.report import charts, explore, facts, words
from ml.report.models import model_page
from warehouse.connection import connect
from warehouse.console import progress_bar, say
from warehouse.errors import InputError, UsageError
from warehouse.feature_tables import FeatureTable, find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["write_report"]

FOLDER = Path(__file__).parent
SHOWN = 12
DRAWN = 6


def write_report(settings: Settings, out: Path | None = None) -> dict[str, Any]:
    """Write the page to `out`, by default report.html next to the warehouse; return its facts.

    Raises InputError (no warehouse, no manifest), UsageError (`out` cannot be written) or
    LockedError. An existing file is replaced in one step, or stays as it is.
    """
    target = out or settings.warehouse.with_name("report.html")
    tables = load_feature_tables(settings.manifest)
    with (
        connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection,
        progress_bar("writing the report") as advance,
    ):
        page = _facts(connection, tables, settings, advance)
    html = _render(page)
    _replace(target, html)
    say(f"the report is in {target}")
    return {
        "out": str(target),
        "bytes": len(html.encode()),
        "tasks": [model["task_name"] for model in page["models"]],
        "segments": page["segments"].get("segments", 0),
    }


def _facts(
    connection: duckdb.DuckDBPyConnection,
    tables: tuple[FeatureTable, ...],
    settings: Settings,
    advance: Any,
) -> dict[str, Any]:
    champions = facts.champions(connection)
    models, explored = [], []
    for number, model in enumerate(champions):
        advance(number, len(champions))
        try:
            table, task = find_task(tables, model["task"])
        except UsageError:  # the task is no longer declared
            continue
        found = facts.model_facts(connection, model)
        models.append(model_page(model, found, facts.held_out(connection, model), table, task))
        try:
            data = read_dataset(connection, table, task, settings=settings)
        except (NothingToLearnError, InputError):  # the feature table has changed since training
            continue
        explored.append(_explored(data, [row["feature"] for row in found["importances"]]))
    segments = facts.segment_facts(connection)
    if segments:
        segments["chart"] = charts.segments(
            segments["drawn"],
            f"Size against rate of {len(segments['drawn'])} segments, with intervals:"
            f" {segments['reliable']} reliable, {segments['borderline']} borderline,"
            f" {segments['too_few']} with too few customers",
        )
    quality = facts.data_quality(connection)
    total = {
        name: sum(row[name] or 0 for row in quality["tables"])
        for name in ("raw_rows", "clean_rows", "quarantined_rows", "duplicate_rows")
    }
    return {
        "models": models,
        "explored": explored,
        "segments": segments,
        "quality": {**quality, **total},
        "written_at": datetime.now(UTC),
    }


def _explored(data: Any, important: list[str]) -> dict[str, Any]:
    """Missing values, correlations, and distributions of the most important features of a task."""
    matrix, labels = explore.sample(data)
    features = data.table.features_for(data.task)
    named = [feature.label for feature in features]
    missing, ranks = explore.missing_shares(matrix), explore.correlations(matrix, labels)
    by_rank = sorted(range(len(named)), key=lambda i: -abs(ranks[i]))
    order = [data.names.index(name) for name in important if name in data.names] or by_rank
    drawn: list[tuple[str, Markup]] = []
    for column in order:
        steps = explore.spread(matrix[:, column], labels)
        if steps and len(drawn) < DRAWN:
            description = f"Distribution of {named[column]}, for buyers and for others"
            drawn.append((named[column], charts.distribution(steps, description)))
    gaps = sorted(range(len(named)), key=lambda i: -missing[i])
    return {
        "task_name": data.task.name,
        "title": data.task.title,
        "entities": words.plural(data.table.entity),
        "rows": len(data.labels),
        "buyers": data.buyers,
        "sampling": data.sampling,
        "dates": (data.as_of[0].item(), data.as_of[-1].item()),
        "features": len(named),
        "complete": int((missing == 0).sum()),
        "missing": [(named[i], float(missing[i])) for i in gaps[:SHOWN] if missing[i] > 0],
        "correlations": [(named[i], float(ranks[i])) for i in by_rank[:SHOWN]],
        "drawn": drawn,
    }


def _render(page: dict[str, Any]) -> str:
    environment = Environment(
        loader=PackageLoader("ml.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {name: getattr(words, name) for name in words.__all__}
    style = Markup((FOLDER / "page.css").read_text(encoding="utf-8"))
    html = environment.get_template("page.html").render(**page, style=style)
    return re.sub(r"\n\s*\n+", "\n", html)


def _replace(target: Path, html: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(html)
            os.chmod(name, 0o644)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"cannot write the report to {target}: {error.strerror}") from None
