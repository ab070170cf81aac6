"""What Spark costs compared with DuckDB, from raw files to features and scores of one date.

All setups build the same shop with the same models, without tests. A setup can be left out where a
size is too large for it. A worker has one core; driver, master and workers share the machine.
"""

import json
import shutil
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bench.build import DBT, LAST, Shop, draw, schedule
from bench.machine import machine
from bench.processes import Cost, run
from bench.spark_events import Stage, seconds_of, stages_of
from tests.support.spark_cluster import PYTHON, started_cluster
from warehouse.console import say, show, write_json
from warehouse.errors import InputError

__all__ = ["spark"]

DUCKDB, LOCAL = "DuckDB", "Spark, one process"
WAYS: Mapping[str, int] = {DUCKDB: 0, LOCAL: 0, "Spark, one worker": 1, "Spark, two workers": 2}
"""Number of workers by setup."""
BUILD = ["build", "--exclude-resource-type", "test", "unit_test", "--select", "+customer_features"]
SCHEDULE = f"""
from warehouse.settings import load_settings
from scoring.spark.session import connect
with connect(load_settings()) as spark:
    spark.sql("create schema intermediate")
    spark.sql(
        "create table intermediate.int_as_of_dates_scheduled using parquet as"
        " select 'sample' as source_name, date '{LAST}' as as_of_date"
    )
"""
MOST_STAGES = 8


@dataclass(frozen=True)
class Figures:
    """What one setup costs for one size."""

    build_seconds: float
    score_seconds: float | None
    models: Mapping[str, float]
    """Seconds of each model."""
    cpu_seconds: float
    """CPU time of DuckDB's process, or of all Spark tasks without the driver's planning."""
    stages: Sequence[Stage] = ()

    @property
    def bytes_shuffled(self) -> int:
        """Bytes that all stages of the build wrote for later stages."""
        return sum(stage.bytes_shuffled for stage in self.stages)


def spark(
    customers: Annotated[
        list[int] | None, typer.Option(min=100, help="Customers of the sample shop; repeatable.")
    ] = None,
    way: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(WAYS)}; repeatable, default all.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option(resolve_path=True, help="A model of customers to score with.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(resolve_path=True, help="Where shops and warehouses are built.")
    ] = Path("data/bench/build"),
    memory: Annotated[str, typer.Option(help="Of the driver and of each worker.")] = "3g",
) -> None:
    """Measure Spark with no, one and two workers, and compare with DuckDB."""
    unknown = set(way or ()) - WAYS.keys()
    if unknown:
        raise InputError(f"unknown way {unknown.pop()}: choose from {', '.join(WAYS)}")
    if not PYTHON.exists():
        raise InputError("no .venv-spark here: run make spark-setup")
    facts: dict[str, Any] = {"bench": "spark", **machine(), "sizes": []}
    for size in sorted(customers or [10_000]):
        shop = Shop(folder / str(size), size, [LAST])
        draw(shop)
        found = {}
        for name in way or WAYS:
            say(f"{size:,} customers: {name}")
            found[name] = (
                _duckdb(shop, bundle) if name == DUCKDB else _spark(shop, name, bundle, memory)
            )
            say(f"  {found[name].build_seconds:.0f} s")
        show(_table(shop, found))
        for name, figures in found.items():
            if figures.stages:
                show(_largest(name, figures))
        facts["sizes"].append(
            {
                "customers": size,
                "rows": shop.rows(),
                "ways": {name: _facts(figures) for name, figures in found.items()},
            }
        )
    write_json(facts)


def _duckdb(shop: Shop, bundle: Path | None) -> Figures:
    schedule(shop, "duckdb")
    environment = {
        "NUMEROSITY_RAW": str(shop.raw),
        "NUMEROSITY_WAREHOUSE": str(shop.warehouse("duckdb")),
        "NUMEROSITY_MANIFEST": str(shop.folder / "target-duckdb" / "manifest.json"),
        "DBT_PROFILES_DIR": "profiles",
    }
    return _run(shop, "duckdb", [*DBT, *BUILD], ["-m", "scoring", "run"], environment, bundle)


def _spark(shop: Shop, way: str, bundle: Path | None, memory: str) -> Figures:
    place = shop.folder / "spark"
    shutil.rmtree(place, ignore_errors=True)
    (place / "events").mkdir(parents=True)
    workers = WAYS[way]
    with ExitStack() as alive:
        master = "local[*]"
        if workers:
            master = alive.enter_context(started_cluster(place / "cluster", workers, memory)).master
        settings = {
            "spark.eventLog.enabled": "true",
            "spark.eventLog.dir": f"file://{place / 'events'}",
            "spark.eventLog.rolling.enabled": "false",
            "spark.eventLog.compress": "false",
            "spark.executor.memory": memory,
            "spark.local.dir": str(place / "local"),
        }
        lines = "".join(f"{name} {value}\n" for name, value in settings.items())
        (place / "spark-defaults.conf").write_text(lines)
        environment = {
            "NUMEROSITY_RAW": str(shop.raw),
            "NUMEROSITY_WAREHOUSE": str(shop.warehouse("duckdb")),
            "NUMEROSITY_MANIFEST": str(shop.folder / "target-spark" / "manifest.json"),
            "NUMEROSITY_SPARK_WAREHOUSE": str(place),
            "NUMEROSITY_SPARK_MASTER": master,
            "NUMEROSITY_SPARK_MEMORY": memory,
            "NUMEROSITY_SPARK_PARTITIONS": str(max(8, shop.customers // 25_000)),
            "DBT_PROFILES_DIR": "profiles",
            "PYSPARK_PYTHON": str(PYTHON),
            "SPARK_CONF_DIR": str(place),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        land = [sys.executable, "-m", "warehouse.landing", "--source", "sample"]
        run(land, shop.folder / "spark-landing.log", environment)
        run([PYTHON, "-c", SCHEDULE], shop.folder / "spark-schedule.log", environment)
        build: list[str | Path] = [PYTHON.with_name("dbt"), *BUILD, "--target", "spark"]
        score = ["-m", "scoring", "run", "--engine", "spark"]
        found = _run(shop, "spark", build, score, environment, bundle)
    stages = [stage for log in (place / "events").iterdir() for stage in stages_of(log)]
    return replace(found, stages=stages, cpu_seconds=sum(stage.cpu_seconds for stage in stages))


def _run(
    shop: Shop,
    name: str,
    build: Sequence[str | Path],
    score: Sequence[str | Path],
    environment: Mapping[str, str],
    bundle: Path | None,
) -> Figures:
    target = shop.folder / f"target-{name}"
    values = json.dumps({"sources": ["sample"], "as_of_date": str(LAST)})
    paths: list[str | Path] = ["--target-path", target, "--log-path", shop.folder / "logs"]
    cost = run([*build, *paths, "--vars", values], shop.folder / f"dbt-{name}.log", environment)
    models = seconds_of(target / "run_results.json")
    scored: Cost | None = None
    if bundle:
        python = PYTHON if name == "spark" else Path(str(DBT[0]))
        command = [python, *score, "--bundle", bundle]
        scored = run(command, shop.folder / f"score-{name}.log", environment)
    return Figures(cost.seconds, scored.seconds if scored else None, models, cost.cpu_seconds)


def _facts(figures: Figures) -> dict[str, Any]:
    cpu: defaultdict[str, float] = defaultdict(float)
    for stage in figures.stages:
        cpu[stage.model] += stage.cpu_seconds
    facts = asdict(figures) | {
        "bytes_shuffled": figures.bytes_shuffled,
        "cpu_seconds_of_models": dict(sorted(cpu.items(), key=lambda one: -one[1])[:MOST_STAGES]),
    }
    most = _by_bytes(figures.stages)[:MOST_STAGES]
    slow = sorted(figures.models.items(), key=lambda model: -model[1])[:MOST_STAGES]
    return facts | {"models": dict(slow), "stages": [asdict(stage) for stage in most]}


def _by_bytes(stages: Sequence[Stage]) -> list[Stage]:
    return sorted(stages, key=lambda stage: -stage.bytes_shuffled)


def _table(shop: Shop, found: Mapping[str, Figures]) -> Table:
    rows = ", ".join(f"{count:,} {name}" for name, count in shop.rows().items())
    table = Table(title=f"{shop.customers:,} customers ({rows})", title_justify="left")
    first = next(iter(found))
    columns: Mapping[str, Callable[[Figures], str]] = {
        "build, s": lambda one: f"{one.build_seconds:.0f}",
        f"against {first}": lambda one: f"{one.build_seconds / found[first].build_seconds:.1f} ×",
        "score, s": lambda one: f"{one.score_seconds:.0f}" if one.score_seconds else "",
        "CPU s": lambda one: f"{one.cpu_seconds:.0f}",
        "raw rows / CPU s": lambda one: f"{sum(shop.rows().values()) / one.cpu_seconds:,.0f}",
        "shuffled, MiB": lambda one: f"{one.bytes_shuffled / 2**20:,.0f}" if one.stages else "",
    }
    table.add_column("way")
    for heading in columns:
        table.add_column(heading, justify="right")
    for name, figures in found.items():
        table.add_row(name, *(cell(figures) for cell in columns.values()))
    return table


def _largest(name: str, figures: Figures) -> Table:
    table = Table(title=f"{name}: stages that shuffle most", title_justify="left")
    for heading in (
        "model",
        "rows shuffled",
        "MiB shuffled",
        "bytes per row",
        "MiB spilled",
        "CPU s",
    ):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for stage in _by_bytes(figures.stages)[:MOST_STAGES]:
        table.add_row(
            stage.model,
            f"{stage.rows_shuffled:,}",
            f"{stage.bytes_shuffled / 2**20:,.1f}",
            f"{stage.bytes_shuffled / max(1, stage.rows_shuffled):.0f}",
            f"{stage.bytes_spilled / 2**20:,.1f}",
            f"{stage.cpu_seconds:.1f}",
        )
    return table
