"""`python -m scoring status`: what the newest monitoring checks say, the worst first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date

import duckdb
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from warehouse.connection import connect, fetch, qualified, require_tables
from warehouse.errors import InputError
from warehouse.settings import Settings

__all__ = ["CHECKS", "ORDER", "Check", "Status", "page", "read_status", "show"]

CHECKS = "monitoring.monitoring_checks"
ORDER = ("fail", "warn", "ok")
STYLES = {"fail": "bold red", "warn": "yellow", "ok": "green"}
FAILED = InputError.exit_code
"""A failed check is a broken contract of what comes in: scores are there, and not to be trusted."""
PLAIN_WIDTH = 140


@dataclass(frozen=True)
class Check:
    """One row of monitoring_checks."""

    status: str
    check_name: str
    check_title: str
    subject: str
    observed_date: date | None
    value: float | None
    expected_low: float | None
    expected_high: float | None
    message: str


@dataclass(frozen=True)
class Status:
    """The checks of the newest run, the worst first."""

    as_of_date: date
    checks: tuple[Check, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many checks fail, warn and are ok."""
        return {name: sum(check.status == name for check in self.checks) for name in ORDER}

    @property
    def exit_code(self) -> int:
        """0 unless a check fails; a warning is for people, not for schedulers."""
        return FAILED if self.counts["fail"] else 0

    def facts(self) -> dict[str, object]:
        """For programs: the counts, and every check that is not ok."""
        status = next((name for name in ORDER if self.counts[name]), "ok")
        speaking = [asdict(check) for check in self.checks if check.status != "ok"]
        return {
            "status": status,
            "exit_code": self.exit_code,
            "as_of_date": self.as_of_date,
            **{f"checks_{name}": count for name, count in self.counts.items()},
            "checks": speaking,
            "error": None,
        }


def read_status(settings: Settings, engine: str = "duckdb") -> Status:
    """The checks of the newest date in the tables of `engine`, read-only; of Spark without Java.

    Raises InputError (no warehouse, no checks in it yet) or LockedError.
    """
    with _opened(settings, engine) as (connection, table):
        ((newest,),) = fetch(connection, f"select max(as_of_date) from {table}")
        if newest is None:
            raise InputError(f"{CHECKS} has no rows: run dbt build --select monitoring")
        rows = fetch(
            connection,
            "select status, check_name, check_title, subject, observed_date, value, expected_low,"
            f" expected_high, message from {table} where as_of_date = ? order by check_rank",
            [newest],
        )
    return Status(newest, tuple(Check(*row) for row in rows))


def page(status: Status) -> RenderableType:
    """What people read: each check that speaks up, then how many are ok."""
    counts = status.counts
    total = (
        f"as of {status.as_of_date}: {counts['fail']} failed, {counts['warn']} to look at,"
        f" {counts['ok']} ok"
    )
    speaking = [check for check in status.checks if check.status != "ok"]
    return Group(_table(speaking), Text(total)) if speaking else Text(total)


def show(status: Status) -> None:
    """Print the page on stdout."""
    console = Console(highlight=False)
    if not console.is_terminal:  # a file has no width
        console = Console(highlight=False, width=PLAIN_WIDTH)
    console.print(page(status))


@contextmanager
def _opened(settings: Settings, engine: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection, and what the checks are selected from."""
    if engine == "spark":
        from scoring.spark.tables import parquet

        with duckdb.connect() as connection:
            yield connection, parquet(settings.spark_warehouse, CHECKS)
        return
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_tables(connection, CHECKS)
        yield connection, qualified(connection, CHECKS)


def _table(checks: Sequence[Check]) -> Table:
    table = Table()
    for heading in ("", "check", "subject", "what, and what to do"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        words = (check.check_title, check.subject, check.message)
        style = STYLES[check.status]
        table.add_row(Text(check.status, style=style), *(Text(word) for word in words))
    return table
