"""Spark's event log is read as it is written: each stage to its model, bytes and rows summed."""

import json
from pathlib import Path

from bench.spark_events import Model, Stage, models_of, stages_of

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
MIDNIGHT = 1767225600


def stage(second: float, **metrics: int) -> str:
    """A line of the log: a stage submitted `second` seconds after midnight."""
    values = [
        {"Name": f"internal.metrics.{name}", "Value": value} for name, value in metrics.items()
    ]
    info = {
        "Submission Time": (MIDNIGHT + second) * 1000,
        "Number of Tasks": 8,
        "Accumulables": [*values, {"Name": "number of output rows", "Value": "7"}],
    }
    return json.dumps({"Event": "SparkListenerStageCompleted", "Stage Info": info}).replace(
        '": "Spark', '":"Spark'
    )


def test_a_stage_belongs_to_the_model_it_was_submitted_for(tmp_path: Path) -> None:
    """Models are in the order they were built; a stage between two of them is of none."""
    results = tmp_path / "run_results.json"
    results.write_text(json.dumps(RESULTS))
    models = models_of(results)
    assert models == [
        Model("customers", MIDNIGHT + 1, MIDNIGHT + 5),
        Model("orders", MIDNIGHT + 10.5, MIDNIGHT + 20),
    ]
    assert models[1].seconds == 9.5
    log = tmp_path / "log"
    metrics = {
        "executorCpuTime": 2_500_000_000,
        "input.recordsRead": 100,
        "input.bytesRead": 2048,
        "shuffle.write.recordsWritten": 40,
        "shuffle.write.bytesWritten": 1024,
        "diskBytesSpilled": 16,
    }
    other = json.dumps({"Event": "SparkListenerTaskEnd"})
    log.write_text("\n".join([stage(11, **metrics), other, stage(7), stage(2)]))
    assert stages_of(log, models) == [
        Stage("orders", 8, 2.5, 100, 40, 2048, 1024, 16),
        Stage("", 8, 0, 0, 0, 0, 0, 0),
        Stage("customers", 8, 0, 0, 0, 0, 0, 0),
    ]
