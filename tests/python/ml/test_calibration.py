"""Calibration: measured as in statsmodels, and corrected only where held-out rows improve."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from ml.candidates.base import Candidate
from ml.candidates.calibrated import Calibrated, CalibratedModel
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.evaluation.calibration import (
    UNCHANGED,
    HeldOut,
    Line,
    calibration_metrics,
    choose_line,
    fit_line,
    log_odds,
)
from ml.evaluation.candidates import evaluate
from ml.evaluation.folds import protocol
from ml.evaluation.metrics import wilson_interval
from ml.evaluation.segment_calibration import segment_calibration
from ml.export.onnx_graph import export
from ml.export.parity_gate import check_parity
from tests.support.factory import DDL
from tests.support.ml_factory import DATES, dataset, sample, table


def outcomes(scores: np.ndarray, line: Line = UNCHANGED, seed: int = 0) -> np.ndarray:
    """Labels with the probabilities that the line of the scores gives."""
    rng = np.random.default_rng(seed)
    return (rng.random(len(scores)) < expit(line(scores))).astype(np.uint8)


def held_out_of(scores: np.ndarray, labels: np.ndarray, parts: int = 3) -> HeldOut:
    rows = np.arange(len(scores))
    return HeldOut(rows, labels, scores, rows % parts)


def test_the_line_is_the_one_statsmodels_fits_to_platts_targets() -> None:
    """A logistic regression of slightly softened outcomes on the score."""
    scores = np.random.default_rng(0).normal(-1, 2, 400)
    labels = outcomes(scores, Line(0.6, 0.4))
    hits = labels.sum()
    targets = np.where(labels, (hits + 1) / (hits + 2), 1 / (400 - hits + 2))
    model = sm.GLM(targets, sm.add_constant(scores), family=sm.families.Binomial()).fit()
    line = fit_line(labels, scores)
    assert (line.offset, line.slope) == pytest.approx(tuple(model.params), rel=1e-4)


def test_scores_that_separate_the_classes_give_a_finite_line() -> None:
    """Without Platt's targets the slope would grow without end."""
    line = fit_line(np.array([0] * 20 + [1] * 20, np.uint8), np.linspace(-1, 1, 40))
    assert 1 < line.slope < 100


def test_the_slope_and_intercept_say_how_probabilities_err() -> None:
    """Twice too extreme has slope one half; half an e too low has intercept one half."""
    scores = np.random.default_rng(1).normal(0, 1.5, 60_000)
    extreme = calibration_metrics(outcomes(scores), expit(2 * scores))
    low = calibration_metrics(outcomes(scores), expit(scores - 0.5))
    assert extreme["calibration_slope"] == pytest.approx(0.5, abs=0.02)
    assert low["calibration_slope"] == pytest.approx(1, abs=0.03)
    assert low["calibration_intercept"] == pytest.approx(0.5, abs=0.03)


@effort(deadline=None, max_examples=40)
@given(st.integers(20, 200), st.integers(0, 1_000))
def test_the_parts_of_the_brier_score_add_up(rows: int, seed: int) -> None:
    """Whatever the probabilities; Murphy's three alone where each bin has one probability."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.4).astype(np.uint8)
    labels[:2] = (0, 1)
    probabilities = rng.random(rows)
    found = calibration_metrics(labels, probabilities)
    three = found["brier_reliability"] - found["brier_resolution"] + found["brier_uncertainty"]
    brier = brier_score_loss(labels, probabilities)
    assert three + found["brier_within_bins"] == pytest.approx(brier)
    binned = np.repeat(np.linspace(0.05, 0.95, 10), rows)
    many = (rng.random(len(binned)) < binned).astype(np.uint8)
    assert calibration_metrics(many, binned)["brier_within_bins"] == pytest.approx(0, abs=1e-12)


def test_overconfident_scores_are_corrected() -> None:
    """The line goes back to the truth, and the held-out loss falls."""
    true = np.random.default_rng(2).normal(-1, 1.2, 3_000)
    held_out = held_out_of(3 * true + 1, outcomes(true))
    line = choose_line([held_out])
    assert line.slope == pytest.approx(1 / 3, abs=0.05)
    raw, corrected = expit(held_out.scores), held_out.corrected()
    assert log_loss(held_out.labels, corrected) < log_loss(held_out.labels, raw)


@pytest.mark.parametrize("seed", range(8))
def test_scores_that_are_right_stay_as_they_are(seed: int) -> None:
    """A line would add noise; a gain within one standard error does not count."""
    scores = np.random.default_rng(seed).normal(-1, 1.2, 500)
    assert choose_line([held_out_of(scores, outcomes(scores, seed=seed + 100))]) == UNCHANGED


@effort(deadline=None, max_examples=25)
@given(st.floats(0.2, 3), st.floats(-2, 2), st.integers(0, 50))
def test_whatever_is_applied_is_never_worse_on_rows_left_out(
    slope: float, offset: float, seed: int
) -> None:
    """The result is raw scores, or a lower cross-fitted log loss."""
    true = np.random.default_rng(seed).normal(-0.5, 1, 300)
    held_out = held_out_of(Line(slope, offset)(true), outcomes(true, seed=seed + 1))
    line = choose_line([held_out])
    applied = held_out.probabilities(line)
    assert log_loss(held_out.labels, applied) <= log_loss(held_out.labels, expit(held_out.scores))


def test_an_inverted_ranking_is_not_reversed() -> None:
    """A line with a negative slope would contradict every reason."""
    true = np.random.default_rng(3).normal(0, 2, 500)
    assert choose_line([held_out_of(-true, outcomes(true))]) == UNCHANGED


@pytest.mark.parametrize("kind", [Logistic(), GradientBoosting()], ids=lambda kind: kind.name)
def test_a_calibrated_model_is_exported_exactly(kind: Candidate) -> None:
    """Score, probability, reasons and their sum pass the same gate as any model."""
    matrix, labels = sample(300)
    line = Line(0.7, -0.3)
    candidate = Calibrated(kind, line)
    model = candidate.fit(matrix, labels, kind.grid[0], 0)
    parity = check_parity(export(candidate, model, matrix.shape[1]), candidate, model, matrix)
    assert parity.max_probability_error < 1e-5
    raw = kind.fit(matrix, labels, kind.grid[0], 0)
    assert isinstance(model, CalibratedModel)
    assert model.decision_function(matrix) == pytest.approx(line(raw.decision_function(matrix)))
    parts, bias = candidate.contributions(model, matrix)
    assert parts.sum(axis=1) + bias == pytest.approx(model.decision_function(matrix))


@pytest.mark.parametrize("dates", [DATES, DATES[:1]], ids=["by time", "by folds"])
def test_an_overconfident_candidate_ships_calibrated(dates: tuple, monkeypatch) -> None:
    """The line is fitted on rows left out, and what is measured is what ships."""
    monkeypatch.setattr(GradientBoosting, "grid", ({"learning_rate": 0.5, "max_iter": 60},))
    matrix, labels = sample(2_000)
    data = dataset(matrix, labels, dates)
    plan = protocol(data, folds=3, repeats=1)
    (best,) = evaluate(data, plan, candidates=(GradientBoosting(),))
    assert best.line.slope < 0.8
    assert best.candidate.name == "gradient_boosting"
    assert isinstance(best.model, CalibratedModel)
    assert log_odds(best.model.predict_proba(matrix[:9])[:, 1]) == pytest.approx(
        best.line(best.model.model.decision_function(matrix[:9]))
    )
    if plan.test is not None:
        raw = best.model.model.predict_proba(matrix[plan.test])[:, 1]
        assert best.metrics["log_loss"] < log_loss(labels[plan.test], raw)
        assert best.metrics["roc_auc"] == pytest.approx(roc_auc_score(labels[plan.test], raw))


def test_wilson_intervals_are_those_of_statsmodels() -> None:
    """Including rates of 0 and 1; without rows the interval is 0 to 1."""
    hits, rows = np.array([0, 1, 5, 30, 30]), np.array([7, 1, 40, 31, 30])
    low, high = wilson_interval(hits, rows)
    expected = proportion_confint(hits, rows, method="wilson")
    assert low == pytest.approx(expected[0], abs=1e-12)
    assert high == pytest.approx(expected[1], abs=1e-12)
    assert wilson_interval(0, 0) == (0, 1)


def test_the_observed_rate_of_each_segment_is_compared_with_its_prediction() -> None:
    """Counted by hand: everyone, then each level that the segments' table has."""
    import duckdb

    with duckdb.connect() as connection:
        connection.execute(DDL)
        connection.execute(
            "create schema segments;"
            "create table segments.visitor_micro_segments as select 'v' || i as visitor_id,"
            " date '2025-05-01' as as_of_date, case when i < 60 then 'a' else 'b' end as"
            " tier_segment_id, case when i < 60 then 'First' else 'Second' end as tier_segment_name"
            " from range(100) r(i);"
            "insert into registry.held_out_predictions select 'task', 'm1', 'v' || i,"
            " date '2025-05-01', i < 30, case when i < 60 then 0.5 else 0.4 end"
            " from range(100) r(i);"
            "insert into registry.held_out_predictions select 'task', 'other', 'v' || i,"
            " date '2025-05-01', true, 0.1 from range(100) r(i)"
        )
        everyone, first, second = segment_calibration(connection, table(), "task", "m1")
    assert (everyone.level_name, everyone.customers, everyone.buyers) == ("everyone", 100, 30)
    assert everyone.predicted == pytest.approx(0.46)
    assert not everyone.is_inside
    assert (first.level_name, first.segment_name, first.customers) == ("tier", "First", 60)
    assert (first.observed, first.is_inside) == (0.5, True)
    assert (second.segment_id, second.observed, second.is_inside) == ("b", 0.0, False)
