"""`python -m ml summary`: what is in the warehouse, how good it is, and what to do next.

It is read from the warehouse only. For a missing or empty table, a line says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from ml.report import summary_queries as queries
from ml.report.read import Row, headline
from warehouse.connection import connect
from warehouse.console import show
from warehouse.errors import InputError
from warehouse.feature_tables import load_feature_tables
from warehouse.settings import Settings

__all__ = ["summarise"]

Rows = Sequence[Row]

HEADLINE = ("outcome", "outcome_title", "as_of_date", "segments")
VERDICTS = ("reliable", "borderline", "too_few")
MODEL = ("task", "candidate", "candidate_title", "model_version", "protocol")
FIGURES = ("roc_auc", "average_precision", "base_rate", "expected_calibration_error")
RAW = ("raw_rows", "clean_rows", "quarantined_rows", "duplicate_rows")


def summarise(settings: Settings) -> dict[str, Any]:
    """Print the summary and return its figures.

    Raises InputError (no warehouse) or LockedError.
    """
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        raw = queries.reconciliation(connection)
        first = headline(connection)
        segments = queries.segments(connection, first) if first else {}
        change = queries.change(connection, first) if first else None
        models = queries.models(connection)
        top = queries.top_customers(connection)
    scored = [model for model in models if model["scored_as_of_date"]]
    words = _words(settings)
    show(
        *_section("Raw rows: each one is clean, quarantined with a reason, or a duplicate"),
        _raw(raw),
        *_section("Micro-segments: who buys, and how far the number can be trusted"),
        *_segments(first, segments),
        *_change(change),
        *_section("Models: the champion of each task"),
        _quality(models),
        *_section("Predictions"),
        _predictions(scored),
        *(_top(task, rows, words) for task, rows in top.items()),
        *_section("Where things are"),
        _places(settings),
        *_section("Next commands"),
        _next(bool(models), bool(scored)),
    )
    return {
        **{name: sum(row[name] for row in raw) for name in RAW},
        "headline": first and {name: first[name] for name in (*HEADLINE, *VERDICTS)},
        "segments": {
            title: [row["segment_name"] for row in rows] for title, rows in segments.items()
        },
        "models": [{name: model[name] for name in (*MODEL, *FIGURES)} for model in models],
        "predictions": [
            {
                "task": model["task"],
                "as_of_date": model["scored_as_of_date"],
                "rows": model["rows_scored"],
                "expected_buyers": model["expected_buyers"],
            }
            for model in scored
        ],
    }


def _section(title: str) -> tuple[Text, ...]:
    return Text(), Text(title, style="bold")


def _raw(rows: Rows) -> Any:
    if not rows:
        return _nothing("monitoring.monitor_reconciliation is empty: run dbt build")
    table = _grid("source", "table", "|raw", "|clean", "|quarantined", "|duplicates")
    for row in rows:
        table.add_row(*map(_cell, row.values()))
    table.add_section()
    table.add_row("all", "", *(_cell(sum(row[name] for row in rows)) for name in RAW))
    return table


def _segments(first: Row | None, lists: Mapping[str, Rows]) -> list[Any]:
    if first is None:
        return [_nothing("segments.segment_overview has no headline outcome with a date yet")]
    pages: list[Any] = [
        _nothing(
            f"{first['outcome_title']}, as of {first['as_of_date']}: {first['reliable']:,} of"
            f" {first['segments']:,} micro-segments are reliable, {first['borderline']:,} are"
            f" borderline, {first['too_few']:,} have too few customers"
        )
    ]
    for title, rows in lists.items():
        table = _grid(title, "|customers", "|buyers", "|rate", "|95 % interval", "verdict")
        for row in rows:
            interval = f"{_percent(row['wilson_low'])} to {_percent(row['wilson_high'])}"
            counts = _cell(row["customers"]), _cell(row["buyers"])
            name, verdict = _cell(row["segment_name"]), _cell(row["verdict"])
            table.add_row(name, *counts, _percent(row["rate"]), interval, verdict)
        pages.append(table if rows else _nothing(f"{title}: none"))
    return pages


def _change(row: Row | None) -> list[Any]:
    """The change of the purchase rate; empty without two dates with outcomes."""
    if row is None:
        return []
    table = _grid("purchase rate", "|before", "|after", "|change, points", "|mix", "|rate")
    low, high = _points(row["change_low"]), _points(row["change_high"])
    table.add_row(
        f"{row['from_as_of_date']} to {row['to_as_of_date']}",
        _percent(row["rate_before"]),
        _percent(row["rate_after"]),
        f"{_points(row['change'])} ({low} to {high})",
        _points(row["mix_effect"]),
        _points(row["rate_effect"]),
    )
    words = "mix: customers in other segments than before; rate: segments buying more or less often"
    return [table, _nothing(words)]


def _quality(models: Rows) -> Any:
    if not models:
        return _nothing(
            "predictions.model_overview is empty: run python -m ml train, then"
            " dbt build --select predictions"
        )
    headings = ("|AUC", "|average precision", "|base rate", "|calibration error")
    table = _grid("task", "model", *headings, "measured by")
    for model in models:
        values = (model[name] for name in FIGURES)
        figures = ("-" if value is None else f"{value:.3f}" for value in values)
        named = _cell(model["task"]), _cell(model["candidate_title"])
        table.add_row(*named, *figures, _cell(model["protocol"]))
    return table


def _predictions(scored: Rows) -> Any:
    if not scored:
        return _nothing("none yet: run python -m scoring run, then dbt build --select predictions")
    table = _grid("task", "as of", "|rows", "|expected buyers")
    for model in scored:
        cells = (_cell(model[name]) for name in ("task", "scored_as_of_date", "rows_scored"))
        table.add_row(*cells, f"{model['expected_buyers']:,.0f}")
    return table


def _top(task: str, rows: Sequence[tuple[Any, ...]], words: dict[str, str]) -> Table:
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
        ("micro-segments", "table segments.public_micro_segments"),
        ("checks", "schema monitoring"),
    ):
        table.add_row(what, str(where))
    return table


def _next(has_model: bool, has_predictions: bool) -> Table:
    table = _grid("command", "to")
    table.add_row(
        "export PATH=$PWD/.venv/bin:$PATH DBT_PROFILES_DIR=profiles", "make the commands available"
    )
    if not has_model:
        table.add_row("python -m ml train", "train every task that has labelled rows")
    if not has_predictions:
        table.add_row("python -m scoring run", "score all rows with the champions")
    table.add_row("python -m ml evaluate --task TASK", "compare the models of a task")
    table.add_row("dbt docs generate && dbt docs serve", "read what every table and column means")
    return table


def _words(settings: Settings) -> dict[str, str]:
    """The labels of the features, by name; empty without a manifest."""
    try:
        tables = load_feature_tables(settings.manifest)
    except InputError:
        return {}
    return {feature.name: feature.label for table in tables for feature in table.features}


def _grid(*headings: str) -> Table:
    """A table; a heading that starts with | is right-aligned, for numbers."""
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
    """The value as plain text, which rich does not read as markup."""
    if value is None:
        return Text("-")
    return Text(f"{value:,}" if isinstance(value, int) else str(value))
