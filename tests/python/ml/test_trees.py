"""Path contributions, against the slow and obvious way to compute them."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.candidates.standardise import SignedLog
from ml.export.trees import floor32
from tests.support.ml_factory import sample

BOOSTING = GradientBoosting()


def walk(model: HistGradientBoostingClassifier, row: np.ndarray) -> tuple[list[float], float]:
    """One row through scikit-learn's own node tables: contributions by feature, and the bias."""
    added, bias = [0.0] * len(row), float(model._baseline_prediction[0, 0])
    for (predictor,) in model._predictors:
        nodes = predictor.nodes

        def expected(i: int, nodes: np.ndarray = nodes) -> float:
            node = nodes[i]
            if node["is_leaf"]:
                return float(node["value"])
            left, right = int(node["left"]), int(node["right"])
            below = nodes[left]["count"] * expected(left) + nodes[right]["count"] * expected(right)
            return float(below / (int(nodes[left]["count"]) + int(nodes[right]["count"])))

        at = 0
        bias += expected(0)
        while not nodes[at]["is_leaf"]:
            node = nodes[at]
            value = float(row[node["feature_idx"]])
            left = node["missing_go_to_left"] if np.isnan(value) else value <= node["num_threshold"]
            below = int(node["left"] if left else node["right"])
            added[node["feature_idx"]] += expected(below) - expected(at)
            at = below
    return added, bias


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_contributions_are_what_walking_each_tree_by_hand_gives(missing: float) -> None:
    """Vectorised over rows and trees, and yet the same numbers."""
    X, y = sample(400, missing=missing)
    model = BOOSTING.fit(X, y, {"max_iter": 12, "min_samples_leaf": 5}, seed=0)
    rows = np.vstack([X[:60], np.full((1, X.shape[1]), np.nan, np.float32)])
    parts, bias = BOOSTING.contributions(model, rows)
    for row, part in zip(rows, parts, strict=True):
        added, start = walk(model, row)
        np.testing.assert_allclose(part, added, atol=1e-12)
        assert bias == pytest.approx(start)


@pytest.mark.parametrize("candidate", [BOOSTING, Logistic()], ids=lambda c: c.name)
def test_contributions_and_bias_sum_to_the_log_odds(candidate: GradientBoosting | Logistic) -> None:
    """Reasons are what the score was made of, for every setting of the grid."""
    X, y = sample(300)
    for params in candidate.grid:
        model = candidate.fit(X, y, params, seed=1)
        parts, bias = candidate.contributions(model, X)
        assert parts.shape == X.shape
        np.testing.assert_allclose(bias + parts.sum(axis=1), model.decision_function(X), atol=1e-9)


def test_a_feature_that_says_nothing_contributes_nothing() -> None:
    """A constant column is never a reason."""
    X, y = sample(300)
    X[:, 1] = 7.0
    for candidate in (BOOSTING, Logistic()):
        parts, _ = candidate.contributions(candidate.fit(X, y, candidate.grid[0], 0), X)
        assert not parts[:, 1].any()


def test_snapping_thresholds_changes_no_answer_for_float32_rows() -> None:
    """scikit-learn's own thresholds lie between float32 numbers; the snapped ones on them."""
    X, y = sample(500)
    settings = {"random_state": 0, "early_stopping": False}
    plain = HistGradientBoostingClassifier(**settings).fit(X, y)
    snapped = BOOSTING.fit(X, y, {}, seed=0)
    np.testing.assert_array_equal(plain.predict_proba(X), snapped.predict_proba(X))
    values = np.concatenate([p.nodes["num_threshold"] for (p,) in snapped._predictors])
    np.testing.assert_array_equal(values, values.astype(np.float32))


@settings(deadline=None)
@given(st.floats(allow_nan=False), st.floats(width=32, allow_nan=False))
@example(1e39, np.finfo(np.float32).max)
@example(0.1, float(np.float32(0.1)))
def test_a_float32_is_below_a_threshold_exactly_when_below_its_floor(t: float, x: float) -> None:
    """The reason why snapping down is exact, and rounding to the nearest is not."""
    floor = float(floor32(np.array([t]))[0])
    assert floor <= t
    assert (x <= np.float64(t)) == (np.float32(x) <= np.float32(floor))


def test_the_signed_log_does_not_care_for_units_or_zero_and_keeps_missing_values() -> None:
    """Cents or euros, degrees of any scale: the same feature; returns mirror purchases."""
    values = np.array([[-3, -1, 0, 1, 3, np.nan]], dtype=np.float32).T
    plain = SignedLog().fit_transform(values)
    other = SignedLog().fit_transform(values * 8 + 1024)
    np.testing.assert_array_equal(plain, other)
    np.testing.assert_array_equal(plain[:5], -plain[4::-1])
    assert np.isnan(plain[5]).all()
    assert plain[3, 0] == pytest.approx(np.log1p(1 / 0.16))
