"""A unit test of dbt fails where the model's type would make its expected value come true.

dbt casts an expected value to the column's type before it compares
(macros/project/unit_test_values.sql).
"""

import json
import shutil

import pytest
import yaml

from tests.support.project import Workspace
from warehouse.settings import PROJECT_ROOT

COLUMNS = {
    "whole": "0",
    "scaled": "cast(0.30 as decimal(18, 2))",
    "day": "cast('2026-01-01' as date)",
    "flag": "true",
    "number": "cast(1 as double)",
    "moment": "cast('2026-01-01 12:00:00+00' as timestamp with time zone)",
}
WRONG = [
    ("whole", 0.4),
    ("whole", "0.4"),
    ("scaled", 0.304),
    ("scaled", "0.304"),
    ("day", "2026-01-01 23:59:59"),
    ("flag", 1),
    ("flag", 0.4),
    ("number", True),
    ("moment", "2026-01-01 12:00:00"),
]
RIGHT = {
    "whole": "0.0",
    "scaled": "0.300",
    "day": "2026-01-01 00:00:00",
    "flag": True,
    "number": 1,
    "moment": "2026-01-01 13:00:00+01:00",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Status and message by unit test, of one model that is tested with each of these values."""
    folder = tmp_path_factory.mktemp("unit_tests")
    expected = [{column: value} for column, value in WRONG] + [RIGHT]
    tests = [
        {"name": f"test_{place}", "model": "planted", "given": [], "expect": {"rows": [row]}}
        for place, row in enumerate(expected)
    ]
    selected = ", ".join(f"{value} as {name}" for name, value in COLUMNS.items())
    (folder / "models").mkdir()
    (folder / "models" / "planted.sql").write_text(f"select {selected}")
    (folder / "models" / "planted.yml").write_text(yaml.safe_dump({"unit_tests": tests}))
    (folder / "dbt_project.yml").write_text("{name: planted, profile: numerosity}")
    (folder / "macros").mkdir()
    shutil.copy(PROJECT_ROOT / "macros" / "project" / "unit_test_values.sql", folder / "macros")
    Workspace(folder, folder).dbt_command("test", "--project-dir", str(folder))
    ran = json.loads((folder / "target" / "run_results.json").read_bytes())["results"]
    return {
        str(result["unique_id"]).rpartition(".")[2]: (result["status"], str(result["message"]))
        for result in ran
    }


@pytest.mark.parametrize("place", range(len(WRONG)), ids=[f"{c} {v}" for c, v in WRONG])
def test_a_value_that_the_type_would_change_fails(
    results: dict[str, tuple[str, str]], place: int
) -> None:
    """And the column and its type are named."""
    column, value = WRONG[place]
    status, message = results[f"test_{place}"]
    assert status == "error"
    assert f"the column {column} is " in message
    assert f"does not hold {value} unchanged" in message


def test_a_value_that_the_type_keeps_passes(results: dict[str, tuple[str, str]]) -> None:
    """However it is written."""
    assert results[f"test_{len(WRONG)}"] == ("pass", "None")
