"""Spark's event log is read as it is written: each stage to its table, bytes and rows summed."""

import json
from pathlib import Path

from bench.spark_events import Stage, seconds_of, stages_of

RESULTS = {
    "results": [
        {
            "unique_id": f"{kind}.numerosity.{name}",
            "timing": [
                {"name": "compile", "started_at": "2026-01-01T00:00:00Z", "completed_at": start},
                {"name": "execute", "started_at": start, "completed_at": end},
            ],
        }
        for kind, name, start, end in [
            ("model", "orders", "2026-01-01T00:00:10.5Z", "2026-01-01T00:00:20Z"),
            ("test", "orders_are_unique", "2026-01-01T00:00:06Z", "2026-01-01T00:00:09Z"),
            ("model", "customers", "2026-01-01T00:00:01Z", "2026-01-01T00:00:05Z"),
        ]
    ]
}
FOLDER = "file:/shop/spark/tables/marts.db"


def event(name: str, **values: object) -> str:
    """A line of the log, as Spark writes it."""
    return json.dumps({"Event": name, **values}, separators=(",", ":"))


def query(number: int, *plan: str) -> str:
    """The line of a query whose plan is `plan`, each node the child of the one before."""
    node: dict[str, object] = {}
    for text in reversed(plan):
        node = {"simpleString": text, "children": [node] if node else []}
    name = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart"
    return event(name, executionId=number, sparkPlanInfo=node)


def job(number: int | None, *stages: int) -> str:
    """The line of a job of the query `number`, or of none."""
    properties = {} if number is None else {"spark.sql.execution.id": str(number)}
    return event("SparkListenerJobStart", **{"Stage IDs": stages, "Properties": properties})


def stage(number: int, **metrics: int) -> str:
    """The line of a stage that has ended."""
    values = [
        {"Name": f"internal.metrics.{name}", "Value": value} for name, value in metrics.items()
    ]
    info = {
        "Stage ID": number,
        "Number of Tasks": 8,
        "Accumulables": [*values, {"Name": "number of output rows", "Value": "7"}],
    }
    return event("SparkListenerStageCompleted", **{"Stage Info": info})


def test_seconds_are_of_models_alone(tmp_path: Path) -> None:
    """Seconds of execution without compiling, and of models without tests."""
    results = tmp_path / "run_results.json"
    results.write_text(json.dumps(RESULTS))
    assert seconds_of(results) == {"orders": 9.5, "customers": 4}


def test_a_stage_belongs_to_the_table_its_query_writes(tmp_path: Path) -> None:
    """Two tables are written at once; a stage of a query that writes none is of no table."""
    metrics = {
        "executorCpuTime": 2_500_000_000,
        "input.recordsRead": 100,
        "input.bytesRead": 2048,
        "shuffle.write.recordsWritten": 40,
        "shuffle.write.bytesWritten": 1024,
        "diskBytesSpilled": 16,
    }
    orders = f"Execute InsertIntoHadoopFsRelationCommand {FOLDER}/orders, false, Parquet"
    log = tmp_path / "log"
    log.write_text(
        "\n".join(
            [
                query(1, "AdaptiveSparkPlan isFinalPlan=false", orders, "Scan"),
                query(2, orders.replace("orders", "customers")),
                query(3, "Scan parquet marts.orders"),
                query(4, "Execute InsertIntoHadoopFsRelationCommand file:/shop/scores/run, false"),
                job(2, 20, 21),
                job(1, 10),
                job(3, 30),
                job(4, 40),
                job(None, 50),
                event("SparkListenerTaskEnd", **{"Stage ID": 10}),
                *(stage(other) for other in (30, 40, 50)),
                stage(21),
                stage(10, **metrics),
            ]
        )
    )
    assert stages_of(log) == [
        Stage("customers", 8, 0, 0, 0, 0, 0, 0),
        Stage("orders", 8, 2.5, 100, 40, 2048, 1024, 16),
    ]
