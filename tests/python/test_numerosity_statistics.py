"""The statistics written in SQL, held against the reference implementation and recomputed."""

import math
import re
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from conftest import Shop
from statsmodels.stats.proportion import proportion_confint

from scoring.settings import PROJECT_ROOT

MACROS = PROJECT_ROOT / "macros" / "statistics"
BANDS = PROJECT_ROOT / "seeds" / "segment_bands.csv"
BANDS_TEST = PROJECT_ROOT / "tests" / "dbt" / "singular" / "segment_bands_are_complete.sql"
TRIALS = (0, 1, 2, 9, 10, 50, 1_000, 1_000_000)
GRID = sorted({(s, n) for n in TRIALS for s in (0, 1, n // 2, n - 1, n) if 0 <= s <= n})
Z_SQUARED = 3.841458820694124  # the 95 % quantile of chi-squared with one degree of freedom


def rendered(file: str, call: str) -> str:
    """The SQL of a macro that needs nothing of dbt."""
    text = (MACROS / file).read_text(encoding="utf-8")
    return jinja2.Environment().from_string(f"{text}{{{{ {call} }}}}").render().strip()


def on_the_grid(expression: str) -> list[float]:
    """The value of an SQL expression over successes and trials, at each point of the grid."""
    values = ", ".join(f"({place}, {s}, {n})" for place, (s, n) in enumerate(GRID))
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"select {expression} from (values {values}) as grid (place, successes, trials) "
            "order by place"
        ).fetchall()
    return [float(value) for (value,) in rows]


def half_width(successes: float, trials: float) -> float:
    """Half of Wilson's interval."""
    low, high = proportion_confint(successes, trials, method="wilson")
    return float(high - low) / 2


@pytest.mark.parametrize("side", ["low", "high"])
def test_wilson_bounds_are_those_of_statsmodels(side: str) -> None:
    """To 1e-9, from one customer to a million; without customers nothing is known."""
    found = on_the_grid(rendered("wilson.sql", f"wilson_{side}('successes', 'trials')"))
    for (successes, trials), value in zip(GRID, found, strict=True):
        interval = proportion_confint(successes, trials, method="wilson") if trials else (0.0, 1.0)
        expected = interval[side == "high"]
        assert value == pytest.approx(expected, rel=0, abs=1e-9), (successes, trials)
        assert 0 <= value <= 1


def test_wilson_bounds_enclose_the_rate() -> None:
    """The rate lies within its interval, exactly, at both ends too."""
    lows, highs = (
        on_the_grid(rendered("wilson.sql", f"wilson_{side}('successes', 'trials')"))
        for side in ("low", "high")
    )
    for (successes, trials), low, high in zip(GRID, lows, highs, strict=True):
        assert low < high
        if trials:
            assert low <= successes / trials <= high


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.05])
def test_customers_needed_is_the_formula_and_is_enough(margin: float) -> None:
    """As computed in Python; and so many customers do give an interval of that width."""
    call = f"customers_needed('successes', 'trials', margin={margin})"
    found = on_the_grid(rendered("customers_needed.sql", call))
    for (successes, trials), needed in zip(GRID, found, strict=True):
        pulled = (successes + 2) / (trials + 4)
        assert needed == math.ceil(Z_SQUARED * pulled * (1 - pulled) / margin**2)
        if 0.1 <= pulled <= 0.9:  # beyond, the normal approximation behind the formula is rough
            assert half_width(pulled * needed, needed) <= margin * 1.01
            assert half_width(pulled * needed / 2, needed / 2) > margin


@pytest.fixture(scope="module")
def numerosity(shop: Shop) -> pd.DataFrame:
    """The shop's micro-segments, all levels and dates."""
    return shop.house.frame("select * from segments.micro_segment_numerosity")


@pytest.fixture(scope="module")
def recomputed(shop: Shop) -> pd.DataFrame:
    """Customers and buyers of each segment, counted in pandas."""
    members = shop.house.frame("select * from segments.customer_micro_segments").merge(
        shop.house.frame(
            "select customer_id, as_of_date, cast(has_purchase_30d as integer) as bought "
            "from features.customer_features where has_purchase_30d is not null"
        ),
        on=["customer_id", "as_of_date"],
    )
    parts = []
    for level, name in enumerate(("life_cycle", "rfm", "demographic"), start=1):
        counted = members.groupby(["as_of_date", f"{name}_segment_id"])["bought"]
        part = counted.agg(customers="size", buyers="sum").reset_index()
        part = part.rename(columns={f"{name}_segment_id": "segment_id"})
        parts.append(part.assign(level=level))
    return pd.concat(parts, ignore_index=True)


def test_segments_are_counted_as_pandas_counts_them(
    numerosity: pd.DataFrame, recomputed: pd.DataFrame
) -> None:
    """The same segments at the same dates, with the same customers and buyers."""
    keys = ["level", "as_of_date", "segment_id"]
    columns = [*keys, "customers", "buyers"]
    of_30_days = numerosity[numerosity["outcome"] == "has_purchase_30d"]
    found = of_30_days[of_30_days["level"].isin([1, 2, 3])][columns].sort_values(keys)
    expected = recomputed[columns].sort_values(keys)
    assert len(found) > 500
    pd.testing.assert_frame_equal(
        found.reset_index(drop=True), expected.reset_index(drop=True), check_dtype=False
    )


def test_every_rate_and_interval_is_that_of_statsmodels(numerosity: pd.DataFrame) -> None:
    """Rate, bounds and customers needed of every segment row."""
    rate = numerosity["buyers"] / numerosity["customers"]
    low, high = proportion_confint(numerosity["buyers"], numerosity["customers"], method="wilson")
    pulled = (numerosity["buyers"] + 2) / (numerosity["customers"] + 4)
    needed = np.ceil(Z_SQUARED * pulled * (1 - pulled) / 0.02**2)
    for column, expected in [("rate", rate), ("wilson_low", low), ("wilson_high", high)]:
        np.testing.assert_allclose(numerosity[column], expected, rtol=0, atol=1e-9)
    assert (numerosity["customers_needed"] == needed).all()


def test_the_verdict_follows_the_width_of_the_interval(numerosity: pd.DataFrame) -> None:
    """Reliable up to 5 points to either side, borderline up to 10; all three occur."""
    half = (numerosity["wilson_high"] - numerosity["wilson_low"]) / 2
    expected = np.select([half <= 0.05, half <= 0.10], ["reliable", "borderline"], "too_few")
    assert (numerosity["verdict"] == expected).all()
    assert set(expected) == {"reliable", "borderline", "too_few"}


def test_small_segments_point_to_one_they_are_part_of(numerosity: pd.DataFrame) -> None:
    """A segment with enough customers stands for itself, another for a larger one around it."""
    for row in numerosity.itertuples():
        if row.verdict != "too_few":
            assert row.rolled_up_to == row.segment_id
        elif row.rolled_up_to != "everyone":
            assert row.segment_id.startswith(f"{row.rolled_up_to}/")


def band_problems(tmp_path: Path, csv: str) -> list[str]:
    """What the dbt test of the bands says of these bands."""
    (tmp_path / "bands.csv").write_text(csv, encoding="utf-8")
    query = BANDS_TEST.read_text(encoding="utf-8")
    query = re.sub(r"\{\{\s*ref\('segment_bands'\)\s*\}\}", "bands", query)
    types = (
        "{'dimension': 'varchar', 'band_id': 'varchar', 'band_name': 'varchar', 'low': 'double', "
        "'high': 'double', 'is_unknown': 'boolean'}"
    )
    with duckdb.connect() as connection:
        connection.sql(
            f"create temp table bands as from read_csv('{tmp_path / 'bands.csv'}', "
            f"header = true, columns = {types})"
        )
        return [f"{dimension} {problem}" for dimension, problem in connection.sql(query).fetchall()]


def test_the_bands_of_the_project_are_complete(tmp_path: Path) -> None:
    """Nothing to complain about as they are."""
    assert band_problems(tmp_path, BANDS.read_text(encoding="utf-8")) == []


GOOD_BANDS = """dimension,band_id,band_name,low,high,is_unknown
age,b1,one,,10,false
age,b2,two,10,20,false
age,b3,three,20,,false
age,bx,unknown,,,true
size,s1,all,,,false
size,sx,unknown,,,true
"""
PLANTED_BANDS = {
    "a gap": ("b2,two,10,20,false", "b2,two,12,20,false", "age between b1 and b2"),
    "an overlap": ("b2,two,10,20,false", "b2,two,8,20,false", "age between b1 and b2"),
    "no unknown": ("age,bx,unknown,,,true\n", "", "age has 0 bands for unknown"),
    "two unknown": ("age,bx,unknown,,,true", "age,bx,u,,,true\nage,by,v,,,true", "age has 2 bands"),
    "a closed start": ("b1,one,,10,false", "b1,one,0,10,false", "age below b1"),
    "a closed end": ("b3,three,20,,false", "b3,three,20,99,false", "age above b3"),
    "a missing band": ("age,b2,two,10,20,false\n", "", "age between b1 and b3"),
    "two open starts": ("b2,two,10,20,false", "b2,two,,20,false", "age between b1 and b2"),
}


@pytest.mark.parametrize("planted", PLANTED_BANDS)
def test_planted_faults_in_bands_are_found(tmp_path: Path, planted: str) -> None:
    """Each way in which a customer could fall into no band, or into two, is named."""
    before, after, problem = PLANTED_BANDS[planted]
    assert band_problems(tmp_path, GOOD_BANDS) == []
    assert GOOD_BANDS.count(before) == 1
    found = band_problems(tmp_path, GOOD_BANDS.replace(before, after))
    assert [one for one in found if one.startswith(problem)], found
