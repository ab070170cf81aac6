"""A run: one identical result set, whole or not at all, every entity scored or listed."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from scoring.bundle import MANIFEST_FILE, Bundle
from scoring.run import job as run_module
from scoring.run.job import ScoringOutcome, ScoringRequest, run, score_day
from scoring.run.predictions import code_version
from tests.support import factory
from tests.support.manifests import feature_table, write_manifest
from warehouse.connection import connect
from warehouse.errors import InputError, IntegrityError, UsageError
from warehouse.settings import Settings

NEWEST = factory.DATES[-1]
SAME = "task, entity_id, as_of_date, model_version, probability, score, reason_1, reason_2,"
SAME += " reason_3, contribution_1, contribution_2, contribution_3, bundle_sha256"


@dataclass(frozen=True)
class Place:
    """A warehouse with a champion."""

    settings: Settings
    bundle: Bundle

    @property
    def path(self) -> Path:
        """The warehouse file."""
        return self.settings.warehouse

    def run(self, **request: Any) -> ScoringOutcome:
        """Run, for one task."""
        (outcome,) = run(self.settings, ScoringRequest(**request))
        return outcome

    def rows(self, what: str = "*", table: str = "predictions") -> list[tuple[Any, ...]]:
        """What is published."""
        return factory.rows(self.path, f"select {what} from scoring.{table} order by all")

    def score_small_batches(self, bundle: Bundle, rows: int = 10) -> ScoringOutcome:
        """Score the newest day in batches of a few rows."""
        with connect(self.path) as connection:
            return score_day(connection, bundle, ScoringRequest(), threads=2, batch_rows=rows)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """50 customers on two dates, scored by one hand-made champion."""
    settings = Settings(
        warehouse=factory.warehouse(tmp_path / "warehouse.duckdb"),
        artifacts=tmp_path / "artifacts",
        manifest=tmp_path / "manifest.json",
        lock_timeout=0,
    )
    bundle = factory.bundle(settings.artifacts)
    factory.register(settings.warehouse, bundle)
    return Place(settings, bundle)


def test_every_entity_of_the_newest_day_is_scored_once(place: Place) -> None:
    """With who, when, by which model, in which run."""
    outcome = place.run()
    assert (outcome.status, outcome.as_of_date, outcome.rows_scored) == ("done", NEWEST, 50)
    keys = "task, as_of_date, model_version, run_id, bundle_sha256"
    assert set(place.rows(keys)) == {
        (
            factory.TASK,
            NEWEST,
            place.bundle.model_version,
            outcome.run_id,
            place.bundle.bundle_sha256,
        )
    }
    assert sorted(place.rows("entity_id")) == sorted((f"c{i}",) for i in range(50))
    assert place.rows("run_id, rows_scored, rows_unscorable", "runs") == [(outcome.run_id, 50, 0)]
    assert place.rows("count(*)", "predictions where scored_at is null or reason_1 is null") == [
        (0,)
    ]


def test_a_second_run_does_nothing(place: Place) -> None:
    """Not a row is touched: run and time stay those of the first."""
    first, before = place.run(), place.rows()
    again = place.run()
    assert again.status == "already_done"
    assert (again.run_id, again.rows_scored) == (first.run_id, 50)
    assert place.rows() == before
    assert len(place.rows(table="runs")) == 1


def test_a_forced_run_gives_the_same_rows(place: Place) -> None:
    """Apart from the run and its time, also in other batches."""
    place.run()
    before, runs = place.rows(SAME), place.rows("run_id")
    assert place.run(force=True).status == "done"
    assert place.rows(SAME) == before
    assert place.rows("run_id") != runs
    factory.execute(place.path, "delete from scoring.runs")
    place.score_small_batches(place.bundle, rows=7)
    assert place.rows(SAME) == before


def test_other_features_are_scored_again_and_back_again(place: Place) -> None:
    """A feature table built anew with other values is another input; so is the first one later."""
    place.run()
    before = place.rows(SAME)
    factory.execute(
        place.path,
        f"create table kept as from {factory.RELATION}",
        f"update {factory.RELATION} set order_count_90d = 5 where customer_id = 'c3'",
    )
    assert place.run().status == "done"
    changed = set(place.rows(SAME)) - set(before)
    assert [row[1] for row in changed] == ["c3"]
    factory.execute(
        place.path,
        f"delete from {factory.RELATION}",
        f"insert into {factory.RELATION} from kept",
    )
    assert place.run().status == "done"
    assert place.rows(SAME) == before
    assert place.run().status == "already_done"


def test_rows_in_another_order_are_the_same_input(place: Place) -> None:
    """So are other columns, and columns in another order."""
    place.run()
    before = place.rows()
    factory.execute(
        place.path,
        f"create table other as select 1 as x, * from {factory.RELATION} order by md5(customer_id)",
        f"drop table {factory.RELATION}",
        f"create table {factory.RELATION} as select revenue_sum_90d, * exclude (revenue_sum_90d)"
        " from other",
    )
    assert place.run().status == "already_done"
    place.run(force=True)
    assert place.rows(SAME) == sorted(before_same(before))


def before_same(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """SAME's columns of whole prediction rows (all but run_id and scored_at)."""
    return [(*row[:4], *row[5:14]) for row in rows]


def test_lost_predictions_are_scored_again(place: Place) -> None:
    """The note of a run is not enough: its rows must be there."""
    place.run()
    before = place.rows(SAME)
    factory.execute(place.path, "delete from scoring.scores where entity_id = 'c7'")
    assert place.run().status == "done"
    assert place.rows(SAME) == before


def test_a_date_can_be_chosen_and_others_stay(place: Place) -> None:
    """Each date is its own partition."""
    place.run()
    newest = place.rows()
    assert place.run(as_of=factory.DATES[0]).as_of_date == factory.DATES[0]
    assert len(place.rows()) == 100
    assert [row for row in place.rows() if row[2] == NEWEST] == newest
    with pytest.raises(InputError, match="nearest are 2026-04-01 and 2026-05-01"):
        raise_of(place.run(as_of=date(2026, 4, 20)))
    with pytest.raises(InputError, match=r"nearest are 2026-05-01$"):
        raise_of(place.run(as_of=date(2027, 1, 1)))


def test_a_past_day_comes_out_to_the_bit(place: Place) -> None:
    """From the bundle of that day, when another champion and other dates have come since."""
    place.run(as_of=factory.DATES[0])
    before = place.rows(SAME)
    newer = factory.bundle(place.settings.artifacts, factory.onnx_model(bias=-2.0))
    factory.execute(
        place.path,
        "update registry.models set status = 'retired'",
        f"create table more as select * replace (date '2026-06-01' as as_of_date)"
        f" from {factory.RELATION} where as_of_date = date '{NEWEST}'",
        f"insert into {factory.RELATION} from more",
        "delete from scoring.scores",
    )
    factory.register(place.path, newer)
    assert place.run().as_of_date == date(2026, 6, 1)
    assert place.run(as_of=factory.DATES[0], bundle=place.bundle.folder).status == "done"
    old = [row for row in place.rows(SAME) if row[3] == place.bundle.model_version]
    assert old == before
    assert place.run(as_of=factory.DATES[0], bundle=place.bundle.folder).status == "already_done"


def test_a_run_says_what_scored(place: Place) -> None:
    """The bundle, the layout of its features and the code, for each prediction by its run."""
    run_id = place.run().run_id
    assert place.rows("run_id, bundle_sha256, feature_schema_hash, code_version", "runs") == [
        (run_id, place.bundle.bundle_sha256, place.bundle.feature_schema_hash, code_version())
    ]
    assert re.fullmatch(r"[\d.]+\+[0-9a-f]{8}", code_version())
    assert place.rows("distinct run_id") == [(run_id,)]


def raise_of(outcome: ScoringOutcome) -> None:
    """The outcome's error, as the exception its exit code stands for."""
    assert outcome.status == "failed"
    raise {3: InputError, 4: IntegrityError}[outcome.exit_code](outcome.error)


def test_what_cannot_be_scored_is_listed(place: Place) -> None:
    """Scored and listed together are the feature table; nobody is in both."""
    factory.execute(
        place.path,
        f"update {factory.RELATION} set order_count_90d = 'inf'::float where customer_id = 'c1'",
        f"update {factory.RELATION} set customer_id = null where customer_id = 'c2'",
        f"update {factory.RELATION} set order_count_90d = 'nan'::float where customer_id = 'c3'",
    )
    outcome = place.run()
    assert (outcome.rows_scored, outcome.rows_unscorable) == (48, 2)
    assert place.rows("entity_id, reason", "unscorable") == [
        ("c1", "feature order_count_90d is infinite"),
        (None, "entity key is null"),
    ]
    assert not {("c1",), (None,)} & set(place.rows("entity_id"))
    assert place.run().status == "already_done"
    factory.execute(place.path, "delete from scoring.unscorable where entity_id = 'c1'")
    assert place.run().status == "done"
    assert len(place.rows(table="unscorable")) == 2


def test_a_failure_in_the_middle_leaves_the_old_rows(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some batches are written: a wrong probability, or anything else."""
    place.run()
    before = place.rows()
    broken = factory.bundle(
        place.settings.artifacts, factory.onnx_model(broken=True), model_version="x"
    )
    with pytest.raises(IntegrityError, match="nothing of this run is kept"):
        place.score_small_batches(broken)
    factory.execute(place.path, f"update {factory.RELATION} set order_count_90d = 0.5")
    whole = run_module.score_batches

    def fails(*args: Any) -> Iterator[pa.RecordBatch]:
        yield from list(whole(*args))[:3]
        raise OSError("no space left\non device")

    monkeypatch.setattr(run_module, "score_batches", fails)
    with pytest.raises(OSError, match="no space"):
        place.score_small_batches(place.bundle)
    outcome = place.run()
    assert (outcome.exit_code, outcome.error) == (1, "OSError: no space left on device")
    assert place.rows() == before
    assert len(place.rows(table="runs")) == 1


def iter_all_but_last(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """As it says."""
    yield from list(batches)[:-1]


def test_lost_rows_are_noticed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """If fewer rows come out than the feature table has, nothing is kept."""
    whole = run_module.score_batches
    monkeypatch.setattr(run_module, "score_batches", lambda *args: iter_all_but_last(whole(*args)))
    with pytest.raises(IntegrityError, match="has 50 rows as of 2026-05-01, but 40"):
        place.score_small_batches(place.bundle)
    assert not place.rows()


def test_a_dry_run_writes_nothing(place: Place) -> None:
    """Not a byte, while it scores everything and finds what a run would find."""
    before = hashlib.sha256(place.path.read_bytes()).hexdigest()
    outcome = place.run(dry_run=True)
    assert (outcome.status, outcome.rows_scored, outcome.run_id) == ("dry_run", 50, None)
    assert hashlib.sha256(place.path.read_bytes()).hexdigest() == before
    assert place.run().status == "done"
    assert place.run(dry_run=True).status == "dry_run"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            f"alter table {factory.RELATION} alter order_count_90d type double",
            "order_count_90d is DOUBLE, model .* needs FLOAT",
        ),
        (
            f"alter table {factory.RELATION} drop session_count_30d",
            "has no column session_count_30d",
        ),
        (f"alter table {factory.RELATION} drop customer_id", "has no column customer_id"),
        (
            f"alter table {factory.RELATION} alter as_of_date type timestamp",
            "as_of_date is TIMESTAMP, model .* needs DATE",
        ),
        (f"drop table {factory.RELATION}", "no relation features.customer_features"),
        (f"delete from {factory.RELATION}", "has no rows: run dbt build"),
        (
            f"insert into {factory.RELATION} select * from {factory.RELATION}"
            " where customer_id in ('c5', 'c6')",
            r"2 rows as of 2026-05-01 for customer_id c5 \(2 rows too many",
        ),
    ],
)
def test_a_broken_contract_is_named_and_changes_nothing(
    place: Place, change: str, message: str
) -> None:
    """What, where, and the rows published before are still there."""
    place.run()
    before = place.rows()
    factory.execute(place.path, change)
    with pytest.raises(InputError, match=message):
        raise_of(place.run())
    with pytest.raises(InputError, match=message):
        raise_of(place.run(dry_run=True))
    assert place.rows() == before


def test_a_view_of_the_users_own_with_numbers_for_keys_is_scored(place: Place) -> None:
    """Any relation with a key, a date and float columns, whatever their names."""
    factory.execute(
        place.path,
        "create schema mine",
        'create view mine.accounts as select substr(customer_id, 2)::bigint as "account no",'
        f' as_of_date as day, order_count_90d as "Orders ""90""" from {factory.RELATION}',
    )
    bundle = factory.bundle(
        place.settings.artifacts,
        factory.onnx_model([1.0]),
        ['Orders "90"'],
        task="churn",
        relation="mine.accounts",
        entity_key="account no",
        as_of_column="day",
    )
    assert place.run(bundle=bundle.folder).rows_scored == 50
    assert ("churn", "49", 'Orders "90"') in place.rows("task, entity_id, reason_1")


def test_the_file_may_be_called_like_a_schema(place: Place) -> None:
    """scoring.duckdb is the database `scoring`, with a schema of the same name."""
    path = place.path.rename(place.path.with_name("scoring.duckdb"))
    settings = place.settings.model_copy(update={"warehouse": path})
    assert run(settings, ScoringRequest())[0].status == "done"
    path = path.rename(path.with_name("features.duckdb"))
    settings = place.settings.model_copy(update={"warehouse": path})
    assert run(settings, ScoringRequest(force=True))[0].status == "done"


def test_every_task_is_scored_and_one_that_fails_does_not_stop_the_others(place: Place) -> None:
    """A bundle that is gone fails its own task only."""
    for task in ("a_task", "z_task"):
        factory.register(place.path, factory.bundle(place.settings.artifacts, task=task))
    gone = place.settings.artifacts / "a_task" / place.bundle.model_version / MANIFEST_FILE
    gone.unlink()
    outcomes = run(place.settings, ScoringRequest())
    assert [(o.task, o.status, o.exit_code) for o in outcomes] == [
        ("a_task", "failed", 4),
        (factory.TASK, "done", 0),
        ("z_task", "done", 0),
    ]
    assert place.run(task="z_task").status == "already_done"


def test_an_empty_table_is_passed_over_while_another_has_rows(place: Place) -> None:
    """A source that is off leaves its table empty; asked for by name, that is a failure."""
    factory.execute(
        place.path,
        f"create table features.empty_features as from {factory.RELATION} limit 0",
    )
    empty = factory.bundle(
        place.settings.artifacts, task="empty_task", relation="features.empty_features"
    )
    factory.register(place.path, empty)
    outcomes = run(place.settings, ScoringRequest())
    assert [(o.task, o.status, o.exit_code, o.error) for o in outcomes] == [
        (factory.TASK, "done", 0, None),
        ("empty_task", "nothing_to_score", 0, None),
    ]
    (alone,) = run(place.settings, ScoringRequest(task="empty_task"))
    assert (alone.status, alone.exit_code) == ("failed", 3)


def test_a_night_without_sessions_scores_the_customers(place: Place) -> None:
    """A table without rows on the given date is passed over; a date that no table has is not."""
    older, newest = factory.DATES
    factory.execute(
        place.path,
        "create table features.visit_features as"
        f" from {factory.RELATION} where as_of_date = '{older}'",
    )
    visits = factory.bundle(
        place.settings.artifacts, task="visit_task", relation="features.visit_features"
    )
    factory.register(place.path, visits)
    outcomes = run(place.settings, ScoringRequest(as_of=newest))
    assert [(o.task, o.status, o.exit_code, o.error) for o in outcomes] == [
        (factory.TASK, "done", 0, None),
        ("visit_task", "nothing_to_score", 0, None),
    ]
    wrong = run(place.settings, ScoringRequest(as_of=date(2026, 4, 20)))
    assert [(o.status, o.exit_code) for o in wrong] == [("failed", 3)] * 2


def test_a_bundle_other_than_the_registered_one_is_refused(place: Place) -> None:
    """The registry and the folder must tell the same story."""
    factory.bundle(place.settings.artifacts, metrics={"roc_auc": 0.9})
    with pytest.raises(IntegrityError, match=r"bundle_sha256 .* registry\.models says"):
        raise_of(place.run())
    assert place.run(bundle=place.bundle.folder).status == "done"


def test_the_task_must_exist_and_have_one_champion(place: Place) -> None:
    """Known are the tasks that were trained and those the project declares."""
    declared = feature_table("features.session_features", "session", "session_purchase")
    write_manifest(place.settings.manifest, declared)
    with pytest.raises(UsageError, match=f"the tasks are {factory.TASK}, session_purchase"):
        place.run(task="customer_purchase")
    with pytest.raises(InputError, match="python -m ml train --task session_purchase"):
        place.run(task="session_purchase")
    with pytest.raises(IntegrityError, match="not session_purchase"):
        place.run(task="session_purchase", bundle=place.bundle.folder)
    factory.register(place.path, place.bundle)
    with pytest.raises(InputError, match="2 champions"):
        place.run()
    factory.execute(place.path, "update registry.models set status = 'retired'")
    with pytest.raises(InputError, match="no champion for any task: run python -m ml train"):
        place.run()


@pytest.mark.parametrize("table", ["scoring.scores", "scoring.runs", "registry.models"])
def test_a_warehouse_without_the_tables_is_named(place: Place, table: str) -> None:
    """They are dbt's to make."""
    factory.execute(place.path, f"drop table {table}")
    with pytest.raises(InputError, match=f"no table {table}: run dbt build first"):
        place.run()
