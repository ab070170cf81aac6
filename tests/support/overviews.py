"""The tables of what people are shown, built in a hand-made warehouse by the models' own SQL."""

from pathlib import Path
from types import SimpleNamespace

import duckdb

from tests.support.sql_macros import render
from warehouse.settings import PROJECT_ROOT

__all__ = ["build_overviews"]

MODELS = {
    "segments": ("outcomes", "segment_overview"),
    "predictions": ("champions", "champion_evaluations", "champion_curves", "model_overview"),
}
"""In the order in which they read each other."""
SEGMENT_COLUMNS = (
    "segment_id varchar, segment_name varchar, level integer, parent_segment_id varchar,"
    " as_of_date date, outcome varchar, customers bigint, buyers bigint, rate double,"
    " wilson_low double, wilson_high double, verdict varchar, reliable_rank bigint"
)
"""Columns of segments.public_micro_segments, created empty where it is not there."""
OUTCOMES = [
    {"label": "has_purchase_7d", "title": "purchase within 7 days"},
    {"label": "has_purchase_30d", "title": "purchase within 30 days"},
]
"""What the macro segment_outcomes finds."""


def build_overviews(path: Path, task: str, title: str = "buys within 30 days") -> None:
    """Build them anew; `task` is what the macro declared_tasks finds."""
    declared = {
        "name": task,
        "title": title,
        "entity": "visitor",
        "outcome": "has_purchase_30d",
        "feature_table": "visitor_features",
    }
    relations = {name: f"{schema}.{name}" for schema, models in MODELS.items() for name in models}
    relations["public_micro_segments"] = "segments.public_micro_segments"
    names = {
        "ref": lambda name: relations[name],
        "source": lambda schema, name: f"{schema}.{name}",
        "segment_outcomes": lambda: OUTCOMES,
        "declared_tasks": lambda: [declared],
        "dbt": SimpleNamespace(
            string_literal=lambda text: f"'{text}'",
            escape_single_quotes=lambda text: text.replace("'", "''"),
        ),
    }
    with duckdb.connect(str(path)) as connection:
        for schema, models in MODELS.items():
            connection.execute(f"create schema if not exists {schema}")
            if schema == "segments":
                connection.execute(
                    f"create table if not exists segments.public_micro_segments ({SEGMENT_COLUMNS})"
                )
            for model in models:
                text = (PROJECT_ROOT / "models" / schema / f"{model}.sql").read_text("utf-8")
                sql = render(text, **names)
                connection.execute(f"create or replace table {schema}.{model} as {sql}")
