"""Score feature tables in Spark tasks: one as-of date of each task, with its champion."""

import time
import uuid
from typing import TYPE_CHECKING

import structlog

from scoring.bundle import Bundle
from scoring.run.job import ScoringOutcome, ScoringRequest, models, without_empty
from scoring.run.stored_scores import RowCounts
from scoring.spark.registry_copy import copy_registry
from scoring.spark.session import connect, distribute, translated
from scoring.spark.spark_feature_day import check_contract, choose_date, describe, read
from scoring.spark.spark_predictions import already_done, count, replace
from scoring.spark.tasks import SCHEMA, scorer
from warehouse.connection import connect as open_registry
from warehouse.errors import NothingToScoreError, exit_code, one_line
from warehouse.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["run"]

log = structlog.get_logger()


def run(settings: Settings, request: ScoringRequest) -> list[ScoringOutcome]:
    """Score the requested tasks in Spark; returns one outcome per task.

    The registry in the DuckDB warehouse says which model scores which task. It is copied to Spark's
    tables of the same names, for the dbt models that read them. Raises as `scoring.run.job.run`,
    and UsageError when Spark cannot start.
    """
    with open_registry(settings.warehouse, True, settings.lock_timeout) as registry:
        wanted = models(registry, settings, request)
        with connect(settings) as spark:
            if not request.dry_run:
                copy_registry(registry, spark)
            outcomes = []
            for task, load in wanted:
                try:
                    with translated():
                        outcomes.append(score_day(spark, load(), request))
                except Exception as error:
                    log.debug("task failed", task=task, exc_info=True)
                    empty = isinstance(error, NothingToScoreError)
                    outcomes.append(
                        ScoringOutcome(
                            task,
                            "nothing_to_score" if empty else "failed",
                            request.as_of,
                            error=one_line(error),
                            exit_code=0 if empty else exit_code(error),
                        )
                    )
    return without_empty(outcomes)


def score_day(spark: "SparkSession", bundle: Bundle, request: ScoringRequest) -> ScoringOutcome:
    """Score one as-of date with one model, and write the scores.

    Nothing is written in a dry run, or if the same scores exist already. Raises
    NothingToScoreError (an empty feature table), InputError (a broken contract) or IntegrityError
    (unusable model output); readers see no change then.
    """
    started = time.perf_counter()
    check_contract(spark, bundle)
    day = describe(spark, bundle, choose_date(spark, bundle, request.as_of))
    about = {"task": bundle.task, "as_of_date": str(day.as_of_date), "model": bundle.model_version}
    status, run_id, counts = "already_done", None, RowCounts()
    done = None if request.force or request.dry_run else already_done(spark, bundle, day)
    if done:
        run_id, counts = done
    else:
        log.info("scoring", rows=day.rows, engine="spark", **about)
        distribute(spark, bundle.folder)
        scores = read(spark, bundle, day.as_of_date).mapInArrow(scorer(bundle), SCHEMA)
        if request.dry_run:
            status, counts = "dry_run", count(scores)
        else:
            status, run_id = "done", uuid.uuid4().hex
            counts = replace(spark, bundle, day, run_id, scores)
    seconds = round(time.perf_counter() - started, 3)
    log.info(status, scored=counts.scored, unscorable=counts.unscorable, seconds=seconds, **about)
    return ScoringOutcome(
        bundle.task,
        status,
        day.as_of_date,
        bundle.model_version,
        counts.scored,
        counts.unscorable,
        run_id,
        seconds,
    )
