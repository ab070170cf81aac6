"""The registry in Spark: a copy of what the learning side wrote to DuckDB."""

from typing import TYPE_CHECKING

import duckdb

from scoring.spark.session import fetch as fetch_spark
from scoring.spark.session import literal
from warehouse.connection import columns, fetch, qualified

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["bring_registry"]

SCHEMA = "registry"
CONTENT = "numerosity.content"
"""The table property that says which content was brought last."""


def bring_registry(connection: duckdb.DuckDBPyConnection, spark: "SparkSession") -> None:
    """Make each table of Spark's registry what the table of that name is in DuckDB.

    Columns are matched by name; one that DuckDB lacks is null. A table DuckDB has not, or that has
    not changed since, stays as it is.
    """
    for _, table, _ in fetch_spark(spark, f"show tables in {SCHEMA}"):
        relation = f"{SCHEMA}.{table}"
        there = columns(connection, relation)
        if not there:
            continue
        source = qualified(connection, relation)
        ((rows, content),) = fetch(
            connection, f"select count(*), sum(hash(source)) from {source} as source"
        )
        fingerprint = f"{rows}-{content or 0:x}"
        if fingerprint != _brought(spark, relation):
            _copy(connection, spark, relation, source, there)
            spark.sql(
                f"alter table {relation} set tblproperties ('{CONTENT}' = {literal(fingerprint)})"
            )


def _brought(spark: "SparkSession", relation: str) -> str:
    """The content that was brought last; that of an empty table where nothing was."""
    return str(dict(fetch_spark(spark, f"show tblproperties {relation}")).get(CONTENT, "0-0"))


def _copy(
    connection: duckdb.DuckDBPyConnection,
    spark: "SparkSession",
    relation: str,
    source: str,
    there: dict[str, str],
) -> None:
    target = spark.table(relation).schema
    names = [field.name for field in target if field.name in there]
    rows = connection.sql(f"select {', '.join(names)} from {source}").to_arrow_table()
    spark.createDataFrame(rows).selectExpr(
        *(
            f"cast({field.name if field.name in there else 'null'} as"
            f" {field.dataType.simpleString()}) as {field.name}"
            for field in target
        )
    ).write.insertInto(relation, overwrite=True)
