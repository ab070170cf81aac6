"""The bands of the segments: which values are in them, and what the dbt test says of gaps,
overlaps and forgotten unknowns.
"""

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.support.macro_files import macro_text
from tests.support.sql_macros import SEGMENT_LEVELS, render
from warehouse.settings import PROJECT_ROOT

BANDS = PROJECT_ROOT / "seeds" / "segment_bands.csv"
BANDS_TEST = PROJECT_ROOT / "tests" / "dbt" / "singular" / "segment_bands_are_complete.sql"


def band_problems(tmp_path: Path, csv: str, levels: list[dict[str, Any]]) -> list[str]:
    """What the dbt test of the bands says of these bands."""
    (tmp_path / "bands.csv").write_text(csv, encoding="utf-8")
    names = {"ref": lambda name: "bands", "segment_levels": lambda: levels}
    query = render(BANDS_TEST.read_text(encoding="utf-8"), **names)
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
    assert band_problems(tmp_path, BANDS.read_text(encoding="utf-8"), SEGMENT_LEVELS) == []


GOOD_BANDS = """dimension,band_id,band_name,low,high,is_unknown
age,b1,one,,10,false
age,b2,two,10,20,false
age,b3,three,20,,false
age,bx,unknown,,,true
size,s1,all,,,false
size,sx,unknown,,,true
"""
GOOD_LEVELS = [{"name": "who", "dimensions": {"age": "age_years", "size": "size_cm"}}]
PLANTED_BANDS = {
    "a dimension without bands": ("size,s1,all,,,false\n", "", "size has no bands"),
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
    assert band_problems(tmp_path, GOOD_BANDS, GOOD_LEVELS) == []
    assert GOOD_BANDS.count(before) == 1
    found = band_problems(tmp_path, GOOD_BANDS.replace(before, after), GOOD_LEVELS)
    assert [one for one in found if one.startswith(problem)], found


def bands_of(values: npt.NDArray[np.float32], bands: pd.DataFrame) -> list[str]:
    """The band of one dimension that each feature is in, by the macro of the segments."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["dbt"] = {"type_float": lambda: "float"}
    call = "{{ in_band('bands', dimension, 'customers.feature') }}"
    text = macro_text("features", "in_interval", "in_band") + call
    (dimension,) = bands["dimension"].unique()
    customers = pd.DataFrame({"place": range(len(values)), "feature": values})
    with duckdb.connect() as connection:
        connection.register("bands", bands)
        connection.register("customers", customers)
        condition = environment.from_string(text).render(dimension=dimension)
        found = connection.sql(
            f"select place, band_id from customers join bands on {condition} order by place"
        ).fetchall()
    assert [place for place, _ in found] == list(range(len(values)))
    return [band_id for _, band_id in found]


def around(bounds: npt.ArrayLike) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Each bound as a feature, and the next feature below it."""
    at = np.asarray(bounds, dtype=np.float32)
    return at, np.nextafter(at, np.float32(-np.inf))


@pytest.mark.parametrize("dimension", pd.read_csv(BANDS)["dimension"].unique())
def test_a_bound_of_the_project_is_in_the_band_that_begins_with_it(dimension: str) -> None:
    """And the next number below is in the band before."""
    bands = pd.read_csv(BANDS).query("dimension == @dimension")
    ordered = bands[~bands["is_unknown"]].sort_values("low", na_position="first")
    at, below = around(ordered["low"].dropna())
    assert bands_of(at, bands) == ordered["band_id"].tolist()[1:]
    assert bands_of(below, bands) == ordered["band_id"].tolist()[:-1]


def test_a_bound_with_decimals_is_in_the_band_that_begins_with_it() -> None:
    """Amounts in cents and shares: nearly none of them is a number of 32 bits."""
    rng = np.random.default_rng(0)
    bounds = np.unique(np.concatenate([rng.integers(1, 10_000_000, 300) / 100, rng.random(300)]))
    bands = pd.DataFrame(
        {
            "dimension": "any",
            "band_id": [f"b{place}" for place in range(len(bounds) + 1)],
            "low": [None, *bounds],
            "high": [*bounds, None],
            "is_unknown": False,
        }
    )
    at, below = around(bounds)
    assert bands_of(at, bands) == bands["band_id"].tolist()[1:]
    assert bands_of(below, bands) == bands["band_id"].tolist()[:-1]
