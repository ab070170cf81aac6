"""What was scored, in Spark's tables: a day's scores by a model are files that no other run writes.

A partition is (task, as_of_date, model_version). A run writes files of its own, counts them, and
only then says to the catalog that the partition is these: one entry of the catalog, so that a
reader sees the old scores or the new. Whatever happens before leaves files nobody reads, which the
next run that writes removes.
"""

from datetime import date
from typing import TYPE_CHECKING

from scoring.bundle import Bundle
from scoring.run.predictions import code_version
from scoring.run.stored_scores import Counts
from scoring.spark.session import fetch, literal
from scoring.spark.spark_feature_day import SparkFeatureDay
from warehouse.errors import IntegrityError
from warehouse.steps import step

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["already_done", "count", "replace"]

SCORES, RUNS = "scoring.scores", "scoring.runs"
SHOWN = ("scoring.predictions", "scoring.unscorable")
"""Views of SCORES: those with a score, and those without."""


def already_done(
    spark: "SparkSession", bundle: Bundle, day: SparkFeatureDay
) -> tuple[str, Counts] | None:
    """The run whose result is in place for this model and exactly these features, or None."""
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
            return run_id, Counts(*wanted)
    return None


def count(scores: "DataFrame") -> Counts:
    """Count rows of `tasks.SCHEMA`."""
    found = scores.selectExpr("count(case when unscorable is null then 1 end)", "count(unscorable)")
    return Counts(*found.collect()[0])


def replace(
    spark: "SparkSession", bundle: Bundle, day: SparkFeatureDay, run_id: str, scores: "DataFrame"
) -> Counts:
    """Put `scores` (`tasks.SCHEMA`) in place of the partition's rows, and note the run.

    Raises IntegrityError unless exactly the rows of `day` came out; nothing has changed then.
    """
    ((started,),) = fetch(spark, "select cast(localtimestamp() as string)")
    root = f"{spark.conf.get('spark.sql.warehouse.dir')}/scores"
    folder = f"{root}/{bundle.task}/{day.as_of_date}/{bundle.model_version}"
    mine = f"{folder}/{run_id}"
    scores.selectExpr(
        "entity_id",
        f"{literal(run_id)} as run_id",
        *(name for name in scores.columns if name != "entity_id"),
        f"{literal(bundle.bundle_sha256)} as bundle_sha256",
        f"{literal(bundle.feature_schema_hash)} as feature_schema_hash",
        f"{literal(code_version())} as code_version",
        f"cast({literal(started)} as timestamp) as scored_at",
    ).write.parquet(mine)
    step("batch written")
    counts = count(spark.read.parquet(mine))
    if counts.scored + counts.unscorable != day.rows:
        _remove(spark, mine)
        raise IntegrityError(
            f"{bundle.relation} has {day.rows} rows as of {day.as_of_date}, but {counts.scored}"
            f" were scored and {counts.unscorable} listed as unscorable: nothing was kept,"
            " run again"
        )
    step("transaction ready")
    _point(spark, bundle, day.as_of_date, mine)
    step("transaction committed")
    _note(spark, bundle, day, run_id, started, counts)
    for other in _folders(spark, folder):
        if other != run_id:
            _remove(spark, f"{folder}/{other}")
    return counts


def _point(spark: "SparkSession", bundle: Bundle, day: date, files: str) -> None:
    """Say to the catalog that the partition's files are those in the folder `files`."""
    partition = (
        f"partition (task = {literal(bundle.task)}, as_of_date = date '{day}',"
        f" model_version = {literal(bundle.model_version)})"
    )
    there = fetch(spark, f"show partitions {SCORES} {partition}")
    place = f"location {literal(files)}"
    spark.sql(
        f"alter table {SCORES} "
        + (f"{partition} set {place}" if there else f"add {partition} {place}")
    )


def _note(
    spark: "SparkSession",
    bundle: Bundle,
    day: SparkFeatureDay,
    run_id: str,
    started: str,
    counts: Counts,
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
