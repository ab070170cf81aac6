"""`python -m scoring status`: the monitoring checks of a night, worst first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date

import duckdb
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from warehouse.connection import connect, fetch, qualified, require_tables
from warehouse.errors import InputError
from warehouse.settings import Settings

__all__ = ["CHECKS", "NOT_APPLICABLE", "ORDER", "MonitoringCheck", "Status", "page", "read_status"]

CHECKS = "monitoring.monitoring_checks"
ORDER = ("fail", "warn", "ok")
NOT_APPLICABLE = "not_applicable"
"""The status of a check that has too few events to be computed."""
STYLES = {"fail": "bold red", "warn": "yellow"}
FAILED = InputError.exit_code
"""The exit code when a check failed: the data breaks a contract, so its scores are not reliable."""


@dataclass(frozen=True)
class MonitoringCheck:
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
    """The checks of the newest run, worst first."""

    as_of_date: date
    checks: tuple[MonitoringCheck, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of checks with each status: fail, warn, ok."""
        return {name: self._count(name) for name in ORDER}

    @property
    def not_applicable(self) -> int:
        """The number of checks that have too few events to be computed."""
        return self._count(NOT_APPLICABLE)

    @property
    def to_look_at(self) -> list[MonitoringCheck]:
        """The checks that failed or warned."""
        return [check for check in self.checks if check.status in STYLES]

    @property
    def exit_code(self) -> int:
        """3 when a check failed, else 0. Warnings are for people, so a scheduler sees 0."""
        return FAILED if self.counts["fail"] else 0

    def _count(self, status: str) -> int:
        return sum(check.status == status for check in self.checks)

    def facts(self) -> dict[str, object]:
        """The JSON line for programs: the counts, and every check that failed or warned."""
        status = next((name for name in ORDER if self.counts[name]), NOT_APPLICABLE)
        return {
            "status": status,
            "exit_code": self.exit_code,
            "as_of_date": self.as_of_date,
            **{f"checks_{name}": count for name, count in self.counts.items()},
            "checks_not_applicable": self.not_applicable,
            "checks": [asdict(check) for check in self.to_look_at],
            "error": None,
        }


def read_status(settings: Settings, engine: str = "duckdb", as_of: date | None = None) -> Status:
    """The checks of a date, the newest by default, in the tables of `engine`, opened read-only.

    Spark's tables are read as Parquet files, without Java. Raises InputError (no warehouse, or no
    checks of the date in it) or LockedError.
    """
    with _opened(settings, engine) as (connection, table):
        ((newest,),) = fetch(
            connection,
            f"select max(as_of_date) from {table} where as_of_date = ? or ? is null",
            [as_of, as_of],
        )
        if newest is None:
            raise InputError(
                f"{CHECKS} has no checks of {as_of}: run bin/nightly --as-of {as_of}"
                if as_of
                else f"{CHECKS} has no rows: run dbt build --select monitoring"
            )
        rows = fetch(
            connection,
            "select status, check_name, check_title, subject, observed_date, value, expected_low,"
            f" expected_high, message from {table} where as_of_date = ? order by check_rank",
            [newest],
        )
    return Status(newest, tuple(MonitoringCheck(*row) for row in rows))


def page(status: Status) -> RenderableType:
    """The table for people: each check that failed or warned, then the counts."""
    counts = status.counts
    total = (
        f"as of {status.as_of_date}: {counts['fail']} failed, {counts['warn']} to look at,"
        f" {counts['ok']} ok"
        + (f", {status.not_applicable} not applicable" if status.not_applicable else "")
    )
    listed = status.to_look_at
    return Group(_table(listed), Text(total)) if listed else Text(total)


@contextmanager
def _opened(settings: Settings, engine: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """A connection, and the checks as SQL to select from."""
    if engine == "spark":
        from scoring.spark.tables import parquet

        with duckdb.connect() as connection:
            yield connection, parquet(settings.spark_warehouse, CHECKS)
        return
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_tables(connection, CHECKS)
        yield connection, qualified(connection, CHECKS)


def _table(checks: Sequence[MonitoringCheck]) -> Table:
    table = Table()
    for heading in ("", "check", "subject", "what, and what to do"):
        table.add_column(heading, overflow="fold")
    for check in checks:
        words = (check.check_title, check.subject, check.message)
        style = STYLES[check.status]
        table.add_row(Text(check.status, style=style), *(Text(word) for word in words))
    return table
