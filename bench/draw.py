"""What it costs to sample training rows in the warehouse, and how good a model of the sample is.

The table is generated from planted log-odds; one row in eighty buys. Each way of reading runs in
its own process. All models are tested on the same new rows.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import duckdb
import numpy as np
import typer
from rich.table import Table
from sklearn.metrics import average_precision_score, roc_auc_score

from bench.machine import machine
from bench.processes import run
from ml.candidates.gradient_boosting import GradientBoosting
from ml.data.dataset import Dataset, read_dataset
from ml.training.settings_choice import Choice, fit
from warehouse.connection import connect
from warehouse.console import show, write_json
from warehouse.feature_tables import Feature, FeatureTable, Task
from warehouse.settings import load_settings

__all__ = ["draw"]

FEATURES, DATES = 24, 12
RELATION, FRESH = "features.visitors", "features.fresh"
WAYS: Mapping[str, tuple[str, bool]] = {
    "all rows": ("all", False),
    "drawn in proportion": ("most", False),
    "drawn to learn from": ("most", True),
}


@dataclass(frozen=True)
class Way:
    """What one way of reading costs, and how good a model of its rows is."""

    rows: int
    buyers: int
    read_seconds: float
    read_peak_mib: int
    roc_auc: float
    average_precision: float
    mean_probability: float


def draw(
    rows: Annotated[int, typer.Option(min=100_000, help="Labelled rows of the table.")] = 2_000_000,
    most: Annotated[int, typer.Option(min=10_000, help="Rows to sample.")] = 200_000,
) -> None:
    """Sample training rows: time, memory, and the model compared with one of all rows."""
    with TemporaryDirectory() as temporary:
        path = Path(temporary) / "warehouse.duckdb"
        _make(path, rows)
        ways = {name: _measure(path, name, rows, most) for name in WAYS}
        with duckdb.connect(str(path), read_only=True) as connection:
            ((fresh,),) = connection.execute(f"select avg(label::integer) from {FRESH}").fetchall()
    table = Table(title=f"{rows:,} labelled rows of {FEATURES} features, {most:,} to sample")
    for heading in ("read", *Way.__dataclass_fields__):
        table.add_column(
            heading.replace("_", " "), justify="left" if heading == "read" else "right"
        )
    for name, way in ways.items():
        table.add_row(
            name,
            f"{way.rows:,}",
            f"{way.buyers:,}",
            f"{way.read_seconds:.1f}",
            f"{way.read_peak_mib:,}",
            f"{way.roc_auc:.4f}",
            f"{way.average_precision:.4f}",
            f"{way.mean_probability:.5f}",
        )
    show(table)
    measured = {name: vars(way) for name, way in ways.items()}
    write_json(
        {"bench": "draw", "rows": rows, "most": most, "rate": fresh, "ways": measured, **machine()}
    )


def _make(path: Path, rows: int) -> None:
    """Create `rows` training rows and 500,000 new ones; each feature is uniform from 0 to 1."""
    names = [f"f{i}" for i in range(FEATURES)]
    values = ", ".join(
        f"(hash(i, {k}, salt) % 1000003 / 1000003.0)::float f{k}" for k in range(FEATURES)
    )
    odds = "3 * f0 + 2 * f1 * f2 + case when f3 > 0.7 then 1.5 else 0 end - 2 * f4 - 6.7"
    with duckdb.connect(str(path)) as connection:
        connection.execute("set memory_limit = '1GB'; create schema features")
        for table, count, salt in ((RELATION, rows, 0), (FRESH, 500_000, 1)):
            connection.execute(
                f"create table {table} as with numbers as (select i, {salt} as salt from"
                f" range({count}) range(i)), drawn as (select 'v' || i as visitor_id,"
                f" date '2024-01-01' + (i % {DATES})::integer * 30 as as_of_date, {values},"
                f" (hash(i, 'luck', salt) % 1000003 + 0.5) / 1000004.0 as uniform from numbers)"
                f" select visitor_id, as_of_date, {', '.join(names)},"
                f" uniform < 1 / (1 + exp(-({odds}))) as label from drawn"
            )


def _measure(path: Path, name: str, rows: int, most: int) -> Way:
    bound, to_learn = WAYS[name]
    limit = rows if bound == "all" else most
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "bench.draw",
        path,
        str(limit),
        str(int(to_learn)),
    ]
    log = path.with_name(f"{name}.log")
    cost = run(command, log)
    timing = json.loads(log.read_text(encoding="utf-8").splitlines()[-1])
    data = _read(path, limit, to_learn)
    model = fit(Choice(GradientBoosting(), {}, ()), data, np.arange(len(data.labels)), 0)
    fresh = _read(path, 500_000, False, FRESH)
    probabilities = model.predict_proba(fresh.matrix)[:, 1]
    return Way(
        rows=len(data.labels),
        buyers=data.buyers,
        read_seconds=timing["seconds"],
        read_peak_mib=round(cost.peak_bytes / 2**20),
        roc_auc=float(roc_auc_score(fresh.labels, probabilities)),
        average_precision=float(average_precision_score(fresh.labels, probabilities)),
        mean_probability=float(probabilities.mean()),
    )


def _read(path: Path, most: int, to_learn: bool, relation: str = RELATION) -> Dataset:
    features = tuple(Feature(f"f{i}", f"f{i}", "", False, False, None) for i in range(FEATURES))
    task = Task("purchase", "buys", "label", 30, ())
    table = FeatureTable(relation, "visitor", "visitor_id", "as_of_date", features, (task,))
    settings = load_settings(training_rows=most)
    with connect(path, read_only=True) as connection:
        connection.execute("set memory_limit = '1GB'")
        return read_dataset(connection, table, task, settings=settings, to_learn=to_learn)


def _child(path: str, most: str, to_learn: str) -> dict[str, Any]:
    """Read once and return the seconds. The parent process measures memory."""
    from time import perf_counter

    started = perf_counter()
    _read(Path(path), int(most), bool(int(to_learn)))
    return {"seconds": round(perf_counter() - started, 2)}


if __name__ == "__main__":
    write_json(_child(*sys.argv[1:]))
