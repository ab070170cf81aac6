"""Killed at any step, people read the old result or the new one, whole; the next run heals."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from scoring.bundle import load_bundle
from tests.support import factory, killed, manifests
from warehouse.errors import IntegrityError
from warehouse.settings import Settings
from warehouse.steps import STEPS, step

SAME = "entity_id, as_of_date, model_version, probability, reason_1, contribution_1, bundle_sha256"
TRANSACTION = ["transaction begun", "transaction ready", "transaction committed"]
AT = {
    "score": [*TRANSACTION, "old scores deleted", "batch written"],
    "promote_second": TRANSACTION,
    "write_new": ["bundle written", "bundle placed"],
    "write_again": ["bundle half replaced"],
    "publish_both": [
        "version begun",
        "tables copied",
        "version checked",
        "version kept",
        "serving linked",
        "serving replaced",
        "parquet written",
        "parquet replaced",
        "old versions removed",
    ],
}


@dataclass(frozen=True)
class Place:
    """A warehouse that was scored and published, and in which something has changed since."""

    settings: Settings
    processes: ForkServerContext

    def killed(self, job: str, at: str) -> None:
        """Kill a process at the step; it has to get there."""
        process = killed.start(self.processes, job, self.settings, step=at)
        assert killed.end_of(process) == -signal.SIGKILL

    def finished(self, job: str) -> None:
        """The same to its end."""
        assert killed.end_of(killed.start(self.processes, job, self.settings)) == 0

    def scores(self) -> list[Any]:
        """What is in scoring.predictions, and the counts of the runs."""
        found = factory.rows(
            self.settings.warehouse, f"select {SAME} from scoring.predictions order by all"
        )
        runs = "select distinct run_id from scoring.predictions"
        assert len(factory.rows(self.settings.warehouse, runs)) == 1
        return found

    def served(self) -> list[Any]:
        """What a reader of the serving file and one of the Parquet files get."""
        parquet = self.settings.serving.with_suffix(".parquet").resolve()
        tables = "marts.orders", f"'{parquet}/marts/orders.parquet'"
        return [
            factory.rows(self.settings.serving, f"select n, count(*) from {table} group by n")
            for table in tables
        ]


@pytest.fixture(scope="module")
def processes() -> Iterator[ForkServerContext]:
    """Processes that can be killed."""
    with killed.processes() as context:
        yield context


@pytest.fixture(scope="module")
def prepared(
    tmp_path_factory: pytest.TempPathFactory, processes: ForkServerContext
) -> Iterator[Path]:
    """50 customers scored by the first of two models and published; then other features and n."""
    folder = tmp_path_factory.mktemp("killed")
    path = factory.warehouse(folder / "warehouse.duckdb")
    for name, status in (("first", "champion"), ("second", "challenger")):
        model = factory.onnx_model(bias=-1.0 if name == "first" else -2.0)
        bundle = factory.bundle(folder / "artifacts", model, model_version=name)
        factory.register(path, bundle, status)
    factory.execute(path, "create schema marts", "create table marts.orders as select 1 as n")
    manifests.write_manifest(folder / "manifest.json", manifests.model("marts.orders"))
    place = Place(settings_of(folder), processes)
    place.finished("score")
    place.finished("publish_both")
    factory.execute(
        path,
        f"update {factory.RELATION} set order_count_90d = 5",
        "create or replace table marts.orders as select 2 as n from range(100000)",
    )
    yield folder


@pytest.fixture
def place(prepared: Path, tmp_path: Path, processes: ForkServerContext) -> Place:
    """A copy of its own."""
    shutil.copytree(prepared, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Place(settings_of(tmp_path), processes)


def settings_of(folder: Path) -> Settings:
    """Everything in one folder."""
    return Settings(
        warehouse=folder / "warehouse.duckdb",
        serving=folder / "serving.duckdb",
        artifacts=folder / "artifacts",
        manifest=folder / "manifest.json",
        lock_timeout=20,
    )


def test_every_named_step_is_killed_somewhere() -> None:
    """None is forgotten, and none is of a name that nobody reaches."""
    assert {at for steps in AT.values() for at in steps} == set(STEPS)


def test_a_step_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless it is the one named."""
    step("batch written")
    monkeypatch.setenv("NUMEROSITY_KILL_AT", "tables copied")
    step("batch written")


@pytest.mark.parametrize("at", AT["score"])
def test_killed_while_scoring(place: Place, at: str) -> None:
    """Scores of the old features or of the new, all of one run."""
    before = place.scores()
    place.killed("score", at)
    after = place.scores()
    assert (after == before) == (at != "transaction committed")
    place.finished("score")
    healed = place.scores()
    assert healed != before
    assert after in (before, healed)
    assert len(healed) == 50


@pytest.mark.parametrize("at", AT["publish_both"])
def test_killed_while_publishing(place: Place, at: str) -> None:
    """The old version or the new one in each of its two forms, and no rubbish in the end."""
    old, new = [(1, 1)], [(2, 100_000)]
    assert place.served() == [old, old]
    place.killed("publish_both", at)
    duckdb_file, parquet = place.served()
    assert duckdb_file == (old if STEPS.index(at) < STEPS.index("serving replaced") else new)
    assert parquet == (old if STEPS.index(at) < STEPS.index("parquet replaced") else new)
    place.finished("publish_both")
    assert place.served() == [new, new]
    left = sorted(path.suffix for path in place.settings.serving.with_suffix("").iterdir())
    assert left == ["", ".duckdb", ".parquet"]


@pytest.mark.parametrize("at", AT["promote_second"])
def test_killed_while_promoting(place: Place, at: str) -> None:
    """One champion whatever happens, and a note of the change if there was one."""
    champions = "select model_version from registry.models where status = 'champion'"
    decisions = "select champion_after from registry.decisions"
    place.killed("promote_second", at)
    changed = at == "transaction committed"
    found = factory.rows(place.settings.warehouse, champions)
    assert found == [("second" if changed else "first",)]
    assert factory.rows(place.settings.warehouse, decisions) == [("second",)] * changed
    place.finished("promote_second")
    assert factory.rows(place.settings.warehouse, champions) == [("second",)]
    assert factory.rows(place.settings.warehouse, decisions) == [("second",)]


@pytest.mark.parametrize("at", AT["write_new"])
def test_killed_while_writing_a_bundle(place: Place, at: str) -> None:
    """It is there and verified, or not there."""
    (first,) = place.settings.artifacts.glob("*/first")
    third = first.with_name("third")
    place.killed("write_new", at)
    assert third.exists() == (at == "bundle placed")
    place.finished("write_new")
    assert load_bundle(third).model_version == "third"


def test_killed_between_the_two_files_of_a_bundle(place: Place) -> None:
    """A pair that does not belong together is refused, and mended by writing it again."""
    (first,) = place.settings.artifacts.glob("*/first")
    place.killed("write_again", "bundle half replaced")
    with pytest.raises(IntegrityError, match="not the file that was written"):
        load_bundle(first)
    place.finished("write_again")
    assert load_bundle(first).model_version == "first"


def test_two_scorers_at_once(place: Place) -> None:
    """One waits for the other, and then finds everything done."""
    before = place.scores()
    scorers = [killed.start(place.processes, "score", place.settings) for _ in range(2)]
    assert [killed.end_of(scorer) for scorer in scorers] == [0, 0]
    assert place.scores() != before
    assert len(factory.rows(place.settings.warehouse, "from scoring.runs")) == 2


@pytest.mark.parametrize("room", [0, 1_000])
def test_no_room_for_scores(place: Place, room: int) -> None:
    """A full disk: one clear line, exit code 1, the old scores; with room again the new ones."""
    before = place.scores()
    process = killed.start(place.processes, "run_all", place.settings, room=room)
    assert killed.end_of(process) == 1
    error = place.settings.manifest.with_name("error").read_text()
    assert error.startswith(f"cannot write {place.settings.warehouse} (file too large)")
    assert place.scores() == before
    place.finished("run_all")
    assert place.scores() != before


def test_no_room_once_scores_are_committed(place: Place) -> None:
    """The log of changes is written, the file is not: the new scores are there."""
    before = place.scores()
    process = killed.start(place.processes, "run_all", place.settings, room=20_000)
    assert killed.end_of(process) == 0
    assert len(place.scores()) == len(before)
    assert place.scores() != before
