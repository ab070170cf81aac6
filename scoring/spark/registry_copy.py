"""Copy the registry of models from DuckDB to Spark."""

from typing import TYPE_CHECKING

import duckdb

from scoring.spark.session import fetch as fetch_spark
from scoring.spark.session import literal
from warehouse.connection import columns, fetch, qualified

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["copy_registry"]

SCHEMA = "registry"
CONTENT = "numerosity.content"
"""The table property that holds the fingerprint of the content copied last."""


def copy_registry(connection: duckdb.DuckDBPyConnection, spark: "SparkSession") -> None:
    """Replace each table of Spark's registry by the table of the same name in DuckDB.

    Columns are matched by name; a column missing in DuckDB is null. A table that DuckDB does not
    have, or that has not changed since the last copy, is left as it is.
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
        if fingerprint != _copied_content(spark, relation):
            _copy(connection, spark, relation, source, there)
            spark.sql(
                f"alter table {relation} set tblproperties ('{CONTENT}' = {literal(fingerprint)})"
            )


def _copied_content(spark: "SparkSession", relation: str) -> str:
    """The fingerprint of the content copied last; that of an empty table if there is none."""
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
