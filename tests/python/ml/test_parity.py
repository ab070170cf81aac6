"""The parity gate: onnxruntime and scikit-learn agree, or no bundle is written."""

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from ml.candidates import CANDIDATES
from ml.candidates.base import Candidate
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.export.onnx_graph import export
from ml.export.parity_gate import check_parity, probe_rows
from scoring.bundle import INPUT, OUTPUTS
from scoring.bundle.graph import open_session
from tests.support.ml_factory import sample
from warehouse.errors import IntegrityError

SMOOTH = {"logistic", "neural_net"}
SMALL = {
    "glass_box": {
        "max_iter": 15,
        "min_samples_leaf": 5,
        "max_leaf_nodes": 4,
        "pairs": 2,
        "bags": 2,
    },
    "gradient_boosting": {"max_iter": 15, "min_samples_leaf": 5},
    "logistic": {"log": True, "C": 1.0},
    "decision_tree": {"max_leaf_nodes": 8, "min_samples_leaf": 3},
    "random_forest": {"n_estimators": 15, "max_leaf_nodes": 12, "min_samples_leaf": 2},
    "neural_net": {"units": 4, "alpha": 0.1, "rate": 0.01, "passes": 10},
    "ensemble": {"bags": 2, "trees": 10, "share": 0.7, "max_iter": 10, "min_samples_leaf": 5},
}


def run(model: bytes, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Every output of the graph by name."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return dict(zip(OUTPUTS, session.run(list(OUTPUTS), {INPUT: rows}), strict=True))


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_every_setting_of_every_candidate_passes(candidate: Candidate) -> None:
    """On real rows, on missing values, and on thresholds."""
    X, y = sample(400)
    for params in candidate.grid:
        model = candidate.fit(X, y, params, seed=0)
        parity = check_parity(export(candidate, model, X.shape[1]), candidate, model, X)
        assert parity.max_probability_error <= 1e-5
        assert parity.rows_missing > 2_000
        assert (parity.rows_on_thresholds > 0) == (candidate.name not in SMOOTH)


@settings(max_examples=30, deadline=None)
@given(
    candidate=st.sampled_from(CANDIDATES),
    features=st.integers(1, 6),
    missing=st.sampled_from([0.0, 0.02, 0.5, 0.95]),
    scale=st.sampled_from([1e-6, 1.0, 1e6, 1e12]),
    shift=st.sampled_from([0.0, 1.0, 2_000.0]),
    seed=st.integers(0, 1000),
)
def test_parity_holds_whatever_the_features_look_like(
    candidate: Candidate, features: int, missing: float, scale: float, shift: float, seed: int
) -> None:
    """Tiny, huge, far from zero, mostly missing: the exported graph is the fitted model."""
    X, y = sample(150, features, seed, missing)
    X = ((X + np.float32(shift)) * np.float32(scale)).astype(np.float32)
    model = candidate.fit(X, y, SMALL[candidate.name], seed)
    check_parity(export(candidate, model, features), candidate, model, X, seed)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
def test_the_three_largest_reasons_and_the_rest_are_the_score(candidate: Candidate) -> None:
    """Largest first, each naming its feature, and the probability follows from their sum."""
    X, y = sample(300, features=6)
    model = candidate.fit(X, y, SMALL[candidate.name], seed=0)
    parts, bias = candidate.contributions(model, X)
    answers = run(export(candidate, model, 6), X)
    reported = answers["reason_contributions"]
    assert (np.diff(np.abs(reported), axis=1) <= 0).all()
    ranked = np.sort(np.abs(parts), axis=1)[:, ::-1][:, :3]
    np.testing.assert_allclose(np.abs(reported), ranked, atol=1e-5)
    index = answers["reason_indices"]
    chosen = np.where(index < 0, 0, np.take_along_axis(parts, np.maximum(index, 0), axis=1))
    np.testing.assert_allclose(reported, chosen, atol=1e-5)
    score = reported.sum(axis=1) + answers["other_contributions"]
    np.testing.assert_allclose(score, bias + parts.sum(axis=1), atol=1e-5)
    np.testing.assert_allclose(answers["probability"], 1 / (1 + np.exp(-score)), atol=1e-6)


@pytest.mark.parametrize("candidate", CANDIDATES, ids=lambda c: c.name)
@pytest.mark.parametrize("features", [1, 2])
def test_fewer_than_three_features_leave_places_empty(candidate: Candidate, features: int) -> None:
    """An empty place is index -1 with a contribution of 0."""
    X, y = sample(200, features)
    model = candidate.fit(X, y, SMALL[candidate.name], seed=0)
    answers = run(export(candidate, model, features), X)
    terms = len(candidate.terms(model, features))
    assert (answers["reason_indices"][:, terms:] == -1).all()
    assert not answers["reason_contributions"][:, terms:].any()


def test_a_feature_that_contributes_nothing_is_not_a_reason() -> None:
    """The place of the reason stays empty."""
    X, y = sample(300)
    X[:, 1:3] = 0
    model = GradientBoosting().fit(X, y, {"max_iter": 5}, seed=0)
    index = run(export(GradientBoosting(), model, 4), X)["reason_indices"]
    assert set(np.unique(index)) <= {-1, 0, 3}
    assert (index[:, 2] == -1).all()


def test_a_model_that_found_nothing_answers_the_base_rate() -> None:
    """Trees without a single split still make a valid graph."""
    X, y = np.zeros((100, 4), np.float32), (np.arange(100) % 4 == 0).astype(np.uint8)
    for candidate in CANDIDATES:
        model = candidate.fit(X, y, SMALL[candidate.name], seed=0)
        graph = export(candidate, model, 4)
        check_parity(graph, candidate, model, X)
        near = 0.1 if candidate.name in {"random_forest", "neural_net", "ensemble"} else 1e-3
        np.testing.assert_allclose(run(graph, X)["probability"], 0.25, atol=near)


@pytest.mark.parametrize("features", [5, 29])
def test_a_row_is_answered_to_the_bit_whatever_batch_it_is_in(features: int) -> None:
    """Rows of 5 or 29 numbers start anywhere in a cache line, which must not change their sums.

    Batches of 16 rows and multiples of it, and one thread, as scoring has them.
    """
    X, y = sample(400, features)
    for candidate in (Logistic(), GradientBoosting()):
        graph = export(candidate, candidate.fit(X, y, SMALL[candidate.name], seed=0), features)
        session = open_session(graph, threads=1)
        whole = session.run(list(OUTPUTS), {INPUT: X})
        for start, stop in ((1, 17), (3, 35), (7, 39), (30, 334)):
            answers = session.run(list(OUTPUTS), {INPUT: X[start:stop].copy()})
            for name, answer, wanted in zip(OUTPUTS, answers, whole, strict=True):
                np.testing.assert_array_equal(answer, wanted[start:stop], err_msg=name)


def test_the_same_model_exports_to_the_same_bytes() -> None:
    """The model's version is the hash of its graph."""
    X, y = sample(200)
    for candidate in CANDIDATES:
        graphs = {
            export(candidate, candidate.fit(X, y, SMALL[candidate.name], seed=5), 4) for _ in "ab"
        }
        assert len(graphs) == 1


def test_probes_lie_on_and_next_to_every_threshold() -> None:
    """A third of them exactly on one, the others one float32 away."""
    X, y = sample(300)
    model = GradientBoosting().fit(X, y, SMALL["gradient_boosting"], seed=0)
    feature, value = GradientBoosting().thresholds(model)
    finite = np.isfinite(value)
    _, missing, edges = probe_rows(GradientBoosting(), model, X)
    for place, number in zip(value[finite], feature[finite], strict=True):
        for edge in (
            place,
            np.nextafter(place, np.float32(-9e9)),
            np.nextafter(place, np.float32(9e9)),
        ):
            assert (edges[:, number] == edge).any()
    assert np.isnan(missing).all(axis=1).any()
    assert all(
        (np.isnan(missing).sum(axis=1) == 1)[np.isnan(missing[:, i])].any() for i in range(4)
    )


def attribute(model: onnx.ModelProto, name: str) -> onnx.AttributeProto:
    """An attribute of the tree ensemble."""
    (trees,) = (node for node in model.graph.node if node.op_type == "TreeEnsembleRegressor")
    return next(each for each in trees.attribute if each.name == name)


def leaf_off(model: onnx.ModelProto) -> None:
    """One leaf a little too high."""
    attribute(model, "target_weights").floats[7] += 0.01


def threshold_off(model: onnx.ModelProto) -> None:
    """One threshold rounded up instead of down."""
    values = attribute(model, "nodes_values").floats
    first = next(i for i, value in enumerate(values) if value)
    values[first] = float(np.nextafter(np.float32(values[first]), np.float32(np.inf)))


def missing_turned(model: onnx.ModelProto) -> None:
    """Missing values go the other way at every split."""
    tracks = attribute(model, "nodes_missing_value_tracks_true")
    turned = [1 - each for each in tracks.ints]
    del tracks.ints[:]
    tracks.ints.extend(turned)


def credit_moved(model: onnx.ModelProto) -> None:
    """Probability and score are right, the reason is another feature's."""
    credits = attribute(model, "target_ids")
    moved = [(each + 1) % 4 for each in credits.ints]
    del credits.ints[:]
    credits.ints.extend(moved)


def bias_off(model: onnx.ModelProto) -> None:
    """Everyone a little too likely."""
    (bias,) = (each for each in model.graph.initializer if each.name == "bias")
    bias.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(bias) + np.float32(0.001), "bias"))


@pytest.mark.parametrize(
    "tamper",
    [leaf_off, threshold_off, missing_turned, credit_moved, bias_off],
    ids=lambda f: f.__name__,
)
def test_the_gate_refuses_a_graph_that_is_not_the_model(
    tamper: Callable[[onnx.ModelProto], None],
) -> None:
    """Each of these passes on most real rows, or has the right probabilities throughout."""
    X, y = sample(400)
    candidate = GradientBoosting()
    fitted = candidate.fit(X, y, SMALL["gradient_boosting"], seed=0)
    model = onnx.load_from_string(export(candidate, fitted, 4))
    tamper(model)
    with pytest.raises(IntegrityError, match="no bundle was written"):
        check_parity(model.SerializeToString(), candidate, fitted, X)


def test_the_gate_refuses_another_logistic_regression() -> None:
    """Also where there are no thresholds."""
    X, y = sample(400)
    candidate = Logistic()
    model, other = (candidate.fit(X, y, {"log": True, "C": c}, seed=0) for c in (1.0, 0.9))
    with pytest.raises(IntegrityError, match="a real row first"):
        check_parity(export(candidate, other, 4), candidate, model, X)


def test_a_feature_without_any_value_is_accepted() -> None:
    """A source that never fills a column still trains, and a value that turns up later scores."""
    X, y = sample(300)
    X[:, 1] = np.nan
    later = X.copy()
    later[:, 1] = 3.0
    for candidate in CANDIDATES:
        model = candidate.fit(X, y, SMALL[candidate.name], seed=0)
        graph = export(candidate, model, 4)
        check_parity(graph, candidate, model, np.vstack([X, later]))
        known, unknown = (run(graph, rows)["probability"] for rows in (X, later))
        np.testing.assert_allclose(known, unknown, atol=0.05)
