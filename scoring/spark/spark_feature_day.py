"""One as-of date of a feature table in Spark: check its contract, fingerprint and read its rows."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from scoring.bundle import Bundle
from scoring.run.contract import check_columns, check_date, duplicates
from scoring.spark.session import fetch
from warehouse.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkFeatureDay", "check_contract", "choose_date", "describe", "read"]


@dataclass(frozen=True)
class SparkFeatureDay:
    """One as-of date of a bundle's feature table: its number of rows, and their fingerprint."""

    as_of_date: date
    rows: int
    fingerprint: str


def check_contract(spark: "SparkSession", bundle: Bundle) -> None:
    """Raise InputError unless the relation has the bundle's columns with the right types.

    These are the entity key, the as-of date (date) and the features (float).
    """
    if not spark.catalog.tableExists(bundle.relation):
        raise InputError(
            f"Spark has no table {bundle.relation}: run dbt build --target spark first"
        )
    found = {
        field.name: field.dataType.simpleString() for field in spark.table(bundle.relation).schema
    }
    check_columns(bundle, found, date_type="date", feature_type="float")


def choose_date(spark: "SparkSession", bundle: Bundle, wanted: date | None = None) -> date:
    """`wanted` if the bundle's relation has rows on that date; by default its newest date.

    Raises NothingToScoreError when the relation is empty, or has no rows on that date; it names the
    nearest dates.
    """
    day = f"`{bundle.as_of_column}`"
    requested = f"date '{wanted}'" if wanted else "cast(null as date)"
    ((newest, rows, before, after),) = fetch(
        spark,
        f"select max({day}), count(case when {day} = {requested} then 1 end),"
        f" max(case when {day} < {requested} then {day} end),"
        f" min(case when {day} > {requested} then {day} end) from {bundle.relation}",
    )
    return check_date(bundle, wanted, newest, rows, before, after)


def describe(spark: "SparkSession", bundle: Bundle, day: date) -> SparkFeatureDay:
    """Count and fingerprint the rows of `day`, independently of their order.

    Raises InputError when an entity has several rows.
    """
    key = f"cast(`{bundle.entity_key}` as string)"
    # xxhash64 ignores nulls, so whether a value is null is hashed as well.
    values = ", ".join(f"`{name}`, `{name}` is null" for name in bundle.features)
    of_day = f"{bundle.relation} where `{bundle.as_of_column}` = date '{day}'"
    ((rows, keyed, entities, content),) = fetch(
        spark,
        f"select count(*), count({key}), count(distinct {key}),"
        f" sum(cast(xxhash64({key}, {values}) as decimal(38, 0))) from {of_day}",
    )
    if entities < keyed:
        ((entity, rows_of_entity),) = fetch(
            spark,
            f"select {key}, count(*) from {of_day} and {key} is not null"
            " group by 1 having count(*) > 1 order by 1 limit 1",
        )
        raise duplicates(bundle, day, entity, rows_of_entity, keyed - entities)
    return SparkFeatureDay(day, rows, f"{rows}-{int(content or 0) % 2**128:x}")


def read(spark: "SparkSession", bundle: Bundle, day: date) -> "DataFrame":
    """The entity key (as text) and the features of `day`."""
    values = ", ".join(f"`{name}`" for name in bundle.features)
    return spark.sql(
        f"select cast(`{bundle.entity_key}` as string) as `{bundle.entity_key}`, {values}"
        f" from {bundle.relation} where `{bundle.as_of_column}` = date '{day}'"
    )
