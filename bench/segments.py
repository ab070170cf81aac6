"""What micro-segments and their statistics cost, for customers whose features are already built.

The benchmark measures `dbt build` of everything in models/segments, with its tests: members, counts
and intervals, profiles, migration and its effect on the purchase rate.
"""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from bench.build import BUILD, LAST, WHOLE, Shop, dbt, draw, schedule
from bench.machine import machine
from bench.plain import open_warehouse
from warehouse.console import say, show

__all__ = ["segments"]

DATES = (LAST - timedelta(weeks=13), LAST)
"""An earlier date whose labels of every horizon have matured, and the newest date."""
SEGMENTS = [*BUILD, "--select", "path:models/segments"]
MOST_SECONDS = 60.0
"""Goal for a million customers on two cores."""


def segments(sizes: Sequence[int], folder: Path) -> dict[str, Any]:
    """Measure each size, print its cost and its slowest models, and return the figures.

    Shops and features are built first where `folder` does not contain them. Raises InputError when
    a step fails.
    """
    facts: dict[str, Any] = {"bench": "segments", **machine(), "dates": len(DATES), "sizes": []}
    table = Table(
        title=f"Segments of {len(DATES)} dates: {facts['cores']} cores, {facts['memory_gib']} GiB",
        title_justify="left",
    )
    for heading in ("customers", "seconds", "CPU seconds", "peak GiB", "slowest models, seconds"):
        table.add_column(heading, justify="left" if heading.startswith("slowest") else "right")
    for customers in sorted(sizes):
        shop = Shop(folder / str(customers), customers, DATES)
        draw(shop)
        target = shop.folder / "target-segments"
        if not _has_features(shop.warehouse("segments")):
            say(f"{customers:,} customers: features")
            schedule(shop, "segments")
            dbt(shop, "segments", WHOLE, LAST, target)
        say(f"{customers:,} customers: segments and statistics")
        cost = dbt(shop, "segments", SEGMENTS, LAST, target)
        slowest = _slowest(target)
        facts["sizes"].append({"customers": customers, **vars(cost), "models": slowest})
        table.add_row(
            f"{customers:,}",
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.peak_bytes / 2**30:.2f}",
            ", ".join(f"{name} {seconds:.1f}" for name, seconds in slowest.items()),
        )
        if customers == 1_000_000:
            facts["goal"] = {
                "measured": round(cost.seconds, 1),
                "goal": MOST_SECONDS,
                "reached": cost.seconds <= MOST_SECONDS,
            }
    show(table)
    return facts


def _has_features(warehouse: Path) -> bool:
    """Whether an earlier run built the features of exactly these dates."""
    if not warehouse.is_file():
        return False
    with open_warehouse(warehouse) as connection:
        try:
            found = connection.execute(
                "select distinct as_of_date from features.customer_features order by 1"
            ).fetchall()
        except duckdb.CatalogException:
            return False
    return [day for (day,) in found] == list(DATES)


def _slowest(target: Path, most: int = 3) -> dict[str, float]:
    """Seconds of the slowest models of the last run, by dbt's timing."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    seconds = {
        result["unique_id"].split(".")[-1]: round(result["execution_time"], 1)
        for result in results
        if result["unique_id"].startswith("model.")
    }
    return dict(sorted(seconds.items(), key=lambda each: -each[1])[:most])
