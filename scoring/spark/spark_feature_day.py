"""One day of a feature table in Spark: does it keep its contract, what is in it, and its rows."""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from scoring.bundle import Bundle
from scoring.spark.session import fetch
from warehouse.errors import InputError, NothingToScoreError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["SparkFeatureDay", "check_contract", "choose_date", "describe", "read"]


@dataclass(frozen=True)
class SparkFeatureDay:
    """One as-of date of a bundle's feature table, how many rows it has, and what is in them."""

    as_of_date: date
    rows: int
    fingerprint: str


def check_contract(spark: "SparkSession", bundle: Bundle) -> None:
    """Raise InputError unless the relation has the bundle's key, date and features, typed."""
    if not spark.catalog.tableExists(bundle.relation):
        raise InputError(
            f"Spark has no table {bundle.relation}: run dbt build --target spark first"
        )
    found = {
        field.name: field.dataType.simpleString() for field in spark.table(bundle.relation).schema
    }
    model = f"model {bundle.model_version} of {bundle.task}"
    for name in (bundle.entity_key, bundle.as_of_column, *bundle.features):
        if name not in found:
            raise InputError(
                f"{bundle.relation} has no column {name}, which {model} needs:"
                " put it back, or train again"
            )
    for name, kind in (
        {bundle.as_of_column: "date"} | dict.fromkeys(bundle.features, "float")
    ).items():
        if found[name] != kind:
            raise InputError(
                f"{bundle.relation}.{name} is {found[name]}, {model} needs {kind}:"
                f" cast it to {kind} in its SQL"
            )


def choose_date(spark: "SparkSession", bundle: Bundle, wanted: date | None = None) -> date:
    """`wanted`, or the newest date of the bundle's relation.

    Raises NothingToScoreError when the relation has no rows, InputError when it has none on that
    date, naming the dates nearest to it.
    """
    day = f"`{bundle.as_of_column}`"
    asked = f"date '{wanted}'" if wanted else "cast(null as date)"
    ((newest, there, before, after),) = fetch(
        spark,
        f"select max({day}), count(case when {day} = {asked} then 1 end),"
        f" max(case when {day} < {asked} then {day} end),"
        f" min(case when {day} > {asked} then {day} end) from {bundle.relation}",
    )
    if newest is None:
        raise NothingToScoreError(f"{bundle.relation} has no rows: run dbt build")
    if wanted is None:
        return date.fromisoformat(str(newest))
    if not there:
        nearest = " and ".join(str(other) for other in (before, after) if other)
        raise InputError(f"{bundle.relation} has no rows as of {wanted}: nearest are {nearest}")
    return wanted


def describe(spark: "SparkSession", bundle: Bundle, day: date) -> SparkFeatureDay:
    """Count and fingerprint the rows of `day`; the order of the rows does not matter.

    Raises InputError when an entity is there more than once.
    """
    key = f"cast(`{bundle.entity_key}` as string)"
    # xxhash64 passes over nulls: where they are belongs to the content, too.
    values = ", ".join(f"`{name}`, `{name}` is null" for name in bundle.features)
    of_day = f"{bundle.relation} where `{bundle.as_of_column}` = date '{day}'"
    ((rows, keyed, entities, content),) = fetch(
        spark,
        f"select count(*), count({key}), count(distinct {key}),"
        f" sum(cast(xxhash64({key}, {values}) as decimal(38, 0))) from {of_day}",
    )
    if entities < keyed:
        ((entity, times),) = fetch(
            spark,
            f"select {key}, count(*) from {of_day} and {key} is not null"
            " group by 1 having count(*) > 1 order by 1 limit 1",
        )
        raise InputError(
            f"{bundle.relation} has {times} rows as of {day} for {bundle.entity_key} {entity}"
            f" ({keyed - entities} rows too many in all): keep one row an entity and date"
        )
    return SparkFeatureDay(day, rows, f"{rows}-{int(content or 0) % 2**128:x}")


def read(spark: "SparkSession", bundle: Bundle, day: date) -> "DataFrame":
    """The entity key (as text) and the features of `day`."""
    values = ", ".join(f"`{name}`" for name in bundle.features)
    return spark.sql(
        f"select cast(`{bundle.entity_key}` as string) as `{bundle.entity_key}`, {values}"
        f" from {bundle.relation} where `{bundle.as_of_column}` = date '{day}'"
    )
