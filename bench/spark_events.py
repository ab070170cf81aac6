"""Read Spark's event log of a dbt run: the model, rows, bytes and CPU time of each stage."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["Stage", "seconds_of", "stages_of"]

METRIC = "internal.metrics."
EVENTS = tuple(
    f'{{"Event":"{name}"'
    for name in (
        "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart",
        "SparkListenerJobStart",
        "SparkListenerStageCompleted",
    )
)
WRITES = re.compile(r"Execute InsertIntoHadoopFsRelationCommand file:[^,]*\.db/(\w+)")


@dataclass(frozen=True)
class Stage:
    """One stage: tasks that run without exchanging data. Bytes are compressed, as transferred."""

    model: str
    """The table that the stage helps to write."""
    tasks: int
    cpu_seconds: float
    rows_read: int
    rows_shuffled: int
    bytes_read: int
    bytes_shuffled: int
    bytes_spilled: int


def seconds_of(run_results: Path) -> dict[str, float]:
    """Seconds of each model in target/run_results.json, including planning."""
    found = {}
    for result in json.loads(run_results.read_text())["results"]:
        kind, _, name = result["unique_id"].rpartition(".")
        for timing in result["timing"]:
            if timing["name"] == "execute" and kind.startswith("model."):
                start, end = (
                    datetime.fromisoformat(timing[at]) for at in ("started_at", "completed_at")
                )
                found[name] = (end - start).total_seconds()
    return found


def stages_of(log: Path) -> list[Stage]:
    """The finished stages in the event log `log` that help to write a table, with its name.

    Several tables may be written at once. A stage belongs to a job, the job belongs to a query, and
    the plan of the query names the folder of the table.
    """
    written: dict[str, str] = {}
    queries: dict[int, str] = {}
    stages = []
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith(EVENTS):
                continue
            event = json.loads(line)
            if "sparkPlanInfo" in event:
                written[str(event["executionId"])] = _table(event["sparkPlanInfo"])
            elif "Stage IDs" in event:
                query = event["Properties"].get("spark.sql.execution.id", "")
                queries |= dict.fromkeys(event["Stage IDs"], query)
            else:
                info = event["Stage Info"]
                if model := written.get(queries.get(info["Stage ID"], "")):
                    stages.append(_stage(info, model))
    return stages


def _table(plan: Mapping[str, Any]) -> str:
    """The table whose folder a node of the plan writes; empty when no node does."""
    if found := WRITES.match(plan["simpleString"]):
        return found[1]
    return next(filter(None, map(_table, plan["children"])), "")


def _stage(info: Mapping[str, Any], model: str) -> Stage:
    summed = {
        value["Name"].removeprefix(METRIC): int(value["Value"])
        for value in info["Accumulables"]
        if value.get("Name", "").startswith(METRIC) and "Value" in value
    }
    return Stage(
        model=model,
        tasks=info["Number of Tasks"],
        cpu_seconds=summed.get("executorCpuTime", 0) / 1e9,
        rows_read=summed.get("input.recordsRead", 0),
        rows_shuffled=summed.get("shuffle.write.recordsWritten", 0),
        bytes_read=summed.get("input.bytesRead", 0),
        bytes_shuffled=summed.get("shuffle.write.bytesWritten", 0),
        bytes_spilled=summed.get("diskBytesSpilled", 0),
    )
