"""`python -m bench monitoring`: are planted changes found at once, and are there false alarms?

A shop is generated day by day. The SQL of the monitoring models, as dbt compiles it, runs on its
rows in DuckDB, as in a nightly run. So the benchmark measures the SQL that is shipped.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

import pandas as pd
import typer
from rich.table import Table

from bench.machine import machine
from tests.support.compiled_sql import compiled_project
from tests.support.monitored_shop import PLANTED, TASKS, Planted
from tests.support.monitored_warehouse import AFTER_SCORES, BEFORE_SCORES, Nights
from warehouse.console import progress_bar, show, write_json
from warehouse.feature_tables import FeatureTable

__all__ = ["monitoring", "worst_status"]


def worst_status(checks: pd.DataFrame, planted: Planted) -> str:
    """The worst status among the checks that can find the planted change."""
    statuses = set(checks.loc[checks["check_name"].isin(planted.found_by), "status"])
    return next(status for status in ("fail", "warn", "ok") if status in statuses | {"ok"})


def monitoring(
    days: Annotated[int, typer.Option(min=1, help="Days without a change.")] = 100,
    tries: Annotated[int, typer.Option(min=1, help="Days on which each change is planted.")] = 10,
    customers: Annotated[
        list[int] | None, typer.Option(min=50, help="Customers of the shop; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 0,
) -> None:
    """Measure how often planted changes are found at once, and how often alarms are false."""
    sql, tables = compiled_project(*BEFORE_SCORES, *AFTER_SCORES)
    ours = [table for table in tables if table.relation.partition(".")[2] in TASKS]
    found = [_measured(sql, ours, size, days, tries, seed) for size in customers or [2_000, 200]]
    write_json({"command": "monitoring", **machine(), "seed": seed, "shops": found})


def _measured(
    sql: dict[str, str],
    tables: Sequence[FeatureTable],
    customers: int,
    days: int,
    tries: int,
    seed: int,
) -> dict[str, Any]:
    started = time.perf_counter()
    nights = Nights(sql, tables, customers, seed)
    alarms: Counter[str] = Counter()
    alarm_days, rows = 0, 0
    seen: dict[str, Counter[str]] = {one.name: Counter() for one in PLANTED}
    total = days + tries * len(PLANTED)
    with progress_bar(f"{customers} customers") as advance:
        for number in range(days):
            checks = nights.run(nights.draw())
            alarming = checks[checks["status"].isin(("fail", "warn"))]
            alarms.update(alarming["check_name"] + " " + alarming["status"])
            alarm_days += len(alarming) > 0
            rows += len(checks)
            advance(number + 1, total)
        for number, planted in enumerate(PLANTED):
            for attempt in range(tries):
                day = nights.draw()
                planted.change(day, nights.rng)
                seen[planted.name][worst_status(nights.run(day, keep=False), planted)] += 1
                advance(days + number * tries + attempt + 1, total)
    show(_page(customers, days, rows, alarms, alarm_days, seen, tries))
    return {
        "customers": customers,
        "days": days,
        "checks": rows,
        "days_with_false_alarms": alarm_days,
        "false_alarms": dict(alarms),
        "tries": tries,
        "planted": {name: dict(counts) for name, counts in seen.items()},
        "seconds": round(time.perf_counter() - started, 1),
    }


def _page(
    customers: int,
    days: int,
    rows: int,
    alarms: Counter[str],
    alarm_days: int,
    seen: dict[str, Counter[str]],
    tries: int,
) -> Table:
    page = Table(title=f"A shop of {customers} customers", title_justify="left")
    for column in ("planted", "fail", "warn", "not seen"):
        page.add_column(column, justify="left" if column == "planted" else "right")
    listed = ", ".join(f"{count} {what}" for what, count in alarms.items()) or "none"
    page.add_row(f"nothing, {days} days, {rows} checks", "", "", "")
    page.add_row(f"  days with false alarms: {alarm_days} ({listed})", "", "", "")
    for name, counts in seen.items():
        page.add_row(f"{name}, {tries} days", *(str(counts[one]) for one in ("fail", "warn", "ok")))
    return page
