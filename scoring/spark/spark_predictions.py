"""Write scores to Spark's tables: each run writes files of its own for one partition.

A partition is (task, as_of_date, model_version). A run writes its files, counts their rows, and
then changes the partition's location in the catalog. That is one catalog entry, so a reader sees
either the old scores or the new ones. Files of a run that failed before are not read, and the next
run of the partition removes them.
"""

from datetime import date
from typing import TYPE_CHECKING

from scoring.bundle import Bundle
from scoring.run.predictions import code_version
from scoring.run.stored_scores import RowCounts
from scoring.spark.session import fetch, literal
from scoring.spark.spark_feature_day import SparkFeatureDay
from warehouse.errors import IntegrityError
from warehouse.steps import step

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["already_done", "count", "replace"]

SCORES, RUNS = "scoring.scores", "scoring.runs"
SHOWN = ("scoring.predictions", "scoring.unscorable")
"""The views of SCORES: rows with a score, and rows without."""


def already_done(
    spark: "SparkSession", bundle: Bundle, day: SparkFeatureDay
) -> tuple[str, RowCounts] | None:
    """The run that wrote the partition's current rows from the same model and features, or None."""
    where = _where(bundle, day.as_of_date)
    runs = fetch(
        spark,
        f"select run_id, rows_scored, rows_unscorable from {RUNS} where {where}"
        f" and bundle_sha256 = {literal(bundle.bundle_sha256)}"
        f" and features_fingerprint = {literal(day.fingerprint)} order by finished_at desc",
    )
    if not runs:
        return None
    present = [
        dict(fetch(spark, f"select run_id, count(*) from {table} where {where} group by run_id"))
        for table in SHOWN
    ]
    for run_id, *wanted in runs:
        if present == [{run_id: rows} if rows else {} for rows in wanted]:
            return run_id, RowCounts(*wanted)
    return None


def count(scores: "DataFrame") -> RowCounts:
    """Count the rows of a DataFrame with `tasks.SCHEMA`."""
    found = scores.selectExpr("count(case when unscorable is null then 1 end)", "count(unscorable)")
    return RowCounts(*found.collect()[0])


def replace(
    spark: "SparkSession", bundle: Bundle, day: SparkFeatureDay, run_id: str, scores: "DataFrame"
) -> RowCounts:
    """Replace the partition's rows by `scores` (`tasks.SCHEMA`), and record the run.

    Raises IntegrityError unless every row of `day` is written exactly once; the partition is
    unchanged then.
    """
    ((started,),) = fetch(spark, "select cast(localtimestamp() as string)")
    root = f"{spark.conf.get('spark.sql.warehouse.dir')}/scores"
    folder = f"{root}/{bundle.task}/{day.as_of_date}/{bundle.model_version}"
    own_folder = f"{folder}/{run_id}"
    scores.selectExpr(
        "entity_id",
        f"{literal(run_id)} as run_id",
        *(name for name in scores.columns if name != "entity_id"),
        f"{literal(bundle.bundle_sha256)} as bundle_sha256",
        f"{literal(bundle.feature_schema_hash)} as feature_schema_hash",
        f"{literal(code_version())} as code_version",
        f"cast({literal(started)} as timestamp) as scored_at",
    ).write.parquet(own_folder)
    step("batch written")
    counts = count(spark.read.parquet(own_folder))
    if counts.scored + counts.unscorable != day.rows:
        _remove(spark, own_folder)
        raise IntegrityError(
            f"{bundle.relation} has {day.rows} rows as of {day.as_of_date}, but {counts.scored}"
            f" were scored and {counts.unscorable} listed as unscorable, nothing was kept:"
            " run again"
        )
    step("transaction ready")
    _set_location(spark, bundle, day.as_of_date, own_folder)
    step("transaction committed")
    _record(spark, bundle, day, run_id, started, counts)
    for other in _folders(spark, folder):
        if other != run_id:
            _remove(spark, f"{folder}/{other}")
    return counts


def _set_location(spark: "SparkSession", bundle: Bundle, day: date, folder: str) -> None:
    """Set the partition's location in the catalog to `folder`."""
    partition = (
        f"partition (task = {literal(bundle.task)}, as_of_date = date '{day}',"
        f" model_version = {literal(bundle.model_version)})"
    )
    there = fetch(spark, f"show partitions {SCORES} {partition}")
    location = f"location {literal(folder)}"
    spark.sql(
        f"alter table {SCORES} "
        + (f"{partition} set {location}" if there else f"add {partition} {location}")
    )


def _record(
    spark: "SparkSession",
    bundle: Bundle,
    day: SparkFeatureDay,
    run_id: str,
    started: str,
    counts: RowCounts,
) -> None:
    values = {
        "run_id": literal(run_id),
        "task": literal(bundle.task),
        "as_of_date": f"date '{day.as_of_date}'",
        "model_version": literal(bundle.model_version),
        "bundle_sha256": literal(bundle.bundle_sha256),
        "feature_schema_hash": literal(bundle.feature_schema_hash),
        "code_version": literal(code_version()),
        "features_fingerprint": literal(day.fingerprint),
        "rows_scored": str(counts.scored),
        "rows_unscorable": str(counts.unscorable),
        "started_at": f"cast({literal(started)} as timestamp)",
        "finished_at": "localtimestamp()",
    }
    spark.sql(f"insert into {RUNS} ({', '.join(values)}) select {', '.join(values.values())}")


def _where(bundle: Bundle, day: date) -> str:
    return (
        f"task = {literal(bundle.task)} and as_of_date = date '{day}'"
        f" and model_version = {literal(bundle.model_version)}"
    )


def _path(spark: "SparkSession", folder: str):  # type: ignore[no-untyped-def]  # a Java object
    return spark._jvm.org.apache.hadoop.fs.Path(folder)


def _files(spark: "SparkSession"):  # type: ignore[no-untyped-def]  # a Java object
    root = _path(spark, str(spark.conf.get("spark.sql.warehouse.dir")))
    return root.getFileSystem(spark._jsc.hadoopConfiguration())


def _folders(spark: "SparkSession", folder: str) -> list[str]:
    return [found.getPath().getName() for found in _files(spark).listStatus(_path(spark, folder))]


def _remove(spark: "SparkSession", folder: str) -> None:
    _files(spark).delete(_path(spark, folder), True)
