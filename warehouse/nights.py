"""`python -m warehouse.nights`: the dates that a nightly run builds, in order; bin/nightly asks it.

A night has the date of today in the time zone of the settings. Dates of the calendar that have
passed without a run come first.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import typer
import yaml

from warehouse.connection import columns, connect, fetch, qualified
from warehouse.console import run_command, say
from warehouse.errors import UsageError
from warehouse.landing.catalog import sources_on
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

__all__ = ["MOST", "due_dates", "last_nights", "main"]

CALENDAR = PROJECT_ROOT / "seeds" / "as_of_calendar.csv"
SCHEDULED = "intermediate.int_as_of_dates_scheduled"
CHECKS = "monitoring.monitoring_checks"
"""The last table of a night: a date that it has is a night that was built and scored."""
MOST = 31
"""The most dates of one run; of a longer gap, the newest ones are made up."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def command(
    as_of: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Only this date (2026-05-31), also if it was built."),
    ] = None,
    variables: Annotated[
        str, typer.Option("--vars", metavar="YAML", help="Variables of dbt for every date.")
    ] = "{}",
    now: Annotated[
        str | None,
        typer.Option(metavar="MOMENT", help="This moment, in UTC, instead of the clock."),
    ] = None,
) -> None:
    """Print the dates to build, oldest first: on each line a date and the variables for dbt."""
    settings, given = load_settings(), _variables(variables)
    as_of = as_of or given.get("as_of_date")
    if as_of:
        dates = [_moment("--as-of", str(as_of)).date()]
    else:
        moment = _moment("--now", now) if now else datetime.now(UTC)
        today = moment.astimezone(settings.zone).date()
        last = last_nights(settings, given.get("sources") or sources_on())
        dates = due_dates(last, today, _steps())
        _say_gap(last, dates, today)
    for each in dates:
        print(each, json.dumps(given | {"as_of_date": str(each)}, default=str))


def due_dates(last: Mapping[str, date], today: date, steps: Mapping[str, int]) -> list[date]:
    """Today, after the dates of the calendar since the last night; at most MOST, the newest.

    `last` is the date of the last night of each source, `steps` the days between two of its dates.
    Without a last night there is only today: what lies before is history, which dbt builds with the
    first date.
    """
    found = {today}
    for source, day in last.items():
        step = timedelta(days=steps.get(source, 0))
        while step and (day := day + step) < today:
            found.add(day)
    return sorted(found)[-MOST:]


def last_nights(settings: Settings, sources: Sequence[str]) -> dict[str, date]:
    """The newest date of each of the sources that was built and has checks.

    Without a warehouse, or before the first night, it is empty. Raises LockedError, or InputError
    where the warehouse cannot be read.
    """
    if not settings.warehouse.exists():
        return {}
    with connect(settings.warehouse, True, settings.lock_timeout) as connection:
        if not all(columns(connection, table) for table in (SCHEDULED, CHECKS)):
            return {}
        rows = fetch(
            connection,
            f"select source_name, max(as_of_date) from {qualified(connection, SCHEDULED)}"
            f" where as_of_date in (select as_of_date from {qualified(connection, CHECKS)})"
            " and list_contains(?, source_name) group by source_name",
            [list(sources)],
        )
    return dict(rows)


def _steps() -> dict[str, int]:
    """The days between two dates of the calendar, by source."""
    with CALENDAR.open(encoding="utf-8", newline="") as rows:
        return {row["source_name"]: int(row["every_days"]) for row in csv.DictReader(rows)}


def _say_gap(last: Mapping[str, date], dates: Sequence[date], today: date) -> None:
    """Say which dates are made up, and how many days without a run are left out."""
    newest = max(last.values(), default=today)
    made_up = [str(each) for each in dates if each < today]
    left_out = (today - newest).days - 1 - len(made_up)
    if made_up:
        say(f"no night since {newest}: made up are the dates {', '.join(made_up)}")
    if left_out > 0:
        say(
            f"no night since {newest}: {left_out} days are left out, which are not in the steps of"
            f" seeds/{CALENDAR.name} or before the newest {MOST} dates; --as-of builds one of them"
        )


def _variables(text: str) -> dict[str, Any]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = None
    if not isinstance(found, dict):
        raise UsageError(f"--vars {text!r} is not a YAML dictionary: write it like '{{k: 10}}'")
    return found


def _moment(option: str, text: str) -> datetime:
    """A date or moment; without an offset it is in UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text!r} is not a date: write it like 2026-05-31") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(app, arguments, "bin/nightly")


if __name__ == "__main__":
    sys.exit(main())
