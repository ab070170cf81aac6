"""Score feature tables of Spark: each task's day through its model, in Spark's tasks."""

import time
import uuid
from typing import TYPE_CHECKING

import structlog

from scoring.bundle import Bundle
from scoring.run.job import ScoringOutcome, ScoringRequest, models, without_empty
from scoring.run.stored_scores import Counts
from scoring.spark.registry_copy import bring_registry
from scoring.spark.session import bring, connect, translated
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
    """Score what is asked for, one outcome a task, as `scoring.run.run` does in DuckDB.

    Which model scores which task says the registry in the DuckDB file of the settings; Spark's
    tables of the same names become a copy of it, for the models that dbt builds from them.
    """
    with open_registry(settings.warehouse, True, settings.lock_timeout) as registry:
        wanted = models(registry, settings, request)
        with connect(settings) as spark:
            if not request.dry_run:
                bring_registry(registry, spark)
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
    """Score one day with one model, and write it unless it is there already or the run is dry.

    Raises InputError or IntegrityError, and then nothing that is read has changed.
    """
    started = time.perf_counter()
    check_contract(spark, bundle)
    day = describe(spark, bundle, choose_date(spark, bundle, request.as_of))
    about = {"task": bundle.task, "as_of_date": str(day.as_of_date), "model": bundle.model_version}
    status, run_id, counts = "already_done", None, Counts()
    done = None if request.force or request.dry_run else already_done(spark, bundle, day)
    if done:
        run_id, counts = done
    else:
        log.info("scoring", rows=day.rows, engine="spark", **about)
        bring(spark, bundle.folder)
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
