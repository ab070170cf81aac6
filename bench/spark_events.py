"""What Spark's event log says of a dbt run: for each stage, its model, rows, bytes and CPU time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["Model", "Stage", "models_of", "stages_of"]

METRIC = "internal.metrics."


@dataclass(frozen=True)
class Model:
    """A model that dbt built, and when (seconds since 1970)."""

    name: str
    started: float
    ended: float

    @property
    def seconds(self) -> float:
        """From start to end, planning included."""
        return self.ended - self.started


@dataclass(frozen=True)
class Stage:
    """One stage: tasks that need no bytes of each other. Bytes are compressed, as on the wire."""

    model: str
    tasks: int
    cpu_seconds: float
    rows_read: int
    rows_shuffled: int
    bytes_read: int
    bytes_shuffled: int
    bytes_spilled: int


def models_of(run_results: Path) -> list[Model]:
    """The models of target/run_results.json, in the order they were built."""
    found = []
    for result in json.loads(run_results.read_text())["results"]:
        for timing in result["timing"]:
            if timing["name"] == "execute" and result["unique_id"].startswith("model."):
                at = (_seconds(timing[end]) for end in ("started_at", "completed_at"))
                found.append(Model(result["unique_id"].rpartition(".")[2], *at))
    return sorted(found, key=lambda model: model.started)


def stages_of(log: Path, models: Sequence[Model]) -> list[Stage]:
    """The stages that ended in the event log `log`, each with the model it was submitted for."""
    stages = []
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith('{"Event":"SparkListenerStageCompleted"'):
                stages.append(_stage(json.loads(line)["Stage Info"], models))
    return stages


def _stage(info: Mapping[str, Any], models: Sequence[Model]) -> Stage:
    summed = {
        value["Name"].removeprefix(METRIC): int(value["Value"])
        for value in info["Accumulables"]
        if value.get("Name", "").startswith(METRIC) and "Value" in value
    }
    at = info["Submission Time"] / 1000
    return Stage(
        model=next((model.name for model in models if model.started <= at <= model.ended), ""),
        tasks=info["Number of Tasks"],
        cpu_seconds=summed.get("executorCpuTime", 0) / 1e9,
        rows_read=summed.get("input.recordsRead", 0),
        rows_shuffled=summed.get("shuffle.write.recordsWritten", 0),
        bytes_read=summed.get("input.bytesRead", 0),
        bytes_shuffled=summed.get("shuffle.write.bytesWritten", 0),
        bytes_spilled=summed.get("diskBytesSpilled", 0),
    )


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
