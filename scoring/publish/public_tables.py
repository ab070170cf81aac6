"""What the project's YAML says is public, and whether dbt made it.

Public are the tables of the schemas in `PUBLIC`, but for those that say
`config.meta.is_public: false`; a table elsewhere may say `true`. Views are not: they are computed
when they are read, and a sum of doubles comes out a little different each time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.connection import quoted
from warehouse.errors import InputError
from warehouse.manifest import read_models

__all__ = ["PUBLIC", "Table", "check_build", "public_tables"]

PUBLIC = ("marts", "segments", "predictions", "monitoring", "activation")


@dataclass(frozen=True)
class Table:
    """A public relation, and what the project says of it."""

    schema: str
    name: str
    description: str = field(default="", repr=False)
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Descriptions by name."""

    @property
    def relation(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    def within(self, database: str) -> str:
        """As SQL."""
        return ".".join(map(quoted, (database, self.schema, self.name)))


def public_tables(manifest: Path) -> list[Table]:
    """The public relations of the project, by name.

    Raises InputError when dbt's manifest cannot be read.
    """
    tables = [
        Table(
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
    """Raise InputError when what dbt ran last, by its run_results.json, has failed in part."""
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
            f"what dbt ran last has failed ({failed[0]}{more}, see {results}):"
            " mend it and run dbt build, or publish --force"
        )
