"""From warehouse and manifest to bundle and registry: repeatable, and nothing half done."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import ml.training.train
from ml.candidates import USUAL
from ml.candidates.logistic import Logistic
from ml.registry.promote import rollback
from ml.registry.record import TABLES
from ml.training.train import TrainingRequest, train
from scoring.bundle import load_bundle
from scoring.run.batches import score_batches
from tests.support.factory import execute, rows
from tests.support.ml_factory import DATES, FEATURES, LABEL, RELATION, TASK, manifest, node, project
from warehouse.errors import InputError, IntegrityError
from warehouse.settings import Settings

QUICK = {"folds": 2, "repeats": 1}


@pytest.fixture(autouse=True)
def _one_candidate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Logistic regression is learned in no time; what follows it is the same for every model."""
    monkeypatch.setattr("ml.evaluation.candidates.USUAL", (Logistic(),))
    monkeypatch.setattr(Logistic, "grid", Logistic.grid[1:3])


def registry(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the tables of the registry."""
    return {table: rows(settings.warehouse, f"from {table} order by all") for table in TABLES}


def statuses(settings: Settings) -> dict[str, str]:
    """Status by model version."""
    found = rows(settings.warehouse, "select model_version, status from registry.models")
    return dict(found)


def test_the_same_data_and_seed_give_the_same_model_and_one_entry(tmp_path: Path) -> None:
    """Trained twice is trained once: version, bundle and registry rows stay as they were."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    entered = registry(settings)
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert second == first
    assert registry(settings) == entered
    (entry,) = entered["registry.models"]
    assert entry[0] == first["model_version"] == f"20250401-{first['model_version'][-8:]}"
    assert entry[2:4] == ("champion", "logistic")
    assert "first model of the task" in entry


def test_every_candidate_is_learned_and_the_best_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all candidates: each is evaluated, one is shipped, and again the same one."""
    monkeypatch.undo()
    settings = project(tmp_path, DATES, rows=120)
    (first,) = train(settings, TASK, TrainingRequest(folds=2))["trained"]
    entered = rows(
        settings.warehouse,
        "select candidate, count(*), count(distinct metric) from registry.evaluations group by all",
    )
    candidates = {each.name for each in USUAL}
    assert {name for name, _, _ in entered} == candidates | {"base_rate", f"only_{FEATURES[1]}"}
    assert all(count == distinct for _, count, distinct in entered)
    (second,) = train(settings, TASK, TrainingRequest(folds=2))["trained"]
    assert second["model_version"] == first["model_version"]


def test_a_bundle_knows_what_it_was_learned_from_and_scores(tmp_path: Path) -> None:
    """What scoring needs is in the bundle, and its answers are probabilities with named reasons."""
    settings = project(tmp_path, DATES)
    (trained,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    bundle = load_bundle(settings.artifacts / TASK / trained["model_version"])
    assert bundle.features == FEATURES
    assert bundle.facts["training"]["from"] == "2025-01-01"
    assert bundle.facts["training"]["to"] == "2025-04-01"
    assert bundle.facts["training"]["rows"] == 960
    assert bundle.facts["parity"]["max_probability_error"] <= 1e-5
    assert bundle.facts["metrics"]["base_rate"] < bundle.facts["metrics"]["average_precision"]
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        batches = connection.sql(f"from {RELATION}").to_arrow_table().to_batches()
    scored = [row for batch in score_batches(batches, bundle) for row in batch.to_pylist()]
    assert len(scored) == 1_200
    assert all(0 <= row["probability"] <= 1 for row in scored)
    assert {row["reason_1"] for row in scored} <= set(FEATURES)


def test_what_is_measured_is_what_ships(tmp_path: Path) -> None:
    """The shipped graph, run on the newest date, has the average precision that is reported."""
    from sklearn.metrics import average_precision_score

    settings = project(tmp_path, DATES)
    (trained,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    bundle = load_bundle(settings.artifacts / TASK / trained["model_version"])
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        test = connection.sql(f"from {RELATION} where as_of_date = '{DATES[-1]}'").to_arrow_table()
    scored = [
        row["probability"]
        for b in score_batches(test.to_batches(), bundle)
        for row in b.to_pylist()
    ]
    labels = np.array(test.column(LABEL).to_pylist())
    measured = average_precision_score(labels, scored)
    assert measured == pytest.approx(trained["metrics"]["average_precision"], abs=1e-6)


def test_a_later_model_becomes_champion_only_when_it_wins(tmp_path: Path) -> None:
    """On the same test rows, with the reason kept, and only one champion at any time."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    old = first["model_version"]
    # Worse: half the labels it learns from are turned around.
    turned = f"as_of_date < '{DATES[-1]}' and visitor_id < 'v00140'"
    execute(settings.warehouse, f"update {RELATION} set {LABEL} = not {LABEL} where {turned}")
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert statuses(settings) == {old: "champion", second["model_version"]: "challenger"}
    assert f"of {old} on the same 240 test rows" in second["reason"]
    # The champion itself is trained again, and then a model that sees what the first could not.
    execute(settings.warehouse, f"update {RELATION} set {LABEL} = not {LABEL} where {turned}")
    assert train(settings, TASK, TrainingRequest(**QUICK))["trained"][0]["status"] == "champion"
    leak = f"case when {LABEL} then 9 else -9 end"
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[2]} = {leak}")
    (third,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert statuses(settings) == {
        old: "retired",
        second["model_version"]: "challenger",
        third["model_version"]: "champion",
    }


def test_a_model_that_lost_keeps_its_place_when_it_is_trained_again(tmp_path: Path) -> None:
    """A retired model that would lose again is not news."""
    settings = project(tmp_path, DATES)
    train(settings, TASK, TrainingRequest(**QUICK))
    turned = f"as_of_date < '{DATES[-1]}' and visitor_id < 'v00140'"
    execute(settings.warehouse, f"update {RELATION} set {LABEL} = not {LABEL} where {turned}")
    (loser,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    execute(
        settings.warehouse,
        "update registry.models set status = 'retired' where status = 'challenger'",
    )
    entered = registry(settings)
    (again,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert (again["model_version"], again["status"]) == (loser["model_version"], "retired")
    assert registry(settings) == entered


def test_every_decision_is_noted_with_its_measured_difference(tmp_path: Path) -> None:
    """First, refused, promoted: the log grows, and what was written stays as it is."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    turned = f"as_of_date < '{DATES[-1]}' and visitor_id < 'v00140'"
    execute(settings.warehouse, f"update {RELATION} set {LABEL} = not {LABEL} where {turned}")
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    noted = rows(settings.warehouse, "from registry.decisions order by decided_at")
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[2]} = {LABEL}::int")
    (third,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    after = rows(settings.warehouse, "from registry.decisions order by decided_at")
    assert after[:2] == noted
    versions = [each["model_version"] for each in (first, second, third)]
    assert [row[2:6] for row in after] == [
        ("first", versions[0], None, versions[0]),
        ("refuse", versions[1], versions[0], versions[0]),
        ("promote", versions[2], versions[0], versions[2]),
    ]
    (_, refused, won) = (row[8:] for row in after)
    assert refused[1] <= 0 < won[1] <= won[0] <= won[2]
    assert won[3] == 240
    assert all(row[6] for row in after)


def test_a_model_that_was_rolled_back_does_not_come_back_by_itself(tmp_path: Path) -> None:
    """Training the same data again finds the same model, which has just been rolled back."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[2]} = {LABEL}::int")
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert second["status"] == "champion"
    rollback(settings, TASK, "it reads the outcome")
    entered = registry(settings)
    (again,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert (again["model_version"], again["status"]) == (second["model_version"], "retired")
    assert registry(settings) == entered
    assert statuses(settings)[first["model_version"]] == "champion"


def test_what_is_measured_is_in_the_registry(tmp_path: Path) -> None:
    """Confusion, report, importances and held-out rows agree with the metrics, row by row."""
    settings = project(tmp_path, DATES)
    (trained,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    metrics = trained["metrics"]
    held_out = rows(
        settings.warehouse,
        "select count(*), sum(is_buyer::int), avg((probability - is_buyer::int)**2)"
        " from registry.held_out_predictions",
    )
    assert held_out[0][0] == 240
    assert held_out[0][2] == pytest.approx(metrics["brier"])
    confusion = {
        row[:2]: row[2]
        for row in rows(
            settings.warehouse,
            "select is_buyer, is_selected, rows from registry.confusion_matrices",
        )
    }
    assert sum(confusion.values()) == 240
    found, missed = confusion[True, True], confusion[True, False]
    assert found / (found + missed) == pytest.approx(metrics["recall"])
    report = dict(rows(settings.warehouse, "select class, f1 from registry.classification_reports"))
    assert report["buyer"] == pytest.approx(metrics["f1"])
    important = rows(settings.warehouse, "select feature, importance from registry.importances")
    assert {name for name, _ in important} == set(FEATURES)
    assert max(important, key=lambda row: row[1])[0] == FEATURES[0]
    learning = rows(
        settings.warehouse, "select x, y from registry.curves where curve = 'learning' order by 1"
    )
    assert [x for x, _ in learning] == [96, 240, 480, 960]
    assert learning[-1][1] == pytest.approx(metrics["average_precision"])
    intervals = rows(
        settings.warehouse,
        "select candidate, value_low <= value and value <= value_high from registry.evaluations"
        " where metric in ('roc_auc', 'average_precision', 'brier', 'recall')",
    )
    assert len(intervals) == 12
    assert all(inside for _, inside in intervals)


def test_a_new_feature_replaces_the_champion_that_cannot_read_it(tmp_path: Path) -> None:
    """A model of another table layout could not be run again anyway."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    entry = node()
    del entry["columns"][FEATURES[1]]
    manifest(settings.manifest, entry)
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert statuses(settings)[second["model_version"]] == "champion"
    assert (
        second["reason"] == f"the features have changed since {first['model_version']} was trained"
    )


def test_a_variant_does_not_push_the_champion_aside(tmp_path: Path) -> None:
    """Trained without a group it is recorded as what it is, with its own features."""
    settings = project(tmp_path)
    entry = node()
    entry["columns"]["is_returning"]["config"]["meta"]["group"] = "visitor"
    manifest(settings.manifest, entry)
    (champion,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    (variant,) = train(settings, TASK, TrainingRequest(**QUICK, without=["visitor"]))["trained"]
    assert statuses(settings) == {
        champion["model_version"]: "champion",
        variant["model_version"]: "challenger",
    }
    assert variant["reason"] == f"a variant: {TASK} without visitor"
    assert load_bundle(Path(variant["bundle"])).features == FEATURES[:-1]


def test_a_champion_whose_bundle_is_gone_is_replaced(tmp_path: Path) -> None:
    """A model that cannot be run cannot be the champion."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    (settings.artifacts / TASK / first["model_version"] / "model.onnx").write_bytes(b"")
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[0]} = 1")
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert second["status"] == "champion"
    assert "cannot be used" in second["reason"]


def test_without_time_only_the_same_rows_measured_the_same_way_compare(tmp_path: Path) -> None:
    """Where anything differs the champion scores the rows, with the advantage of knowing them."""
    settings = project(tmp_path)
    train(settings, TASK, TrainingRequest(folds=2, repeats=1))
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[2]} = null")
    (same,) = train(settings, TASK, TrainingRequest(folds=2, repeats=1))["trained"]
    assert "in 2-fold stratified CV, duplicates in one fold of the same 240 rows" in same["reason"]
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[1]} = null")
    (other,) = train(settings, TASK, TrainingRequest(folds=3, repeats=1))["trained"]
    assert other["status"] == "challenger"
    assert "may have learned from" in other["reason"]


def test_a_champion_of_other_data_gives_way(tmp_path: Path) -> None:
    """Another source under the same names: the old model knows nothing of it, and it shows."""
    settings = project(tmp_path, DATES)
    (first,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert first["protocol"].startswith("time split")
    execute(
        settings.warehouse,
        f"delete from {RELATION} where as_of_date > '{DATES[0]}'",
        f"update {RELATION} set {FEATURES[0]} = -{FEATURES[0]}, {FEATURES[3]} = -{FEATURES[3]}",
    )
    (second,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert second["protocol"].startswith("2-fold")
    assert statuses(settings) == {
        first["model_version"]: "retired",
        second["model_version"]: "champion",
    }


def test_the_gate_stops_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export that is not the model leaves no bundle and no registry row."""
    settings = project(tmp_path)
    true = ml.training.train.export
    other = Logistic().fit(
        np.eye(4, dtype=np.float32), np.array([0, 1, 1, 0], np.uint8), {"log": True, "C": 1}, 0
    )
    monkeypatch.setattr(
        "ml.training.train.export", lambda candidate, _, width: true(candidate, other, width)
    )
    with pytest.raises(IntegrityError, match=f"{TASK}, logistic regression: the exported model"):
        train(settings, TASK, TrainingRequest(**QUICK))
    assert not settings.artifacts.exists()
    assert registry(settings) == {table: [] for table in TABLES}


def test_without_a_task_all_are_trained_and_the_others_reported(tmp_path: Path) -> None:
    """A task whose outcomes have not matured yet does not stop the rest."""
    settings = project(tmp_path)
    entry = node(tasks={TASK: {"label": LABEL}, "later": {"label": "has_purchase_90d"}})
    entry["columns"]["has_purchase_90d"] = {"name": "has_purchase_90d", "data_type": "boolean"}
    manifest(settings.manifest, entry)
    execute(settings.warehouse, f"alter table {RELATION} add column has_purchase_90d boolean")
    found = train(settings, request=TrainingRequest(**QUICK))
    assert [each["task"] for each in found["trained"]] == [TASK]
    assert [each["task"] for each in found["skipped"]] == ["later"]
    with pytest.raises(InputError, match="no labelled row"):
        train(settings, "later")


def test_a_task_may_wait_until_it_is_named(tmp_path: Path) -> None:
    """A task with `trained_by_default: false` is reported as skipped."""
    settings = project(tmp_path)
    asked = {"label": LABEL, "trained_by_default": False}
    manifest(settings.manifest, node(tasks={TASK: {"label": LABEL}, "asked_for": asked}))
    found = train(settings, request=TrainingRequest(**QUICK))
    assert [each["task"] for each in found["trained"]] == [TASK]
    (skipped,) = found["skipped"]
    assert "--task asked_for" in skipped["reason"]
    (trained,) = train(settings, "asked_for", TrainingRequest(**QUICK))["trained"]
    assert trained["status"] == "champion"


def test_nothing_at_all_to_train_is_an_error(tmp_path: Path) -> None:
    """A scheduler should not take it for a success."""
    settings = project(tmp_path)
    execute(settings.warehouse, f"update {RELATION} set {LABEL} = null")
    with pytest.raises(InputError, match="nothing to train"):
        train(settings)


def test_a_registry_that_is_missing_is_noticed_before_learning(tmp_path: Path) -> None:
    """The tables are dbt's to create."""
    settings = project(tmp_path)
    execute(settings.warehouse, "drop table registry.curves")
    with pytest.raises(InputError, match=r"no table registry\.curves: run dbt build first"):
        train(settings)


def test_an_error_between_two_inserts_leaves_the_registry_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models, evaluations and curves are entered together or not at all."""
    settings = project(tmp_path, DATES)
    train(settings, TASK, TrainingRequest(**QUICK))
    entered = registry(settings)
    execute(settings.warehouse, f"update {RELATION} set {FEATURES[2]} = {LABEL}::int")

    def fail(*_: object) -> list[Any]:
        raise OSError("the disk is full")

    monkeypatch.setattr("ml.registry.rows._curves", fail)
    with pytest.raises(OSError, match="disk is full"):
        train(settings, TASK, TrainingRequest(**QUICK))
    assert registry(settings) == entered


def test_dates_may_be_thin_and_many(tmp_path: Path) -> None:
    """Sessions, a few each day: tested on the newest days together."""
    days = [date(2025, 3, day) for day in range(1, 31)]
    settings = project(tmp_path, days, rows=20)
    entry = node(tasks={TASK: {"label": LABEL}})
    manifest(settings.manifest, entry)
    (trained,) = train(settings, TASK, TrainingRequest(**QUICK))["trained"]
    assert trained["protocol"] == "time split, test as of 2025-03-26 to 2025-03-30"
    assert json.loads(json.dumps(trained))["rows"] == 500
