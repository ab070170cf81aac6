"""Scoring feature tables in Apache Spark, with the same bundles and the same `score_batches`.

The rows are scored in Spark tasks and stay in Spark. The registry of models is in the DuckDB
warehouse. Only the module `session` opens Spark; the workers run the module `tasks`.
"""

from scoring.spark.job import run

__all__ = ["run"]
