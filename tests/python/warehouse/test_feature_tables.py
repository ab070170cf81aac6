"""The feature catalog: what the project's YAML says can be learned and predicted."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.ml_factory import FEATURES, LABEL, RELATION, TASK, manifest, node
from warehouse.errors import InputError, UsageError
from warehouse.feature_tables import find_task, load_feature_tables


def test_a_feature_table_is_read_in_the_order_of_its_yaml(tmp_path: Path) -> None:
    """The model's input order is the YAML's, and columns without a role are no features."""
    (table,) = load_feature_tables(manifest(tmp_path / "manifest.json"))
    assert table.relation == RELATION
    assert tuple(feature.name for feature in table.features) == FEATURES
    assert table.tasks[0].label == LABEL
    assert table.tasks[0].horizon_days == 30


def test_models_without_the_entry_are_left_alone(tmp_path: Path) -> None:
    """An ordinary dbt model is not a feature table."""
    plain = {**node(), "config": {"meta": {"owner": "analytics"}}}
    assert load_feature_tables(manifest(tmp_path / "manifest.json", plain)) == ()


def test_a_task_can_leave_out_groups_of_features(tmp_path: Path) -> None:
    """`exclude_groups` keeps the other features in their order."""
    entry = node(tasks={TASK: {"label": LABEL, "exclude_groups": ["visits"]}})
    entry["columns"]["visit_count_90d"]["config"]["meta"]["group"] = "visits"
    table, task = find_task(load_feature_tables(manifest(tmp_path / "manifest.json", entry)), TASK)
    names = tuple(feature.name for feature in table.features_for(task))
    assert names == tuple(name for name in FEATURES if name != "visit_count_90d")


def test_a_variant_of_a_task_leaves_out_more(tmp_path: Path) -> None:
    """What the YAML excludes stays out; a group that is misspelt is answered with those there."""
    entry = node(tasks={TASK: {"label": LABEL, "exclude_groups": ["visits"]}})
    for name, group in zip(FEATURES, ("visits", "times", "money", "web"), strict=True):
        entry["columns"][name]["config"]["meta"]["group"] = group
    tables = load_feature_tables(manifest(tmp_path / "manifest.json", entry))
    table, task = find_task(tables, TASK, ["money"])
    names = [feature.name for feature in table.features_for(task)]
    assert names == [FEATURES[1], FEATURES[3]]
    assert task.full_name == f"{TASK} without money"
    with pytest.raises(UsageError, match="no group of features visits: it has times, money, web"):
        find_task(tables, TASK, ["visits"])
    with pytest.raises(UsageError, match="has no feature left"):
        find_task(tables, TASK, ["times", "money", "web"])


def test_an_unknown_task_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """A typing error is a usage error that helps."""
    tables = load_feature_tables(manifest(tmp_path / "manifest.json"))
    with pytest.raises(UsageError, match=TASK):
        find_task(tables, "visitor_purchase_3d")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": {}}, "tasks is not a mapping"),
        ({"tasks": {TASK: {"horizon_days": 30}}}, "label is missing"),
        ({"tasks": {TASK: {"label": "has_left"}}}, "has_left is not among the columns"),
        ({"tasks": {TASK: {"label": FEATURES[0]}}}, "is also a feature"),
        ({"tasks": {TASK: {"label": LABEL, "horizon_days": "30 days"}}}, "horizon_days"),
        ({"tasks": {TASK: {"label": LABEL, "exclude_groups": "web"}}}, "write a list"),
        ({"tasks": {TASK: {"label": LABEL, "exclude_groups": ["wbe"]}}}, "excluded group wbe"),
        ({"tasks": {TASK: {"label": LABEL, "exclude_groups": ["web"]}}}, "leaves no feature"),
        ({"tasks": {TASK: {"label": LABEL, "trained_by_default": "no"}}}, "write true or false"),
        ({"tasks": {TASK: {"label": LABEL, "cost_false_positive": 0}}}, "write an amount"),
        (
            {"tasks": {TASK: {"label": LABEL, "value_true_positive": "4"}}},
            "write an amount",
        ),
        ({"entity_key": None}, "entity_key is missing"),
        ({"as_of_column": None}, "as_of_column is missing"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    """Every message names the relation."""
    with pytest.raises(InputError, match=message) as error:
        load_feature_tables(manifest(tmp_path / "manifest.json", node(**changes)))
    assert RELATION in str(error.value)


def test_the_threshold_follows_from_what_acting_costs(tmp_path: Path) -> None:
    """Cost 1 and value 4 pay from one in five on; without the two, from one in two."""
    stated = {"label": LABEL, "cost_false_positive": 1, "value_true_positive": 4}
    entry = node(tasks={TASK: stated, "plain": {"label": LABEL}})
    ((paid, plain),) = (
        found.tasks for found in load_feature_tables(manifest(tmp_path / "manifest.json", entry))
    )
    assert (paid.threshold, paid.states_costs) == (0.2, True)
    assert (plain.threshold, plain.states_costs) == (0.5, False)


def test_a_feature_of_another_type_is_refused(tmp_path: Path) -> None:
    """An integer feature would not fit the one float matrix."""
    entry = node()
    entry["columns"][FEATURES[1]]["data_type"] = "integer"
    with pytest.raises(InputError, match=f"{FEATURES[1]} has data_type integer, not float"):
        load_feature_tables(manifest(tmp_path / "manifest.json", entry))


def test_one_name_for_two_tasks_is_refused(tmp_path: Path) -> None:
    """Bundles and predictions are found by the task's name alone."""
    other = json.loads(json.dumps(node()))
    other["alias"] = "session_features"
    with pytest.raises(InputError, match="rename one"):
        load_feature_tables(manifest(tmp_path / "manifest.json", node(), other))
