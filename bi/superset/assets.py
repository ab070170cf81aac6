"""The assets as Superset imports them: the files of `assets/`, with all columns of the datasets.

A dataset's file lists only columns with a special title, and computed columns. The other columns,
with types and descriptions, come from the serving copy, whose comments are the descriptions in
dbt's YAML. So a new column of a table needs no change here.
"""

from pathlib import Path
from typing import Any

import duckdb
import yaml

__all__ = ["ASSETS", "contents", "read"]

ASSETS = Path(__file__).resolve().parent / "assets"


def read() -> dict[str, dict[str, Any]]:
    """The parsed files of `assets/`, by their path in that folder."""
    return {
        str(path.relative_to(ASSETS)): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted(ASSETS.rglob("*.yaml"))
    }


def contents(serving: Path) -> dict[str, str]:
    """The files for Superset's import, as YAML by path, for the tables of the serving copy.

    Raises duckdb.Error when the table or query of a dataset fails, and ValueError when a listed
    column does not exist.
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
    """The columns of the table or query, then the computed columns."""
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
            "expression": None,  # given because an import keeps old values of missing keys
        }
        columns.append(own | named.pop(name, {}))
    missing = [name for name, column in named.items() if "expression" not in column]
    if missing:
        raise ValueError(f"dataset {dataset['table_name']} has no column {', '.join(missing)}")
    return columns + list(named.values())
