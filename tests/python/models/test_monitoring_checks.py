"""The monitoring models' own SQL on a small shop: quiet by itself, loud when something changes."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats
from scipy.special import expit
from sklearn.metrics import brier_score_loss, roc_auc_score

from bench.monitoring import worst_status
from tests.support.compiled_sql import compiled_project
from tests.support.monitored_shop import PLANTED, TASKS, Planted, draw_day
from tests.support.monitored_warehouse import AFTER_SCORES, BEFORE_SCORES, Nights
from tests.support.unknown import say_unknown
from warehouse.settings import PROJECT_ROOT

CUSTOMERS = 2_000


def checks_of(name: str) -> list[str]:
    """The checks that a model of models/monitoring names in its YAML."""
    (file,) = (PROJECT_ROOT / "models" / "monitoring").rglob(f"{name}.yml")
    (model,) = yaml.safe_load(file.read_text(encoding="utf-8"))["models"]
    checks: list[str] = model["config"]["meta"]["checks"]
    return checks


@pytest.fixture(scope="module")
def nights() -> Nights:
    """A shop with half a year behind it."""
    sql, tables = compiled_project(*BEFORE_SCORES, *AFTER_SCORES)
    ours = [table for table in tables if table.relation.partition(".")[2] in TASKS]
    return Nights(sql, ours, CUSTOMERS, seed=1)


@pytest.fixture(scope="module")
def quiet(nights: Nights) -> pd.DataFrame:
    """The checks of a day without a change."""
    return nights.run(nights.draw())


def test_a_day_without_a_change_says_nothing(quiet: pd.DataFrame) -> None:
    """Hundreds of checks, every kind of them, all ok, each with a sentence."""
    assert quiet.loc[quiet["status"] != "ok", "message"].tolist() == []
    assert len(quiet) > 350 and quiet["message"].notna().all()
    run = [name for name in (*BEFORE_SCORES, *AFTER_SCORES) if name.startswith("monitor_")]
    checks = {check for name in run for check in checks_of(name)}
    assert set(quiet["check_name"]) == checks
    thresholds = pd.read_csv(PROJECT_ROOT / "seeds" / "monitoring_thresholds.csv")
    say_unknown("bench/monitored_warehouse.py", set(thresholds["check_name"]) - checks)
    assert not quiet.duplicated(["check_name", "subject"]).any()


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted.name)
def test_a_planted_change_is_found_the_same_night(nights: Nights, planted: Planted) -> None:
    """By a check that is meant to, with what to do; and by hardly any other."""
    day = nights.draw()
    planted.change(day, nights.rng)
    checks = nights.run(day, keep=False)
    assert worst_status(checks, planted) in ("fail", "warn")
    speaking = checks[checks["status"] != "ok"]
    assert len(speaking) <= 12
    assert speaking["message"].str.split(". ").str.len().min() > 1


def test_a_sample_too_small_to_tell_says_nothing(nights: Nights) -> None:
    """Ten visitors with features of their own kind are no drift."""
    day = nights.draw()
    for name, frame in day.features.items():
        day.features[name] = frame.head(10)
        day.scores[TASKS[name]] = day.scores[TASKS[name]][:10]
    checks = nights.run(day, keep=False)
    drift = checks["check_name"].str.match("feature|null|range|score|expected")
    alarming = checks["status"].isin(("fail", "warn"))
    assert checks.loc[drift & alarming, "message"].tolist() == []


def test_a_feature_without_any_value_is_compared_without_a_fault(nights: Nights) -> None:
    """null_share finds a column without values, and drift finds a constant column."""
    day = nights.draw()
    frame = day.features["customer_features"]
    first, second = frame.columns[6], frame.columns[7]
    frame[first], frame[second] = np.float32(np.nan), np.float32(3)
    checks = nights.run(day, keep=False).set_index(["check_name", "subject"])
    assert checks.loc[("null_share", f"customer_features.{first}"), "status"] == "fail"
    compared = checks.loc[("feature_psi", f"customer_features.{first}")]
    assert compared["status"] == "not_applicable" and pd.isna(compared["value"])
    assert compared["message"] == f"Not applicable: {CUSTOMERS} customers, none with a value."
    assert checks.loc[("feature_ks", f"customer_features.{second}"), "status"] == "fail"


def test_a_check_with_too_few_events_says_how_many(nights: Nights) -> None:
    """It is not applicable, it has no value, and the other checks of the night are computed."""
    day = nights.draw()
    day.features["session_features"] = day.features["session_features"].head(1)
    day.scores["session_purchase"] = np.array([-3.0])
    day.truth = np.full(CUSTOMERS, -50.0)  # nobody buys
    checks = nights.run(day, keep=False).set_index(["check_name", "subject"])
    few = checks[checks["status"] == "not_applicable"]
    assert few["value"].isna().all() and few["message"].str.startswith("Not applicable: ").all()
    assert few.loc[("expected_auc", "session_purchase"), "message"].startswith(
        "Not applicable: 1 session. "
    )
    assert ("expected_precision", "session_purchase") in few.index
    assert few.loc[("realised_auc", "customer_purchase_30d"), "message"].startswith(
        f"Not applicable: {CUSTOMERS} customers. "
    )
    assert checks.loc[("expected_brier", "session_purchase"), "status"] == "ok"
    assert checks.loc[("calibration", "customer_purchase_30d"), "status"] == "fail"


def test_the_distance_is_that_of_scipy(nights: Nights) -> None:
    """Of counts, which the bins tell apart, against all dates of the reference together."""
    connection, rng = nights.connection, np.random.default_rng(3)
    drawn = {place: rng.poisson(2 + 0.4 * place, 300 + 40 * place) for place in range(3)}
    connection.begin()
    connection.execute("delete from monitoring.feature_histograms")
    connection.execute("delete from features.session_features")
    for place, counts in drawn.items():
        when = nights.today - timedelta(days=2 - place)
        day = draw_day(rng, nights.tables, when, len(counts))
        day.features["customer_features"].iloc[:, 0] = counts.astype(np.float32)
        nights._learn(day)
    connection.execute("update registry.models set training_to = ?", [date.max])
    nights._execute(["feature_comparisons"])
    name = nights.tables["customer_features"].features[0].name
    ((rows, reference, distance),) = connection.execute(
        "select row_count, reference_rows, largest_distance from monitoring.feature_comparisons"
        " where feature_table = 'customer_features' and feature = ? and is_newest",
        [name],
    ).fetchall()
    connection.rollback()
    before = np.concatenate([drawn[0], drawn[1]])
    assert (rows, reference) == (len(drawn[2]), len(before))
    assert distance == pytest.approx(stats.ks_2samp(drawn[2], before).statistic, abs=1e-12)


def slow_delong(labels: np.ndarray, p: np.ndarray) -> float:
    """The standard error of the AUC, pair by pair."""
    bought, others = p[labels], p[~labels]
    wins = (bought[:, None] > others) + 0.5 * (bought[:, None] == others)
    return float(
        np.sqrt(
            wins.mean(axis=1).var(ddof=1) / len(bought)
            + wins.mean(axis=0).var(ddof=1) / len(others)
        )
    )


def test_what_came_true_is_measured_as_scikit_learn_does(nights: Nights) -> None:
    """AUC by rank sums with ties, its error by DeLong, the Brier score."""
    connection = nights.connection
    connection.begin()
    connection.execute("update scoring.predictions set probability = round(probability, 2)")
    nights._execute(["task_performance"])
    ((auc, error, brier, day),) = connection.execute(
        "select auc, auc_error, brier, as_of_date from monitoring.task_performance"
        " where task = 'customer_purchase_30d'"
    ).fetchall()
    rows = connection.execute(
        "select probability, has_purchase_30d from scoring.predictions"
        " inner join features.customer_features on entity_id = customer_id"
        " where task = 'customer_purchase_30d' and predictions.as_of_date = ?"
        " and has_purchase_30d is not null",
        [day],
    ).fetchnumpy()
    connection.rollback()
    labels, p = np.asarray(rows["has_purchase_30d"], bool), np.asarray(rows["probability"])
    assert len(labels) == CUSTOMERS
    assert auc == pytest.approx(roc_auc_score(labels, p), abs=1e-12)
    assert error == pytest.approx(slow_delong(labels, p), rel=1e-9)
    assert brier == pytest.approx(brier_score_loss(labels, p), abs=1e-12)


def test_expected_performance_is_what_labels_drawn_from_the_scores_give(nights: Nights) -> None:
    """The AUC, Brier score and precision of calibrated scores, before there is a label."""
    rng, day = np.random.default_rng(0), nights.draw()
    p = expit(day.scores["customer_purchase_30d"])
    checks = nights.run(day, keep=False)
    found = checks[checks["subject"] == TASKS["customer_features"]].set_index("check_name")["value"]
    drawn = rng.random((400, len(p))) < p
    assert found["expected_auc"] == pytest.approx(
        np.mean([roc_auc_score(labels, p) for labels in drawn]), abs=0.003
    )
    assert found["expected_brier"] == pytest.approx(np.mean((drawn - p) ** 2), abs=0.002)
    assert found["expected_precision"] == pytest.approx(drawn[:, p >= 0.2].mean(), abs=0.005)
