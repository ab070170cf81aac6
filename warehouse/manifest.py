"""Read dbt's manifest: the models, seeds and tests of the project with their YAML.

This is the only module that reads `target/manifest.json`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import InputError

__all__ = ["Column", "Node", "read_manifest", "read_models"]


@dataclass(frozen=True)
class Column:
    """A column of a node, as described in the YAML."""

    description: str
    data_type: str | None
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class Node:
    """A node of dbt's manifest, for example a model, a seed or a test."""

    kind: str
    """dbt's resource type: `model`, `seed`, `test`, …"""
    schema: str
    name: str
    alias: str
    """Its name in the warehouse."""
    description: str
    file: str
    """The path of its file, relative to the project's root."""
    config: Mapping[str, Any]
    meta: Mapping[str, Any]
    columns: Mapping[str, Column]
    """By name, in the order of the YAML."""

    @property
    def relation(self) -> str:
        """`schema.name` in the warehouse."""
        return f"{self.schema}.{self.alias}"


def read_manifest(path: Path) -> dict[str, Node]:
    """All nodes of the manifest by unique id, for example `model.numerosity.orders`.

    Raises InputError when the file does not exist or is not a manifest.
    """
    if not path.is_file():
        raise InputError(f"no dbt manifest at {path}: run dbt build")
    try:
        nodes = json.loads(path.read_bytes())["nodes"]
        return {unique_id: _node(entry) for unique_id, entry in nodes.items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise InputError(f"{path} is not a dbt manifest: run dbt build again") from None


def read_models(path: Path) -> list[Node]:
    """The models of the manifest; raises as `read_manifest` does."""
    return [node for node in read_manifest(path).values() if node.kind == "model"]


def _node(entry: Mapping[str, Any]) -> Node:
    return Node(
        kind=entry["resource_type"],
        schema=entry["schema"],
        name=entry["name"],
        alias=entry.get("alias") or entry["name"],
        description=entry.get("description") or "",
        file=entry.get("original_file_path") or "",
        config=dict(entry["config"]),
        meta=_meta(entry),
        columns={name: _column(column) for name, column in entry["columns"].items()},
    )


def _column(entry: Mapping[str, Any]) -> Column:
    return Column(entry.get("description") or "", entry.get("data_type"), _meta(entry))


def _meta(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `meta` of a node or column, from `config` (current dbt) and the top level (older dbt)."""
    return {**(entry.get("meta") or {}), **((entry.get("config") or {}).get("meta") or {})}
