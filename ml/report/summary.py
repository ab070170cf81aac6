"""`python -m ml summary`: what is in the warehouse, how good it is, and what to do next.

Read from the warehouse only. A table that is missing or empty leaves a line saying so.
"""

from collections.abc import Sequence
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from ml.report import summary_queries as queries
from warehouse.connection import connect
from warehouse.console import show
from warehouse.errors import InputError
from warehouse.feature_tables import load_feature_tables
from warehouse.settings import Settings

__all__ = ["summarise"]

Rows = Sequence[tuple[Any, ...]]


def summarise(settings: Settings) -> dict[str, Any]:
    """Print the page and return its figures. Raises InputError without a warehouse."""
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        raw = queries.reconciliation(connection)
        segments = queries.segments(connection)
        change = queries.change(connection)
        quality = queries.quality(connection)
        written = queries.predictions(connection)
        top = queries.top_customers(connection)
    words = _words(settings)
    show(
        *_section("Raw rows: each one is clean, quarantined with a reason, or a duplicate"),
        _raw(raw),
        *_section("Micro-segments: who buys, and how far the number can be trusted"),
        *_segments(segments),
        *_change(change),
        *_section("Models: the champion of each task"),
        _quality(quality),
        *_section("Predictions"),
        _predictions(written),
        *(_top(task, rows, words) for task, rows in top.items()),
        *_section("Where things are"),
        _places(settings),
        *_section("What to type next"),
        _next(bool(quality), bool(written)),
    )
    return {
        "raw_rows": sum(row[2] for row in raw),
        "clean_rows": sum(row[3] for row in raw),
        "quarantined_rows": sum(row[4] for row in raw),
        "duplicate_rows": sum(row[5] for row in raw),
        "segments": {name: [row[0] for row in rows] for name, rows in segments.lists.items()},
        "models": [dict(zip(queries.QUALITY, row, strict=True)) for row in quality],
        "predictions": [dict(zip(queries.WRITTEN, row, strict=True)) for row in written],
    }


def _section(title: str) -> tuple[Text, ...]:
    return Text(), Text(title, style="bold")


def _raw(rows: Rows) -> Any:
    if not rows:
        return _nothing("monitoring.monitor_reconciliation is empty: run dbt build")
    table = _grid("source", "table", "|raw", "|clean", "|quarantined", "|duplicates")
    for row in rows:
        table.add_row(*map(_cell, row))
    table.add_section()
    table.add_row("all", "", *(_cell(sum(row[i] for row in rows)) for i in range(2, 6)))
    return table


def _segments(found: queries.Segments) -> list[Any]:
    if not any(found.lists.values()):
        return [_nothing("segments.micro_segment_numerosity is empty")]
    pages: list[Any] = [_nothing(f"{found.outcome}, as of {found.as_of}")]
    for title, rows in found.lists.items():
        table = _grid(title, "|customers", "|buyers", "|rate", "|95 % interval", "verdict")
        for name, customers, buyers, rate, low, high, verdict in rows:
            interval = f"{_percent(low)} to {_percent(high)}"
            counts = _cell(customers), _cell(buyers)
            table.add_row(_cell(name), *counts, _percent(rate), interval, _cell(verdict))
        pages.append(table if rows else _nothing(f"{title}: none"))
    return pages


def _change(rows: Rows) -> list[Any]:
    """What happened to the purchase rate; nothing without two dates that have an outcome."""
    table = _grid("purchase rate", "|before", "|after", "|change, points", "|mix", "|rate")
    for begin, end, before, after, change, low, high, mix, rate in rows:
        points = f"{_points(change)} ({_points(low)} to {_points(high)})"
        rates = _percent(before), _percent(after)
        table.add_row(f"{begin} to {end}", *rates, points, _points(mix), _points(rate))
    words = "mix: customers in other segments than before; rate: segments buying more or less often"
    return [table, _nothing(words)] if rows else []


def _quality(rows: Rows) -> Any:
    if not rows:
        return _nothing("no model yet: run python -m ml train")
    headings = ("|AUC", "|average precision", "|base rate", "|calibration error")
    table = _grid("task", "model", *headings, "measured by")
    for task, candidate, _, protocol, *values in rows:
        figures = ("-" if value is None else f"{value:.3f}" for value in values)
        model = str(candidate).replace("_", " ")
        table.add_row(_cell(task), model, *figures, _cell(protocol))
    return table


def _predictions(rows: Rows) -> Any:
    if not rows:
        return _nothing("none yet: run python -m scoring run")
    table = _grid("task", "as of", "|rows", "|expected buyers")
    for task, as_of, count, expected in rows:
        table.add_row(_cell(task), _cell(as_of), _cell(count), f"{expected:,.0f}")
    return table


def _top(task: str, rows: Rows, words: dict[str, str]) -> Table:
    table = _grid(f"most likely, {task}" if task else "most likely", "|probability", "why")
    for name, probability, *reasons in rows:
        why = "; ".join(words.get(str(reason), str(reason)) for reason in reasons if reason)
        table.add_row(_cell(name), _percent(probability), Text(why))
    return table


def _places(settings: Settings) -> Table:
    table = _grid("what", "where")
    for what, where in (
        ("warehouse", settings.warehouse),
        ("for BI", settings.serving),
        ("model bundles", settings.artifacts),
        ("raw files", settings.raw),
        ("predictions", "table predictions.customer_predictions"),
        ("micro-segments", "table segments.micro_segment_numerosity"),
        ("checks", "schema monitoring"),
    ):
        table.add_row(what, str(where))
    return table


def _next(has_model: bool, has_predictions: bool) -> Table:
    table = _grid("command", "to")
    table.add_row(
        "export PATH=$PWD/.venv/bin:$PATH DBT_PROFILES_DIR=profiles", "have the commands at hand"
    )
    if not has_model:
        table.add_row("python -m ml train", "learn every task that has labelled rows")
    if not has_predictions:
        table.add_row("python -m scoring run", "score everyone with the champions")
    table.add_row("python -m ml evaluate --task TASK", "compare the models of a task")
    table.add_row("dbt docs generate && dbt docs serve", "read what every table and column means")
    return table


def _words(settings: Settings) -> dict[str, str]:
    """What people read instead of a feature's name, where the manifest is there to tell."""
    try:
        tables = load_feature_tables(settings.manifest)
    except InputError:
        return {}
    return {feature.name: feature.label for table in tables for feature in table.features}


def _grid(*headings: str) -> Table:
    """A table; a heading that starts with | is over numbers."""
    table = Table()
    for place, heading in enumerate(headings):
        side: JustifyMethod = "right" if heading[0] == "|" else "left"
        table.add_column(heading.lstrip("|"), justify=side, no_wrap=place == 0)
    return table


def _nothing(line: str) -> Text:
    return Text(line, style="dim")


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _points(difference: float) -> str:
    return f"{100 * difference:+.1f}"


def _cell(value: Any) -> Text:
    """As people read it; never as rich markup."""
    if value is None:
        return Text("-")
    return Text(f"{value:,}" if isinstance(value, int) else str(value))
