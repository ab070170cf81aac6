"""docs/add-a-feature.md, followed literally: one copy of the project with all that it adds."""

import re
from pathlib import Path

import duckdb
import pytest

from ml.synthesize import synthesize
from tests.python.models import test_reference_features
from tests.support.feature_peers import compare, export_marts
from tests.support.features_pandas import customer_features
from tests.support.project import Workspace, copy_of_project
from warehouse.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "add-a-feature.md"
BLOCK = re.compile(r"^`([^`\n]+)`\n\n```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
FEATURE, TASK, LABEL = "long_session_share_90d", "customer_purchase_14d", "has_purchase_14d"
CHECK, LEVEL = "anonymous_orders", "consent"
SMALL = ("--folds", "2", "--repeats", "1")


def patch(file: Path, diff: str) -> None:
    """Change the file as the diff says; the lines it shows must be there, and once."""
    for hunk in diff.split("@@\n"):
        lines = [(line[0], f"{line[1:]}\n") for line in hunk.splitlines()]
        old = "".join(text for mark, text in lines if mark in " -")
        new = "".join(text for mark, text in lines if mark in " +")
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{PAGE.name}: {file.name} does not have, once,\n{old}"
        file.write_text(text.replace(old, new), encoding="utf-8")


def follow(page: str, project: Path) -> None:
    """Write the files that the page gives whole, and change those of which it gives a diff."""
    blocks = BLOCK.findall(page)
    assert len(blocks) == page.count("```diff") + 2
    for name, language, body in blocks:
        if language == "diff":
            patch(project / name, body)
        else:
            assert not (project / name).exists()
            (project / name).write_text(body, encoding="utf-8")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small shop of the changed project: built with all tests, the new task trained, scored."""
    project = copy_of_project(tmp_path_factory.mktemp("project"))
    follow(PAGE.read_text(encoding="utf-8"), project)
    folder = tmp_path_factory.mktemp("workspace")
    synthesize(150, 7, folder / "raw")
    built = Workspace(folder, folder / "raw")
    built.dbt_command("build", "--project-dir", str(project)).succeeded()
    built.python("ml", "train", "--task", TASK, *SMALL)
    built.python("scoring", "run", "--task", TASK)
    return built


def test_the_feature_is_in_the_table_and_in_the_model(workspace: Workspace) -> None:
    """It counts what its description says, and is null without a visit."""
    ((rows, wrong, some),) = workspace.rows(
        f"""
        with expected as (
            select
                features.{FEATURE} as found,
                avg((sessions.product_pages >= 10)::int) as share
            from features.customer_features as features
            left join marts.sessions as sessions
                on features.customer_id = sessions.customer_id
                and sessions.started_at < features.as_of_date
                and sessions.known_at <= features.as_of_date
                and sessions.started_at >= features.as_of_date - 90
            group by features.customer_id, features.as_of_date, found
        )
        select
            count(*),
            count(*) filter (found is distinct from share::float),
            count(distinct found)
        from expected
        """
    )
    assert rows > 500
    assert wrong == 0
    assert some > 5
    assert (LABEL, "BOOLEAN") in workspace.rows(
        "select column_name, column_type from (describe features.customer_features)"
    )
    (bundle,) = (workspace.folder / "artifacts" / TASK).glob("*/model.json")
    assert f'"{FEATURE}"' in bundle.read_text(encoding="utf-8")


def test_the_task_is_scored_and_its_label_lies_between_its_neighbours(workspace: Workspace) -> None:
    """Who buys within 7 days buys within 14, and who does that within 30."""
    ((rows, wrong, buyers),) = workspace.rows(
        f"select count({LABEL}), count(*) filter (has_purchase_7d > {LABEL}"
        f" or {LABEL} > has_purchase_30d), count(*) filter ({LABEL})"
        " from features.customer_features"
    )
    assert rows > buyers > 0
    assert wrong == 0
    ((scores,),) = workspace.rows(f"select count(*) from scoring.predictions where task = '{TASK}'")
    assert scores > 100
    ((segments,),) = workspace.rows(
        f"select count(*) from segments.micro_segment_numerosity where outcome = '{LABEL}'"
    )
    assert segments > 10


def test_the_check_is_among_the_checks(workspace: Workspace) -> None:
    """With its value, its thresholds and a sentence."""
    assert workspace.rows(
        "select subject, value, warn_from, fail_from, status, message"
        f" from monitoring.monitoring_checks where check_name = '{CHECK}'"
    ) == [("sample.orders", 0, 0.05, 0.2, "ok", "0.0 % of all orders name no customer.")]


def test_the_level_is_the_finest_of_the_segments(workspace: Workspace) -> None:
    """It splits the level above, and is counted."""
    levels = workspace.rows(
        "select level, count(distinct segment_id) from segments.micro_segment_numerosity"
        " group by level order by level"
    )
    assert [level for level, _ in levels] == [0, 1, 2, 3, 4, 5]
    assert levels[5][1] > levels[4][1]
    names = workspace.rows(f"select {LEVEL}_segment_name from segments.customer_micro_segments")
    assert {name.rpartition(" | ")[2] for (name,) in names} == {"consent", "no consent"}


def test_what_computes_features_a_second_time_names_what_it_does_not_know(
    workspace: Workspace,
) -> None:
    """And agrees in all the rest."""
    sample = test_reference_features.sample_of(workspace)
    with pytest.warns(UserWarning, match=f"does not know: {LABEL}, {FEATURE}$"):
        test_reference_features.test_every_feature_and_label_is_as_described(sample)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        export_marts(connection, workspace.folder / "marts")
        found = compare(connection, customer_features(workspace.folder / "marts", sample.dates))
    assert found.unknown == (FEATURE,)
    assert (found.unmatched_rows, found.null_mismatches, found.text_mismatches) == (0, 0, 0)
    assert found.largest_difference <= 1e-5
