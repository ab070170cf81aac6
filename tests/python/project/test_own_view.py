"""docs/a-feature-view-of-your-own.md, followed literally on the real files."""

import re
from pathlib import Path

import pytest

from tests.support.project import Workspace, copy_of_project, real_data
from tests.support.shops import TABLES_ONLY
from warehouse.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "a-feature-view-of-your-own.md"
FILE = re.compile(r"`(models/[^`]+)`\n\n```\w+\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the dbt project with the files of the page in it."""
    folder = copy_of_project(tmp_path_factory.mktemp("project"))
    for name, body in FILE.findall(PAGE.read_text(encoding="utf-8")):
        (folder / name).write_text(body, encoding="utf-8")
    return folder


def workspace(
    project: Path, folder: Path, source: str, view: str, **variables: object
) -> Workspace:
    """The view of the page, built from a real source."""
    if not (real_data() / source).is_dir():
        pytest.skip(f"no folder {real_data() / source}")
    built = Workspace(folder, real_data())
    where = ("--project-dir", str(project), "--select", f"+{view}")
    built.dbt_command("build", *TABLES_ONLY, *where, sources=[source], **variables).succeeded()
    return built


def test_a_view_of_the_users_own_trains_and_scores(project: Path, tmp_path: Path) -> None:
    """Who visits after an e-mail: plain models reach an AUC of 0.647."""
    hillstrom = workspace(project, tmp_path, "hillstrom", "hillstrom_visit_features")
    (trained,) = hillstrom.python("ml", "train", "--task", "hillstrom_visit")["trained"]
    assert trained["metrics"]["roc_auc"] > 0.64
    (scored,) = hillstrom.python("scoring", "run", "--task", "hillstrom_visit")["tasks"]
    assert scored["rows_scored"] == 64_000
    (reasons,) = hillstrom.rows(
        "select count(distinct reason_1) from scoring.predictions where reason_1 is not null"
    )
    assert reasons[0] > 1


def test_a_label_of_the_users_own_stands_beside_our_features(project: Path, tmp_path: Path) -> None:
    """Who buys again within 39 weeks: more than recency (0.759) and BG/NBD (0.762) tell."""
    date = {"as_of_date": "1997-10-01"}
    cdnow = workspace(project, tmp_path, "cdnow", "cdnow_repurchase_features", **date)
    found = cdnow.python("ml", "evaluate", "--task", "cdnow_purchase_39w")
    assert (found["rows"], found["buyers"]) == (23_570, 7_058)
    assert max(candidate["roc_auc"] for candidate in found["candidates"]) > 0.77
