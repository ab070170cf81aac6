"""On a cluster of two workers, one of which dies, and with a driver that dies: the same results."""

import json
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.support.engines import SparkWorkspace, differences, needs_spark
from tests.support.spark_cluster import Cluster, Node, started_cluster, until

pytestmark = needs_spark

PARTS = ("int_customer_orders_aggregated", "int_customer_sessions_aggregated")
"""Models of several shuffles, which are built again on the cluster."""
LOST = "Lost executor"
"""What Spark says of an executor that went away without a word."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A master and two workers on loopback."""
    with started_cluster(tmp_path_factory.mktemp("cluster"), 2, "1g") as started:
        yield started


@pytest.fixture
def alive(cluster: Cluster) -> Cluster:
    """Two workers, those of the test before or new ones."""
    cluster.complete(2)
    return cluster


def scores(workspace: SparkWorkspace) -> pd.DataFrame:
    """The scores that lie in the folder of tables, of every run that left some."""
    files = f"{workspace.tables}/scores/*/*/*/*/*.parquet"
    return duckdb.sql(
        f"select * exclude (scored_at) from read_parquet('{files}') order by all"
    ).df()


def shuffled(worker: Node) -> set[Path]:
    """The files its executors have written for others to read."""
    return set(worker.folder.glob("local/**/shuffle_*.data"))


def python_tasks(worker: Node) -> int:
    """How many processes of Python its executors have started for tasks."""
    commands = []
    for pid in worker.processes():
        with suppress(OSError):
            commands.append(Path(f"/proc/{pid}/cmdline").read_bytes())
    return max(0, sum(b"pyspark.daemon" in command for command in commands) - 1)


def test_a_worker_dies_while_features_are_built(spark: SparkWorkspace, alive: Cluster) -> None:
    """What it had shuffled is computed again, and every row is what DuckDB has."""
    workspace = spark.on_cluster(alive.master)
    run = workspace.start_dbt("run", "--full-refresh", "--select", *PARTS)
    until(lambda: f"START sql incremental model intermediate.{PARTS[0]}" in run.output(), "a model")
    before = {worker.folder: shuffled(worker) for worker in alive.workers}

    def wrote() -> list[Node]:
        return [w for w in alive.workers if run.output() and shuffled(w) - before[w.folder]]

    until(wrote, "a shuffle of the model")
    wrote()[0].kill()
    done = run.done().succeeded()
    assert done.line_with(LOST)
    assert differences(spark, [f"intermediate.{name}" for name in PARTS]) == {}


def test_a_worker_dies_while_it_scores(spark: SparkWorkspace, alive: Cluster) -> None:
    """The other one scores its rows, and each score is what it was."""
    before = scores(spark)
    workspace = spark.on_cluster(alive.master)
    run = workspace.start_python(
        "-m", "scoring", "run", "--engine", "spark", "--force", "--json-logs"
    )
    until(lambda: run.output() and any(python_tasks(w) for w in alive.workers), "a task")
    next(worker for worker in alive.workers if python_tasks(worker)).kill()
    done = run.done().succeeded()
    assert done.line_with(LOST)
    after = scores(spark)
    assert set(after["run_id"]).isdisjoint(before["run_id"])
    pd.testing.assert_frame_equal(
        *(
            frame.drop(columns="run_id").sort_values("entity_id", ignore_index=True)
            for frame in (before, after)
        )
    )


def test_a_driver_dies_while_tasks_write(spark: SparkWorkspace, alive: Cluster) -> None:
    """What they had written nobody reads, and the scores that were there stay whole."""
    before = scores(spark)
    workspace = spark.on_cluster(alive.master)
    run = workspace.start_python(
        "-m", "scoring", "run", "--engine", "spark", "--force", "--json-logs"
    )
    half_written = "scores/*/*/*/*/_temporary"
    until(lambda: run.output() and next(spark.tables.glob(half_written), None), "a write")
    run.process.kill()
    assert run.done().code == -signal.SIGKILL
    pd.testing.assert_frame_equal(scores(spark), before)


def test_a_driver_dies_in_the_write(spark: SparkWorkspace, alive: Cluster) -> None:
    """The scores that were there stay whole, and the next run finds its work done by them."""
    before = scores(spark)
    workspace = spark.on_cluster(alive.master)
    command = ("-m", "scoring", "run", "--engine", "spark", "--json-logs")
    killed = workspace.python(*command, "--force", NUMEROSITY_KILL_AT="transaction ready")
    assert killed.code == -signal.SIGKILL
    left = scores(spark)
    kept = left[left["run_id"].isin(before["run_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)
    assert len(left) > len(before)  # it did die with files of its own written
    answer = json.loads(spark.python(*command).succeeded().lines[-1])
    assert {task["status"] for task in answer["tasks"]} == {"already_done"}
    assert {task["run_id"] for task in answer["tasks"]} == set(before["run_id"])
