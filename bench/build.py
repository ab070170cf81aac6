"""What customer features cost: dbt, the same SQL without dbt, one more day, pandas and polars.

The benchmark measures `dbt build --select +customer_features`: the raw files, staging, marts and
features of customers, with all their tests.
"""

import math
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich.table import Table

from bench.machine import machine
from bench.plain import SCHEDULED, open_warehouse
from bench.processes import Cost, run
from tests.support.feature_peers import compare, export_marts
from warehouse.console import say, show
from warehouse.errors import InputError

__all__ = ["BUILD", "LAST", "WHOLE", "Shop", "build", "dbt", "draw", "schedule"]

LAST = date(2026, 1, 1)
"""The newest as-of date of the cold build. The step "one more snapshot" adds the next week."""

PEERS = ("pandas", "polars")
MOST_FOR_PEERS = 200_000
"""Customers. Above, data frames do not fit into the memory of a small machine."""
DBT: list[str | Path] = [sys.executable, "-c", "from dbt.cli.main import cli; cli()"]
# A test that also reads a table outside the selection is skipped, because that table is not built.
BUILD = ["build", "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
WHOLE = [*BUILD, "--select", "+customer_features"]
SNAPSHOT = [
    *(*BUILD, "--select", "int_as_of_dates_scheduled"),
    *("path:models/intermediate/customer_features", "customer_features"),
]


@dataclass(frozen=True)
class Shop:
    """A sample shop of one size, and the files built from it."""

    folder: Path
    customers: int
    dates: Sequence[date]

    @property
    def raw(self) -> Path:
        """The raw folder."""
        return self.folder / "raw"

    def warehouse(self, name: str) -> Path:
        """The warehouse `name`, in its own folder.

        All warehouses have one file name, because views contain the name of the database.
        """
        return self.folder / name / "warehouse.duckdb"

    def rows(self) -> dict[str, int]:
        """Rows of each raw table."""
        counted = {}
        for file in sorted((self.raw / "sample").glob("*.parquet")):
            found = duckdb.sql(f"select count(*) from read_parquet('{file}')").fetchone()
            counted[file.stem] = found[0] if found else 0
        return counted


def build(
    sizes: Sequence[int],
    dates: int,
    folder: Path,
    memory_limit: str | None = None,
    peers: bool = True,
    seed: int = 3,
) -> dict[str, Any]:
    """Measure each size in ascending order, with `dates` weekly as-of dates; print and return it.

    The raw shops in `folder` are kept for the next run. Everything else is built again. With
    `memory_limit` (for example 2GiB) the largest size is also built within that memory. Raises
    InputError when a step fails, or when a peer's features differ from the warehouse's.
    """
    weekly = [LAST - timedelta(weeks=back) for back in reversed(range(dates))]
    facts: dict[str, Any] = {"bench": "build", **machine(), "dates": dates, "sizes": []}
    for customers in sorted(sizes):
        shop = Shop(folder / str(customers), customers, weekly)
        draw(shop, seed)
        costs = {}
        for step, measure in _steps(
            shop,
            memory_limit if customers == max(sizes) else None,
            PEERS if peers and customers <= MOST_FOR_PEERS else (),
        ):
            say(f"{customers:,} customers: {step}")
            costs[step] = measure()
            say(f"  {costs[step].seconds:.1f} s, {costs[step].peak_bytes / 2**30:.2f} GiB")
        facts["sizes"].append(
            {
                "customers": customers,
                "rows": shop.rows(),
                "costs": {k: vars(v) for k, v in costs.items()},
            }
        )
        show(_table(shop, costs))
    facts["exponents"] = _exponents(facts["sizes"])
    facts["goals"] = _goals(facts["sizes"], dates)
    show(_summary(facts))
    return facts


def draw(shop: Shop, seed: int = 3) -> None:
    """Generate the raw files of the shop, unless they exist."""
    if not (shop.raw / "sample").is_dir():
        say(f"{shop.customers:,} customers: generating the shop")
        python: list[str | Path] = [sys.executable, "-m", "ml", "synthesize", "--out", shop.raw]
        options = ["--customers", str(shop.customers), "--seed", str(seed)]
        run([*python, *options], shop.folder / "synthesize.log")


def _steps(
    shop: Shop, memory_limit: str | None, peers: Sequence[str]
) -> Iterator[tuple[str, Callable[[], Cost]]]:
    target = shop.folder / "target"
    schedule(shop, "dbt")
    yield "dbt build, cold", lambda: dbt(shop, "dbt", WHOLE, LAST, target)
    schedule(shop, "plain")
    plain: list[str | Path] = [sys.executable, "-m", "bench.plain", target]
    yield (
        "the same SQL without dbt",
        lambda: run([*plain, shop.warehouse("plain")], shop.folder / "plain.log"),
    )
    day, other = LAST + timedelta(weeks=1), shop.folder / "target-day"
    yield "one more snapshot", lambda: dbt(shop, "dbt", SNAPSHOT, day, other)
    if memory_limit:
        schedule(shop, "limited")
        limit = {"memory_limit": memory_limit}
        yield (
            f"dbt build, cold, {memory_limit}",
            lambda: dbt(shop, "limited", WHOLE, LAST, other, limit),
        )
        shutil.rmtree(shop.folder / "limited", ignore_errors=True)
    later = LAST + timedelta(weeks=2)
    yield "one more day, raw files read again", lambda: dbt(shop, "dbt", WHOLE, later, other)
    if peers:
        marts = shop.folder / "marts"
        with open_warehouse(shop.warehouse("plain")) as connection:
            export_marts(connection, marts)
        one_date: list[str | Path] = [shop.warehouse("plain"), "--one-date", str(LAST)]
        yield (
            "features of one date: SQL",
            lambda: run([*plain, *one_date], shop.folder / "features-sql.log"),
        )
        for peer in peers:
            yield f"features of one date: {peer}", lambda peer=peer: _peer(shop, marts, peer)  # type: ignore[misc]


def schedule(shop: Shop, name: str) -> None:
    """Create the warehouse `name` with nothing but its as-of dates, instead of the calendar's."""
    file = shop.warehouse(name)
    shutil.rmtree(file.parent, ignore_errors=True)
    file.parent.mkdir(parents=True)
    with open_warehouse(file) as connection:
        connection.execute("create schema intermediate")
        connection.execute(f"create table {SCHEDULED} (source_name varchar, as_of_date date)")
        connection.executemany(
            f"insert into {SCHEDULED} values ('sample', ?)", [[day] for day in shop.dates]
        )
        if name == "plain":  # the tables that dbt's on-run-start hook creates
            connection.execute(f"attach '{shop.warehouse('dbt')}' as built (read_only)")
            made = connection.execute(
                "select schema_name, sql from duckdb_tables()"
                " where database_name = 'built' and schema_name in ('registry', 'scoring')"
            ).fetchall()
            for schema, sql in made:
                connection.execute(f"create schema if not exists {schema}")
                connection.execute(sql.replace("built.", ""))


def dbt(
    shop: Shop,
    name: str,
    command: Sequence[str],
    as_of_date: date,
    target: Path,
    variables: Mapping[str, str] | None = None,
) -> Cost:
    """Run dbt on the shop's warehouse `name` up to `as_of_date`, and return its cost.

    Raises InputError when dbt fails.
    """
    values = {"sources": ["sample"], "as_of_date": str(as_of_date), **(variables or {})}
    paths: list[str | Path] = ["--target-path", target, "--log-path", shop.folder / "logs"]
    environment = {
        "NUMEROSITY_RAW": str(shop.raw),
        "NUMEROSITY_WAREHOUSE": str(shop.warehouse(name)),
        "DBT_PROFILES_DIR": "profiles",
    }
    arguments = [*DBT, *command, *paths, "--vars", str(values)]
    return run(arguments, shop.folder / f"dbt-{name}.log", environment)


def _peer(shop: Shop, marts: Path, peer: str) -> Cost:
    out = shop.folder / f"{peer}.parquet"
    command: list[str | Path] = [
        sys.executable,
        "-m",
        f"tests.support.features_{peer}",
        marts,
        out,
        str(LAST),
    ]
    cost = run(command, shop.folder / f"{peer}.log")
    with open_warehouse(shop.warehouse("plain")) as connection:
        found = compare(connection, out)
    if found.unmatched_rows or found.null_mismatches or found.text_mismatches:
        raise InputError(f"{peer} computes other rows, nulls or texts: {found}")
    if found.largest_difference > 1e-5:
        raise InputError(f"{peer} computes other numbers: {found}")
    if found.unknown:
        say(f"{peer} does not compute these features: {', '.join(found.unknown)}")
    return cost


def _table(shop: Shop, costs: Mapping[str, Cost]) -> Table:
    rows = ", ".join(f"{count:,} {name}" for name, count in shop.rows().items())
    table = Table(
        title=f"{shop.customers:,} customers, {len(shop.dates)} as-of dates ({rows})",
        title_justify="left",
    )
    for heading in ("step", "seconds", "CPU seconds", "peak GiB", "against"):
        table.add_column(heading, justify="left" if heading in ("step", "against") else "right")
    for step, cost in costs.items():
        base = "features of one date: SQL" if step.startswith("features") else "dbt build, cold"
        ratio = f"{cost.seconds / costs[base].seconds:.2f} × {base}" if step != base else ""
        figures = (
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.peak_bytes / 2**30:.2f}",
        )
        table.add_row(step, *figures, ratio)
    return table


def _exponents(sizes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Growth from the smallest to the largest size, by step: seconds ~ customers ** exponent."""
    if len(sizes) < 2:
        return {}
    small, large = sizes[0], sizes[-1]
    growth = math.log(large["customers"] / small["customers"])
    return {
        step: round(math.log(cost["seconds"] / small["costs"][step]["seconds"]) / growth, 3)
        for step, cost in large["costs"].items()
        if step in small["costs"]
    }


def _goals(sizes: Sequence[Mapping[str, Any]], dates: int) -> dict[str, dict[str, Any]]:
    """Each goal that this run measured: the measured value, the goal, and whether it is reached."""
    goals = {}

    def goal(name: str, measured: float, most: float) -> None:
        goals[name] = {"measured": round(measured, 3), "goal": most, "reached": measured <= most}

    for size in sizes:
        seconds = {step: cost["seconds"] for step, cost in size["costs"].items()}
        at = f"{size['customers']:,} customers"
        cold = seconds["dbt build, cold"]
        if size["customers"] >= 1_000_000:
            goal(f"dbt against plain SQL, {at}", cold / seconds["the same SQL without dbt"], 1.3)
            peak = size["costs"]["dbt build, cold"]["peak_bytes"] / 2**30
            goal(f"peak GiB of dbt build, {at}", peak, 8.0)
        if dates >= 52:
            goal(
                f"one more snapshot against {dates}, {at}",
                seconds["one more snapshot"] / cold,
                0.05,
            )
        ours, theirs = (seconds.get(f"features of one date: {who}") for who in ("SQL", "pandas"))
        if ours and theirs:
            goal(f"SQL against pandas, {at}", ours / theirs, 0.1)
    return goals


def _summary(facts: Mapping[str, Any]) -> Table:
    table = Table(title=f"{facts['cores']} cores, {facts['memory_gib']} GiB", title_justify="left")
    for heading in ("what", "measured", "goal", ""):
        table.add_column(heading)
    for name, found in facts["goals"].items():
        reached = "reached" if found["reached"] else "not reached"
        table.add_row(name, str(found["measured"]), f"at most {found['goal']}", reached)
    for step, exponent in facts["exponents"].items():
        table.add_row(f"growth with customers: {step}", f"n ^ {exponent}", "at most 1", "")
    return table
