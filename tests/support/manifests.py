"""A hand-made target/manifest.json: no dbt."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["feature_table", "model", "write_manifest"]

Entry = dict[str, Any]


def model(relation: str, columns: Mapping[str, Entry] | None = None, **config: Any) -> Entry:
    """The manifest's entry of a table `schema.name`; of a column, what it says besides the name."""
    schema, name = relation.split(".")
    return {
        "resource_type": "model",
        "schema": schema,
        "name": name,
        "alias": name,
        "description": "",
        "columns": {column: {"name": column, **about} for column, about in (columns or {}).items()},
        "config": {"materialized": "table", "meta": {}} | config,
    }


def feature_table(relation: str, entity: str, *tasks: str) -> Entry:
    """A feature table with one feature, which declares these tasks."""
    columns = {name: {"config": {"meta": {"role": name}}} for name in ("feature", "label")}
    about = {
        "entity": entity,
        "entity_key": f"{entity}_id",
        "as_of_column": "as_of_date",
        "tasks": {task: {"label": "label"} for task in tasks},
    }
    return model(relation, columns, meta={"numerosity": about})


def write_manifest(path: Path, *models: Mapping[str, Any]) -> Path:
    """Write a manifest with these models, and its folder where that is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nodes = {f"model.numerosity.{number}": entry for number, entry in enumerate(models)}
    path.write_text(json.dumps({"nodes": nodes}))
    return path
