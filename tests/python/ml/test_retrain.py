"""When a model is trained again, why, and what becomes of it."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from ml.candidates import CANDIDATES
from ml.training.retrain import Need, assess_need, retrain
from ml.training.train import TrainingRequest, train
from tests.support import factory, ml_factory
from tests.support.ml_factory import FEATURES, RELATION, TASK
from warehouse.connection import connect
from warehouse.errors import InputError
from warehouse.feature_tables import find_task, load_feature_tables
from warehouse.settings import Settings

LOGISTIC = [one for one in CANDIDATES if one.name == "logistic"]
FIRST = date(2025, 1, 1)
DATES = [FIRST + timedelta(days=30 * number) for number in range(10)]
SEEN = 4
"""Dates that were there when the champion was trained."""
TITLE = "AUC that came true"
"""Of every check."""


def report(settings: Settings, check: str, status: str, subject: str = TASK) -> None:
    """A check of the newest run."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "insert into monitoring.monitoring_checks by name select ? as check_name,"
            " ? as subject, date '2025-12-01' as as_of_date, ? as status, 1.0 as effect,"
            " 0.1 as warn_from, 'It is bad. Do something.' as message, ? as check_title,"
            " 1 as check_rank",
            [check, subject, status, TITLE],
        )


def need(settings: Settings, **options: int) -> Need:
    table, task = find_task(load_feature_tables(settings.manifest), TASK)
    with connect(settings.warehouse) as connection:
        return assess_need(connection, settings, table, task, **options)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A champion of the first dates; from then on the first feature means the opposite."""
    settings = ml_factory.project(tmp_path, DATES, rows=200)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("create schema monitoring")
        connection.execute(f"create table monitoring.monitoring_checks ({factory.CHECK_COLUMNS})")
        connection.execute(
            f"create table later as from {RELATION} where as_of_date >= ?", [DATES[SEEN]]
        )
        connection.execute(f"delete from {RELATION} where as_of_date >= ?", [DATES[SEEN]])
    train(settings, TASK, TrainingRequest(candidates=LOGISTIC))
    return settings


def change(settings: Settings) -> None:
    """The later dates come, with buyers who did not buy before."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(f"update later set {FEATURES[0]} = 1 / {FEATURES[0]}")
        connection.execute(f"insert into {RELATION} from later")


def test_without_new_dates_nothing_is_trained_whatever_the_checks(settings: Settings) -> None:
    """The same rows would give the same model."""
    report(settings, "realised_auc", "fail")
    assert need(settings) == Need(
        TASK, False, "no new date has matured since the champion was trained"
    )


@pytest.mark.parametrize(
    ("check", "status", "subject", "is_needed"),
    [
        ("realised_auc", "warn", TASK, True),
        ("calibration", "fail", TASK, True),
        ("expected_auc", "warn", TASK, False),
        ("score_psi", "fail", TASK, True),
        ("feature_psi", "fail", "visitor_features.visit_count_90d", True),
        ("feature_psi", "warn", "visitor_features.visit_count_90d", False),
        ("feature_psi", "fail", "session_features.bounce_rate", False),
        ("realised_auc", "fail", "another_task", False),
        ("volume", "fail", "sample.orders", False),
    ],
)
def test_the_reason_is_the_message_of_a_check(
    settings: Settings, check: str, status: str, subject: str, is_needed: bool
) -> None:
    """What came true counts from a warning on, drift from a failure on; of this task alone."""
    change(settings)
    report(settings, check, status, subject)
    found = need(settings)
    assert found.is_needed == is_needed
    if is_needed:
        assert found.reason == f"{TITLE} of {subject}: It is bad"


def test_dates_and_checks_are_those_of_spark_where_models_learn_from_it(
    settings: Settings, tmp_path: Path
) -> None:
    """The warehouse knows of neither; the registry is its own."""
    of_spark = settings.model_copy(
        update={"features_from": "spark", "spark_warehouse": tmp_path / "spark"}
    )
    with pytest.raises(InputError, match=rf"no rows of {RELATION}.*target spark"):
        need(of_spark)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(f"create table before as from {RELATION}")
    change(settings)
    report(settings, "realised_auc", "fail")
    with duckdb.connect(str(settings.warehouse)) as connection:
        for relation in (RELATION, "monitoring.monitoring_checks"):
            schema, _, name = relation.partition(".")
            folder = of_spark.spark_warehouse / "tables" / f"{schema}.db" / name
            folder.mkdir(parents=True)
            connection.execute(
                f"copy {relation} to '{folder}'"
                " (format parquet, partition_by (as_of_date), overwrite_or_ignore)"
            )
        connection.execute(f"create or replace table {RELATION} as from before")
        connection.execute("delete from monitoring.monitoring_checks")
    assert not need(settings).is_needed
    assert need(of_spark) == Need(TASK, True, f"{TITLE} of {TASK}: It is bad", DATES[SEEN - 1])
    (found,) = retrain(of_spark, TASK, if_needed=True, candidates=LOGISTIC)["tasks"]
    assert found["trained"]["status"] == "champion"


def test_age_is_a_reason(settings: Settings) -> None:
    """Counted in dates that could be learned from and have not been."""
    change(settings)
    assert not need(settings, max_age=12).is_needed
    found = need(settings, max_age=5)
    assert found.is_needed and "dates have matured since" in found.reason


def test_a_change_of_behaviour_ends_with_a_new_champion_and_a_note(settings: Settings) -> None:
    """The challenger wins on the same rows; the note has the reason of training and of winning."""
    change(settings)
    assert retrain(settings, TASK, if_needed=True)["tasks"][0]["trained"] is None
    report(settings, "realised_auc", "fail")
    (found,) = retrain(settings, TASK, if_needed=True, candidates=LOGISTIC)["tasks"]
    assert found["trained"]["status"] == "champion"
    with duckdb.connect(str(settings.warehouse)) as connection:
        kind, reason, low = connection.execute(
            "select kind, reason, difference_low from registry.decisions"
            " where kind <> 'first' order by decided_at limit 1"
        ).fetchall()[0]
    assert kind == "promote" and low > 0
    assert reason.startswith(f"{TITLE} of {TASK}: It is bad: average precision +")


def test_without_a_change_the_champion_stays_and_that_is_noted(settings: Settings) -> None:
    """Trained on request, the new model is refused: it is not better on the same rows."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(f"insert into {RELATION} from later")
    (found,) = retrain(settings, TASK, candidates=LOGISTIC)["tasks"]
    assert found["trained"]["status"] == "challenger"
    with duckdb.connect(str(settings.warehouse)) as connection:
        noted = connection.execute(
            "select kind, reason from registry.decisions order by decided_at"
        ).fetchall()
    assert [kind for kind, _ in noted] == ["first", "refuse", "refuse"]
    assert noted[1][1].startswith("asked for: ")
    assert noted[2][1].startswith(f"asked for; learned from {DATES[SEEN - 1]} on alone: ")


def test_after_a_change_the_newest_dates_alone_win(settings: Settings) -> None:
    """All outcomes are reversed, so the old dates are misleading."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("update later set has_purchase_30d = not has_purchase_30d")
        connection.execute(f"insert into {RELATION} from later")
    report(settings, "realised_auc", "fail")
    (found,) = retrain(settings, TASK, if_needed=True, candidates=LOGISTIC)["tasks"]
    assert found["trained"]["status"] == "champion"
    assert found["trained"]["metrics"]["roc_auc"] > 0.8
    with duckdb.connect(str(settings.warehouse)) as connection:
        reason = connection.execute(
            "select reason from registry.decisions order by decided_at desc limit 1"
        ).fetchone()
        rows = connection.execute(
            "select training_from from registry.models order by trained_at"
        ).fetchall()
    assert reason and f"; learned from {DATES[SEEN - 1]} on alone: " in reason[0]
    assert [day for (day,) in rows] == [DATES[0], DATES[0], DATES[SEEN - 1]]
