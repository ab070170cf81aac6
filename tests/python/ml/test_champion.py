"""Who is champion: promoted, refused, rolled back, and noted; all of it or nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.cli import main
from ml.registry.decisions import Decision, earlier_champions, now, was_withdrawn
from ml.registry.decisions import note as note_decision
from ml.registry.promote import promote, rollback
from scoring.bundle import Bundle
from tests.support.factory import (
    FEATURES,
    RELATION,
    TASK,
    bundle,
    execute,
    onnx_model,
    register,
    rows,
    warehouse,
)
from warehouse.connection import connect
from warehouse.errors import InputError, IntegrityError, UsageError
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

DECISIONS = "select kind, champion_before, champion_after, reason from registry.decisions"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A warehouse and room for bundles."""
    warehouse(tmp_path / "warehouse.duckdb", rows=5)
    return load_settings(
        warehouse=tmp_path / "warehouse.duckdb",
        artifacts=tmp_path / "artifacts",
        lock_timeout=1,
    )


@pytest.fixture
def models(settings: Settings) -> list[Bundle]:
    """Three models; the first is the champion, as training would have noted it."""
    made = [
        bundle(settings.artifacts, onnx_model(weights=np.full(len(FEATURES), 0.1 * i), bias=-i))
        for i in (1, 2, 3)
    ]
    for model, status in zip(made, ["champion", "challenger", "challenger"], strict=True):
        register(settings.warehouse, model, status, reason="as trained")
    with connect(settings.warehouse) as connection:
        first = made[0].model_version
        note_decision(connection, Decision(TASK, "first", first, None, first, "first"), now())
    return made


def statuses(settings: Settings) -> dict[str, str]:
    return dict(rows(settings.warehouse, "select model_version, status from registry.models"))


def champion(settings: Settings) -> list[str]:
    return [version for version, status in statuses(settings).items() if status == "champion"]


def everything(settings: Settings) -> list[Any]:
    tables = "registry.models", "registry.decisions"
    return [rows(settings.warehouse, f"from {table} order by all") for table in tables]


def test_a_promotion_changes_both_models_and_is_noted(
    settings: Settings, models: list[Bundle]
) -> None:
    """There is one champion before and after; registry and log contain the reason."""
    first, second, third = (model.model_version for model in models)
    facts = promote(settings, second, TASK, "spring campaign")
    assert (facts["champion_before"], facts["champion_after"]) == (first, second)
    assert statuses(settings) == {first: "retired", second: "champion", third: "challenger"}
    reasons = dict(rows(settings.warehouse, "select model_version, reason from registry.models"))
    assert reasons[second] == "promoted by hand: spring campaign"
    assert reasons[first] == f"replaced by {second}: promoted by hand: spring campaign"
    last = rows(settings.warehouse, f"{DECISIONS} order by decided_at")[-1]
    assert last == ("promote", first, second, "promoted by hand: spring campaign")


def test_the_champion_promoted_again_changes_nothing(
    settings: Settings, models: list[Bundle]
) -> None:
    """A command that is run twice is run once."""
    before = everything(settings)
    assert promote(settings, models[0].model_version, TASK)["changed"] is False
    assert everything(settings) == before


def test_rolling_back_twice_goes_back_two_steps(settings: Settings, models: list[Bundle]) -> None:
    """And a third time there is nowhere to go."""
    first, second, third = (model.model_version for model in models)
    promote(settings, second, TASK)
    promote(settings, third, TASK)
    assert rollback(settings, TASK, "too few buyers")["champion_after"] == second
    assert champion(settings) == [second]
    assert rollback(settings, TASK)["champion_after"] == first
    assert champion(settings) == [first]
    before = everything(settings)
    with pytest.raises(UsageError, match="no earlier champion"):
        rollback(settings, TASK)
    assert everything(settings) == before
    kinds = [row[0] for row in rows(settings.warehouse, f"{DECISIONS} order by decided_at")]
    assert kinds == ["first", "promote", "promote", "rollback", "rollback"]


def test_what_is_promoted_after_a_rollback_can_be_rolled_back(
    settings: Settings, models: list[Bundle]
) -> None:
    """A rollback goes to the champion before, and skips one that was rolled back."""
    first, second, third = (model.model_version for model in models)
    promote(settings, second, TASK)
    rollback(settings, TASK)
    promote(settings, third, TASK)
    with connect(settings.warehouse, read_only=True) as connection:
        assert earlier_champions(connection, TASK) == [first, third]
        assert was_withdrawn(connection, TASK, second)
        assert not was_withdrawn(connection, TASK, third)
    promote(settings, second, TASK)
    with connect(settings.warehouse, read_only=True) as connection:
        assert not was_withdrawn(connection, TASK, second)
    assert rollback(settings, TASK)["champion_after"] == third


def damage_model(settings: Settings, model: Bundle) -> None:
    (model.folder / "model.onnx").write_bytes(b"")


def remove_bundle(settings: Settings, model: Bundle) -> None:
    for file in model.folder.iterdir():
        file.unlink()
    model.folder.rmdir()


def register_another(settings: Settings, model: Bundle) -> None:
    execute(
        settings.warehouse,
        "update registry.models set bundle_sha256 = 'x'"
        f" where model_version = '{model.model_version}'",
    )


def drop_feature(settings: Settings, model: Bundle) -> None:
    execute(settings.warehouse, f"alter table {RELATION} drop {FEATURES[2]}")


@pytest.mark.parametrize(
    ("harm", "error"),
    [
        (damage_model, IntegrityError),
        (remove_bundle, InputError),
        (register_another, IntegrityError),
        (drop_feature, InputError),
    ],
)
def test_a_model_that_could_not_score_is_refused(
    settings: Settings, models: list[Bundle], harm: Any, error: type[Exception]
) -> None:
    """Promotion and rollback change nothing, and raise the right error."""
    promote(settings, models[1].model_version, TASK)
    harm(settings, models[0])
    before = everything(settings)
    with pytest.raises(error):
        promote(settings, models[0].model_version, TASK)
    with pytest.raises(error):
        rollback(settings, TASK)
    assert everything(settings) == before


KILLED = """
import os, signal, sys
import ml.registry.promote
from warehouse.settings import load_settings

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(ml.registry.promote, sys.argv[1], die)
ml.registry.promote.promote(load_settings(), sys.argv[2], sys.argv[3])
"""


@pytest.mark.parametrize("step", ["make_champion", "note"])
def test_killed_at_any_step_the_old_champion_stays(
    settings: Settings, models: list[Bundle], step: str
) -> None:
    """Before anything is written, and between the change and its note."""
    before = everything(settings)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, step, models[1].model_version, TASK],
        env={
            "NUMEROSITY_WAREHOUSE": str(settings.warehouse),
            "NUMEROSITY_ARTIFACTS": str(settings.artifacts),
        },
        cwd=PROJECT_ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert everything(settings) == before
    promote(settings, models[1].model_version, TASK)
    assert champion(settings) == [models[1].model_version]


def test_the_commands_end_with_their_codes(
    settings: Settings,
    models: list[Bundle],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """0 and a JSON line; 2 for what was asked wrongly, 3 and 4 for bundles."""
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(settings.warehouse))
    monkeypatch.setenv("NUMEROSITY_ARTIFACTS", str(settings.artifacts))
    second = models[1].model_version
    assert main(["promote", second, "--task", TASK, "--reason", "it is spring"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["champion_after"] == second
    assert main(["rollback", "--task", TASK]) == 0
    assert main(["promote", "20990101-00000000", "--task", TASK]) == 2
    assert "its models are" in capsys.readouterr().err
    assert main(["promote", second, "--task", "nothing"]) == 2
    assert f"tasks with models are {TASK}" in capsys.readouterr().err
    assert main(["promote", second]) == 2
    damage_model(settings, models[1])
    assert main(["promote", second, "--task", TASK]) == 4
    remove_bundle(settings, models[2])
    assert main(["promote", models[2].model_version, "--task", TASK]) == 3
    capsys.readouterr()
    assert main(["models"]) == 0
    out = capsys.readouterr().out
    listed = json.loads(out.splitlines()[-1])["models"]
    assert {model["model_version"] for model in listed} == {m.model_version for m in models}
    assert "as trained" in out
