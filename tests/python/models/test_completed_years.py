"""The macro of ages against birthdays counted one by one, on DuckDB."""

import datetime
import random

import duckdb
import jinja2
import pyarrow as pa

from tests.support.macro_files import macro_text
from tests.support.reference_features import completed_years

EPOCH, DAYS = datetime.date(1900, 1, 1), 73_000
LEAP_DAYS = [datetime.date(year, 2, 29) for year in range(1904, 2097, 4)]


def ages_in_sql(pairs: list[tuple[datetime.date, datetime.date]]) -> list[int]:
    """What the macro gives for each pair of a birth and a later date, in their order."""
    call = "{{ completed_years('pairs.born', 'pairs.today') }}"
    sql = jinja2.Template(macro_text("date_part", "completed_years") + call).render()
    born, today = zip(*pairs, strict=True)
    rows = pa.table({"place": range(len(pairs)), "born": born, "today": today})
    with duckdb.connect() as connection:
        connection.register("pairs", rows)
        found = connection.sql(f"select {sql} from pairs order by place").fetchall()
    return [age for (age,) in found]


def test_ages_are_the_birthdays_counted() -> None:
    """Random dates, and the days around the birthday; births on 29 February are among them."""
    draw = random.Random(20260101)
    days = [EPOCH + datetime.timedelta(days=draw.randrange(DAYS)) for _ in range(2_000)]
    pairs = [(born, today) for born, today in zip(days, reversed(days), strict=True)]
    for born in days + LEAP_DAYS:
        year = born.year + draw.randrange(1, 110)
        near = datetime.date(year, born.month, min(born.day, 28))
        pairs += [(born, near + datetime.timedelta(days=later)) for later in range(-1, 4)]
    pairs = [(born, today) for born, today in pairs if born <= today]
    assert ages_in_sql(pairs) == [completed_years(born, today) for born, today in pairs]
