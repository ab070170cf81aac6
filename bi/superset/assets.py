"""The assets as Superset imports them: the files of `assets/`, the datasets with all their columns.

A dataset's file names only the columns that need a word of their own, and those that are computed.
The rest, with types and descriptions, come from the serving copy, whose comments are the
descriptions of dbt's YAML: a new column of a table needs no edit here.
"""

from pathlib import Path
from typing import Any

import duckdb
import yaml

__all__ = ["ASSETS", "contents", "read"]

ASSETS = Path(__file__).resolve().parent / "assets"


def read() -> dict[str, dict[str, Any]]:
    """Every file of `assets/` by its name there, parsed."""
    return {
        str(path.relative_to(ASSETS)): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(ASSETS.rglob("*.yaml"))
    }


def contents(serving: Path) -> dict[str, str]:
    """What Superset's import takes, for the tables as they are in the serving copy.

    Raises duckdb.Error when a dataset's table or query is not there.
    """
    found = read()
    with duckdb.connect(str(serving), read_only=True) as connection:
        for name, asset in found.items():
            if name.startswith("datasets/"):
                asset["columns"] = _columns(connection, asset)
                asset.setdefault("schema", None)
                asset.setdefault("sql", None)
    return {name: yaml.safe_dump(asset, allow_unicode=True) for name, asset in found.items()}


def _columns(
    connection: duckdb.DuckDBPyConnection, dataset: dict[str, Any]
) -> list[dict[str, Any]]:
    """Columns of the table or query, then the computed ones."""
    named = {column["column_name"]: column for column in dataset["columns"]}
    relation = (
        f"({dataset['sql']})" if "sql" in dataset else '"{schema}"."{table_name}"'.format(**dataset)
    )
    described = dict(
        connection.execute(
            "select column_name, comment from duckdb_columns()"
            " where table_name = ? and comment is not null",
            [dataset["table_name"]],
        ).fetchall()
    )
    there = connection.execute(f"describe select * from {relation}").fetchall()
    columns = []
    for name, kind, *_ in there:
        own = {
            "column_name": name,
            "verbose_name": name.replace("_", " ").capitalize(),
            "type": kind,
            "is_dttm": kind in ("DATE", "TIMESTAMP"),
            "description": described.get(name),
            "expression": None,  # an import keeps what is not named
        }
        columns.append(own | named.pop(name, {}))
    lost = [name for name, column in named.items() if "expression" not in column]
    if lost:
        raise ValueError(f"dataset {dataset['table_name']} has no column {', '.join(lost)}")
    return columns + list(named.values())
