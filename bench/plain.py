"""The SQL that dbt compiled, run straight through DuckDB: what a build would cost without dbt.

`python -m bench.plain TARGET WAREHOUSE [MEMORY_LIMIT]` builds every relation of a finished `dbt
build`, in its order, into another warehouse of the same file name (views name their database), and
runs its tests. `--one-date DATE` rebuilds only the customer features, of that date alone.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from scoring.errors import InputError
from scoring.settings import PROJECT_ROOT

__all__ = ["SCHEDULED", "build", "build_one_date", "open_warehouse"]

SCHEDULED = "intermediate.int_as_of_dates_scheduled"
FEATURES = (
    "int_customers_known",
    "int_customer_orders_aggregated",
    "int_customer_products_aggregated",
    "int_customer_sessions_aggregated",
    "int_customer_engagements_aggregated",
    "int_customer_purchases_labelled",
    "customer_features",
)


def open_warehouse(file: Path, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the settings of profiles/profiles.yml."""
    connection = duckdb.connect(str(file))
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    if memory_limit:
        connection.execute(f"set memory_limit = '{memory_limit}'")
    return connection


def build(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Build what the run in `target` built; the number of relations and tests.

    Raises InputError when a test finds rows that dbt's did not.
    """
    nodes = _nodes(target)
    for node, sql in _executed(target, nodes):
        relation, kind = node["relation_name"], node["config"]["materialized"]
        if node["resource_type"] in ("seed", "model"):
            connection.execute(f'create schema if not exists "{node["schema"]}"')
        if node["resource_type"] == "seed":
            connection.execute(f"create or replace table {relation} as {_seed(node)}")
        elif node["resource_type"] == "test":
            found = connection.execute(f"select count(*) from ({sql})").fetchone()
            if found and found[0] and node["config"]["severity"].lower() == "error":
                raise InputError(f"{node['name']} fails on the plain SQL: {found[0]} rows")
        elif kind == "view":
            connection.execute(f"create or replace view {relation} as {sql}")
        elif kind == "incremental" and _exists(connection, node):
            connection.execute(f"insert into {relation} by name {sql}")
        else:
            connection.execute(f"create or replace table {relation} as {sql}")
    return sum(1 for _ in _executed(target, nodes))


def build_one_date(connection: duckdb.DuckDBPyConnection, target: Path, as_of_date: str) -> None:
    """Rebuild the customer features for one date alone, with the SQL of a full build."""
    connection.execute(f"delete from {SCHEDULED} where as_of_date <> date '{as_of_date}'")
    nodes = _nodes(target)
    sql = {node["name"]: (node, text) for node, text in _executed(target, nodes)}
    for name in FEATURES:
        node, text = sql[name]
        connection.execute(f"create or replace table {node['relation_name']} as {text}")


def _nodes(target: Path) -> dict[str, Any]:
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes: dict[str, Any] = manifest["nodes"]
    return nodes


def _executed(target: Path, nodes: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    for result in results:
        node = nodes[result["unique_id"]]
        if node["resource_type"] in ("seed", "model", "test"):
            yield node, result["compiled_code"] or ""


def _seed(node: dict[str, Any]) -> str:
    types = node["config"]["column_types"]
    listed = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
    path = PROJECT_ROOT / node["original_file_path"]
    return f"select * from read_csv('{path}', header = true, types = {{{listed}}})"


def _exists(connection: duckdb.DuckDBPyConnection, node: dict[str, Any]) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?",
        [node["schema"], node["name"]],
    ).fetchone()
    return bool(found and found[0])


def main() -> None:
    """Run from the command line."""
    target, warehouse, *rest = sys.argv[1:]
    if rest[:1] == ["--one-date"]:
        with open_warehouse(Path(warehouse)) as connection:
            build_one_date(connection, Path(target), rest[1])
        return
    with open_warehouse(Path(warehouse), *rest[:1]) as connection:
        build(connection, Path(target))


if __name__ == "__main__":
    main()
