"""`python -m bench scoring`: what a score costs from table to table, with several methods.

One glass box and other methods score one table of features, each in its own process. The table
holds labelled rows sampled with replacement, so that rows take realistic paths through the trees.
Time before the first row (fitting, starting, loading a model) is not counted.
"""

import multiprocessing
import os
import re
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from bench.machine import machine
from bench.scoring_ways import RELATION, WAYS, Place
from scoring.bundle import write_bundle
from scoring.run.stored_scores import ROW_GROUP
from warehouse import tables
from warehouse.console import configure_logs
from warehouse.errors import NumerosityError

if TYPE_CHECKING:
    from ml.data.dataset import Dataset

__all__ = ["scoring"]

SEED = 0
KERNEL = "kernel alone, with reasons"


@dataclass(frozen=True)
class Figures:
    """What a method costs."""

    rows: int
    seconds: float
    cpu_seconds: float
    start_mib: float
    """Largest resident memory of its process before the first row."""
    peak_mib: float
    """Largest resident memory of its process."""


def scoring(data: "Dataset", rows: int, only: str | None = None) -> dict[str, Any]:
    """Measure every method whose name contains `only`, on `rows` rows or on the method's maximum.

    Raises NumerosityError when a method fails or the system ends its process.
    """
    from rich.table import Table

    from warehouse.console import progress_bar, show

    names = [name for name in WAYS if only is None or only in name]
    found: dict[str, Figures | None] = {}
    with _place(data, rows) as place, progress_bar("scoring") as advance:
        for number, name in enumerate(names, start=1):
            found[name] = _measured(place, name)
            advance(number, len(names))
    kernel = found.get(KERNEL)
    table = Table(title=f"{rows:,} rows × {len(data.names)} features")
    for heading in (
        "way",
        "does",
        "rows",
        "rows / s",
        "rows / CPU s",
        "MiB before",
        "peak",
        "× kernel",
    ):
        table.add_column(heading, justify="left" if heading in ("way", "does") else "right")
    for name, cost in found.items():
        table.add_row(name, WAYS[name].does, *_cells(cost, kernel))
    show(table)
    costs = {name: asdict(cost) if cost else None for name, cost in found.items()}
    return {**machine(), "rows": rows, "features": len(data.names), "ways": costs}


def _cells(cost: Figures | None, kernel: Figures | None) -> list[str]:
    if cost is None:
        return ["not installed"]
    speed = cost.rows / cost.cpu_seconds
    return [
        f"{cost.rows:,}",
        f"{cost.rows / cost.seconds:,.0f}",
        f"{speed:,.0f}",
        f"{cost.start_mib:,.0f}",
        f"{cost.peak_mib:,.0f}",
        f"{kernel.rows / kernel.cpu_seconds / speed:.2f}" if kernel else "",
    ]


def _measured(place: Place, name: str) -> Figures | None:
    """The cost of a method in its own process; None where a library is not installed."""
    given = replace(place, rows=min(place.rows, WAYS[name].most_rows or place.rows))
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, given, name))
    process.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        raise NumerosityError(f"{name} was ended by the system: too little memory?") from None
    finally:
        process.join()
    if isinstance(answer, str):
        raise NumerosityError(f"{name}: {answer}")
    return Figures(given.rows, *answer) if answer else None


def _work(pipe: Connection, place: Place, name: str) -> None:
    configure_logs(level="error")
    try:
        duckdb.execute("select ?", [1])  # imports pandas first, which takes as long as 60,000 rows
        work, start = WAYS[name].prepare(place), _peak_mib()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        pipe.send((round(wall, 3), round(cpu, 3), start, _peak_mib()))
    except ImportError:
        pipe.send(())
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {error}")


def _peak_mib() -> float:
    """Largest resident memory of this process; getrusage includes the process that started it."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
        return round(int(found[1]) / 1024, 1) if found else 0.0
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


@contextmanager
def _place(data: "Dataset", rows: int) -> Iterator[Place]:
    """A temporary folder with a warehouse of `rows` rows, and the models."""
    import joblib

    from ml.candidates.boosting import baseline_of, trees_of
    from ml.candidates.glass_box import GlassBoxBoosting
    from ml.export.onnx_graph import export, export_scores, export_trees

    candidate = GlassBoxBoosting()
    fitted = candidate.fit(data.matrix, data.labels, candidate.grid[-1], SEED)
    (model,) = fitted.models
    features = len(data.names)
    graphs = {
        "reasons": export(candidate, fitted, features),
        "scores": export_scores(fitted.box, features),
        "forest": export_trees(trees_of(model), baseline_of(model), features),
    }
    terms = [" × ".join(data.names[each] for each in term.features) for term in fitted.box.terms]
    with TemporaryDirectory(dir=os.environ.get("NUMEROSITY_BENCH")) as temporary:
        folder = Path(temporary)
        for name, graph in graphs.items():
            write_bundle(folder / name, graph, _facts(data, name, terms))
        _fill(folder / "warehouse.duckdb", data, rows)
        joblib.dump(fitted, folder / "sklearn.joblib")
        np.savez(folder / "labelled.npz", matrix=data.matrix, labels=data.labels)
        yield Place(folder, data.names, rows, os.cpu_count() or 1)


def _facts(data: "Dataset", name: str, terms: list[str]) -> Mapping[str, Any]:
    return {
        "task": data.task.name,
        "model_version": name,
        "entity_key": "customer_id",
        "as_of_column": "as_of_date",
        "relation": RELATION,
        "features": list(data.names),
        "reasons": terms,
    }


def _fill(path: Path, data: "Dataset", rows: int) -> None:
    """Create the table of features, and the tables that Python writes as dbt creates them."""
    rng = np.random.default_rng(SEED)
    with duckdb.connect(str(path)) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(tables.script())
        columns = ", ".join(f'"{name}" float' for name in data.names)
        connection.execute("create schema features")
        connection.execute(
            f"create table {RELATION} (customer_id varchar, as_of_date date, {columns})"
        )
        for start in range(0, rows, ROW_GROUP):
            count = min(ROW_GROUP, rows - start)
            drawn = data.matrix[rng.integers(len(data.matrix), size=count)].T
            batch = pa.RecordBatch.from_arrays(
                [pa.array(column, mask=np.isnan(column)) for column in np.ascontiguousarray(drawn)],
                names=list(data.names),
            )
            connection.execute(
                f"insert into {RELATION} select 'C' || lpad((row_number() over () + {start})::text,"
                " 9, '0'), date '2026-01-01', * from batch"
            )
            del batch
