"""Scoring where the features are tables of Apache Spark: the same bundle, the same `score_batches`.

The rows are scored in Spark's tasks and stay there. Models are registered where they were learned,
in the DuckDB file of the settings. `session` alone opens Spark; `tasks` is what its workers run.
"""

from scoring.spark.job import run

__all__ = ["run"]
