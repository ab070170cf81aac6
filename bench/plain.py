"""Run the SQL that dbt compiled directly in DuckDB: what a build would cost without dbt.

`python -m bench.plain TARGET WAREHOUSE [MEMORY_LIMIT]` builds every relation of a finished `dbt
build` into another warehouse, in the same order, and runs its tests. The warehouse must have the
same file name, because views contain the name of the database. `--one-date DATE` rebuilds only the
customer features of that date.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from warehouse.connection import columns, qualified, quoted
from warehouse.errors import InputError
from warehouse.manifest import Node, read_manifest
from warehouse.settings import PROJECT_ROOT

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
    """Open a warehouse with the settings of profiles/profiles.yml."""
    connection = duckdb.connect(str(file))
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set preserve_insertion_order = false")
    if memory_limit:
        connection.execute(f"set memory_limit = '{memory_limit}'")
    return connection


def build(connection: duckdb.DuckDBPyConnection, target: Path) -> int:
    """Build what the dbt run in `target` built; returns the number of relations and tests.

    Raises InputError when a test with severity error finds rows.
    """
    executed = list(_executed(target))
    for node, sql in executed:
        relation, materialized = qualified(connection, node.relation), node.config["materialized"]
        if node.kind in ("seed", "model"):
            connection.execute(f"create schema if not exists {quoted(node.schema)}")
        if node.kind == "seed":
            connection.execute(f"create or replace table {relation} as {_seed(node)}")
        elif node.kind == "test":
            found = connection.execute(f"select count(*) from ({sql})").fetchone()
            if found and found[0] and node.config["severity"].lower() == "error":
                raise InputError(f"{node.name} fails on the plain SQL: {found[0]} rows")
        elif materialized == "view":
            connection.execute(f"create or replace view {relation} as {sql}")
        elif materialized == "incremental" and columns(connection, node.relation):
            connection.execute(f"insert into {relation} by name {sql}")
        else:
            connection.execute(f"create or replace table {relation} as {sql}")
    return len(executed)


def build_one_date(connection: duckdb.DuckDBPyConnection, target: Path, as_of_date: str) -> None:
    """Rebuild the customer features for one date only, with the SQL of a full build."""
    connection.execute(f"delete from {SCHEDULED} where as_of_date <> date '{as_of_date}'")
    sql = {node.name: (node, text) for node, text in _executed(target)}
    for name in FEATURES:
        node, text = sql[name]
        relation = qualified(connection, node.relation)
        connection.execute(f"create or replace table {relation} as {text}")


def _executed(target: Path) -> Iterator[tuple[Node, str]]:
    """The seeds, models and tests of the last run in order, with the SQL that dbt ran."""
    nodes = read_manifest(target / "manifest.json")
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    for result in results:
        node = nodes.get(result["unique_id"])
        if node and node.kind in ("seed", "model", "test"):
            yield node, result["compiled_code"] or ""


def _seed(node: Node) -> str:
    types = node.config["column_types"]
    listed = ", ".join(f"'{column}': '{kind}'" for column, kind in types.items())
    path = PROJECT_ROOT / node.file
    return f"select * from read_csv('{path}', header = true, types = {{{listed}}})"


def main() -> None:
    """Build from the command line; the module describes the arguments."""
    target, warehouse, *rest = sys.argv[1:]
    if rest[:1] == ["--one-date"]:
        with open_warehouse(Path(warehouse)) as connection:
            build_one_date(connection, Path(target), rest[1])
        return
    with open_warehouse(Path(warehouse), *rest[:1]) as connection:
        build(connection, Path(target))


if __name__ == "__main__":
    main()
