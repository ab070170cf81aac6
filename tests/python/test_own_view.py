"""docs/a-feature-view-of-your-own.md, followed literally on the real file."""

import re
import shutil
from pathlib import Path

import pytest
from project import House, real_data

from scoring.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "a-feature-view-of-your-own.md"
FILE = re.compile(r"`(models/[^`]+)`\n\n```\w+\n(.*?)```", re.DOTALL)
PARTS = ("models", "macros", "seeds", "tests/dbt", "docs", "dbt_project.yml")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the dbt project with the two files of the page in it."""
    for part in PARTS:
        source, target = PROJECT_ROOT / part, tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    for name, body in FILE.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / name).write_text(body, encoding="utf-8")
    return tmp_path


def test_a_view_of_the_users_own_trains_and_scores(project: Path) -> None:
    """Who visits after an e-mail: plain models reach an AUC of 0.647."""
    if not (real_data() / "hillstrom").is_dir():
        pytest.skip(f"no folder {real_data() / 'hillstrom'}")
    house = House(project, real_data())
    where = ("--project-dir", str(project), "--select", "+hillstrom_visit_features")
    house.dbt("build", *where, sources=["hillstrom"]).succeeded()
    (trained,) = house.python("ml", "train", "--task", "hillstrom_visit")["trained"]
    assert trained["metrics"]["roc_auc"] > 0.64
    (scored,) = house.python("scoring", "run", "--task", "hillstrom_visit")["tasks"]
    assert scored["rows_scored"] == 64_000
    (reasons,) = house.rows(
        "select count(distinct reason_1) from scoring.predictions where reason_1 is not null"
    )
    assert reasons[0] > 1
