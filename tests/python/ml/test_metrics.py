"""Metrics, against scikit-learn and against slow and obvious code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from ml.evaluation.bootstrap import _auc_and_average_precision, bootstrap_intervals
from ml.evaluation.curves import MOST, curve_points
from ml.evaluation.metrics import expected_calibration_error, measure


def example(rows: int = 500, seed: int = 0, levels: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Labels and calibrated probabilities with many ties."""
    rng = np.random.default_rng(seed)
    probabilities = rng.integers(1, levels, size=rows) / levels
    return (rng.random(rows) < probabilities).astype(np.uint8), probabilities


def test_the_usual_metrics_are_scikit_learns() -> None:
    """A name means what everyone means by it."""
    labels, probabilities = example()
    found = measure(labels, probabilities)
    decided = probabilities >= 0.5
    assert found["roc_auc"] == sk.roc_auc_score(labels, probabilities)
    assert found["average_precision"] == sk.average_precision_score(labels, probabilities)
    assert found["f1"] == pytest.approx(sk.f1_score(labels, decided))
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(labels, decided))
    assert found["base_rate"] == labels.mean()


def test_predicting_the_base_rate_for_everyone_is_measured_too() -> None:
    """The entropy and variance of the labels: what a model has to beat."""
    labels, probabilities = example()
    found, rate = measure(labels, probabilities), labels.mean()
    entropy = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert found["base_rate_log_loss"] == pytest.approx(entropy)
    assert found["base_rate_brier"] == pytest.approx(rate * (1 - rate))
    assert found["log_loss"] < found["base_rate_log_loss"]


def test_no_row_at_the_threshold_is_allowed() -> None:
    """Precision is 0 where no row reaches the threshold."""
    found = measure(np.array([0, 1, 0], np.uint8), np.array([0.1, 0.3, 0.2]))
    assert (found["precision"], found["recall"], found["f1"]) == (0, 0, 0)


def test_the_calibration_error_is_the_weighted_gap_of_ten_equal_bins() -> None:
    """Counted bin by bin, by hand."""
    labels, probabilities = example(503, levels=10_000)
    ranked = sorted(zip(probabilities, labels, strict=True))
    gaps, start = 0.0, 0
    for size in [51] * 3 + [50] * 7:
        part = ranked[start : start + size]
        gaps += abs(sum(p for p, _ in part) - sum(float(label) for _, label in part))
        start += size
    assert expected_calibration_error(labels, probabilities) == pytest.approx(gaps / 503)


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    """And twice as high ones have one of half their size."""
    labels = np.tile(np.r_[np.ones(2), np.zeros(8)], 100).astype(np.uint8)
    assert expected_calibration_error(labels, np.full(1_000, 0.2)) == pytest.approx(0, abs=1e-12)
    assert expected_calibration_error(labels, np.full(1_000, 0.4)) == pytest.approx(0.2)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_a_resample_is_measured_as_if_its_rows_were_written_out(
    counts: list[tuple[int, int]],
) -> None:
    """Weights on distinct probabilities give what scikit-learn gives for the repeated rows."""
    hits, misses = (np.array(column, dtype=float) for column in zip(*counts, strict=True))
    if not (hits.sum() and misses.sum()):
        return
    labels, probabilities = [], []
    for place, (hit, miss) in enumerate(counts):
        labels += [1] * hit + [0] * miss
        probabilities += [-place] * (hit + miss)
    found = _auc_and_average_precision(hits, misses)
    expected = sk.average_precision_score(labels, probabilities)
    assert found["roc_auc"] == pytest.approx(sk.roc_auc_score(labels, probabilities))
    assert found["average_precision"] == pytest.approx(expected)


def test_the_bootstrap_interval_is_that_of_resampling_rows_one_by_one() -> None:
    """The same resamples, measured slowly by scikit-learn."""
    labels, probabilities = example(120)
    rng = np.random.default_rng(3)
    slow = [
        sk.roc_auc_score(labels[rows], probabilities[rows])
        for rows in (rng.integers(120, size=120) for _ in range(200))
    ]
    interval = bootstrap_intervals(labels, probabilities, seed=3)["roc_auc"]
    assert interval == pytest.approx(tuple(np.percentile(slow, [2.5, 97.5])))
    assert interval[0] < sk.roc_auc_score(labels, probabilities) < interval[1]


def test_resamples_of_one_class_are_left_out() -> None:
    """One buyer among ten is missing from a third of the resamples."""
    labels, probabilities = np.eye(1, 10, dtype=np.uint8)[0], np.linspace(0.9, 0.1, 10)
    assert bootstrap_intervals(labels, probabilities)["roc_auc"] == (1.0, 1.0)


@pytest.mark.parametrize("rows", [4, 60, 5_000])
def test_curves_are_short_and_keep_their_ends(rows: int) -> None:
    """A chart needs a hundred points, and the first and last of them."""
    labels, probabilities = example(rows, seed=1, levels=10_000)
    labels[:2] = (0, 1)
    points = curve_points(labels, probabilities)
    by_curve = {
        name: [p for p in points if p.curve == name]
        for name in ("roc", "pr", "calibration", "lift")
    }
    assert sum(map(len, by_curve.values())) == len(points)
    assert all(0 < len(curve) <= MOST for curve in by_curve.values())
    assert all([p.point for p in curve] == list(range(len(curve))) for curve in by_curve.values())
    assert (by_curve["roc"][0].x, by_curve["roc"][-1].y) == (0, 1)
    assert by_curve["pr"][-1].x == 1
    assert sum(p.rows for p in by_curve["calibration"]) == rows
    last = by_curve["lift"][-1]
    assert (last.x, last.rows) == (1, rows)
    assert last.y == pytest.approx(1)


def test_lift_is_the_share_of_buyers_at_the_top_over_the_base_rate() -> None:
    """The ten likeliest of a hundred, all buyers, where one in five buys: five times."""
    labels = np.r_[np.ones(20), np.zeros(80)].astype(np.uint8)
    lift = [p for p in curve_points(labels, np.linspace(1, 0, 100)) if p.curve == "lift"]
    assert lift[9].x == pytest.approx(0.1)
    assert lift[9].y == pytest.approx(5)
