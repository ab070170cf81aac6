"""The bands of the segments: what the dbt test says of gaps, overlaps and forgotten unknowns."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

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
