"""The tables that the project's YAML makes public, and the result of the last dbt run.

The tables of the schemas in `PUBLIC` are public, except those with
`config.meta.is_public: false`. A table of another schema is public with `true`. Views are never
public: they are computed at each reading, and a sum of doubles then differs in its last digits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.connection import quoted
from warehouse.errors import InputError
from warehouse.manifest import read_models

__all__ = ["PUBLIC", "PublicTable", "check_build", "public_tables"]

PUBLIC = ("marts", "segments", "predictions", "monitoring", "activation")


@dataclass(frozen=True)
class PublicTable:
    """A public table, with its descriptions from the project's YAML."""

    schema: str
    name: str
    description: str = field(default="", repr=False)
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The description of each column, by name."""

    @property
    def relation(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    def within(self, database: str) -> str:
        """`database.schema.name`, quoted."""
        return ".".join(map(quoted, (database, self.schema, self.name)))


def public_tables(manifest: Path) -> list[PublicTable]:
    """The public tables of the project, sorted by relation.

    Raises InputError when dbt's manifest cannot be read.
    """
    tables = [
        PublicTable(
            model.schema,
            model.alias,
            model.description,
            {name: column.description for name, column in model.columns.items()},
        )
        for model in read_models(manifest)
        if model.config.get("materialized") in ("table", "incremental")
        and model.meta.get("is_public", model.schema in PUBLIC)
    ]
    return sorted(tables, key=lambda table: table.relation)


def check_build(results: Path) -> None:
    """Raise InputError when a node of the last dbt run failed, according to run_results.json."""
    if not results.is_file():
        return
    failed = [
        str(result["unique_id"]).split(".")[2]
        for result in json.loads(results.read_bytes())["results"]
        if result["status"] in ("error", "fail", "runtime error")
    ]
    if failed:
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise InputError(
            f"the last dbt run failed ({failed[0]}{more}, see {results}):"
            " correct it and run dbt build, or use publish --force"
        )
