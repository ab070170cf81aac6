"""Target encoding: the shares are right, and do not contain a row's own label."""

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from sklearn.preprocessing import TargetEncoder

from ml.candidates.encoding import code_columns, encode
from ml.candidates.ensemble import Ensemble
from ml.export.onnx_graph import OPSETS, export
from ml.export.parity_gate import check_parity

SMALL = {"bags": 2, "trees": 10, "share": 0.7, "max_iter": 10, "min_samples_leaf": 5}


def coded(rows: int = 600, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A number, a code from 1 to 12 that determines the outcome, and a count."""
    rng = np.random.default_rng(seed)
    code = rng.integers(1, 13, rows)
    X = np.column_stack([rng.normal(size=rows), code, rng.integers(0, 9, rows)])
    buys = rng.random(rows) < np.where(np.isin(code, [2, 5, 9]), 0.7, 0.1)
    return X.astype(np.float32), buys.astype(np.uint8)


def test_codes_are_a_few_whole_numbers_from_one_on() -> None:
    """Not flags, not counts, not fractions, not a column that is empty."""
    X, _ = coded()
    odd = [X[:, 0] * 0 + 1, X[:, 1] + 0.5, np.full(len(X), np.nan), np.arange(1, len(X) + 1)]
    assert code_columns(np.column_stack([X, *odd]).astype(np.float32)) == [1]
    X[:50, 1] = np.nan
    assert code_columns(X) == [1]


def test_a_new_row_gets_the_share_scikit_learn_gives_it() -> None:
    """Known codes, a missing one among those learned, codes never seen, and what lies between."""
    X, y = coded()
    X[:40, 1] = np.nan
    encoding, _ = encode(X, y, seed=0)
    encoder = TargetEncoder(smooth=20.0, target_type="binary").fit(X[:, [1]], y)
    codes = np.array([*range(1, 13), np.nan, 0, 13, 99, -1], dtype=np.float32)
    rows = np.zeros((len(codes), 3), np.float32)
    rows[:, 1] = codes
    expected = encoder.transform(codes[:, None])[:, 0]
    np.testing.assert_allclose(encoding(rows)[:, 3], expected, rtol=1e-6)
    rows[:, 1] = 2.5
    np.testing.assert_allclose(encoding(rows)[:, 3], y.mean(), rtol=1e-6)


def test_no_row_reads_its_own_label() -> None:
    """If labels are noise, the shares in training do not correlate with them."""
    rng = np.random.default_rng(3)
    X = rng.integers(1, 60, (3_000, 1)).astype(np.float32)
    y = (rng.random(3_000) < 0.3).astype(np.uint8)
    encoding, wide = encode(X, y, seed=0)
    assert abs(np.corrcoef(wide[:, 1], y)[0, 1]) < 0.05
    assert np.corrcoef(encoding(X)[:, 1], y)[0, 1] > 0.08


def test_onnx_gives_the_same_shares_to_the_bit() -> None:
    """After the features, for every value of the code."""
    X, y = coded()
    encoding, _ = encode(X, y, seed=0)
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        encoding.to_onnx("X", "wide"),
        "shares",
        [value("X", TensorProto.FLOAT, [None, 3])],
        [value("wide", TensorProto.FLOAT, [None, 4])],
    )
    model = helper.make_model(graph, opset_imports=list(OPSETS), ir_version=9)
    X[::7, 1] = np.nan
    X[1::7, 1] += 0.25
    answer = onnxruntime.InferenceSession(model.SerializeToString()).run(["wide"], {"X": X})[0]
    np.testing.assert_array_equal(answer, encoding(X))


@pytest.mark.parametrize("seed", [0, 1])
def test_an_ensemble_over_codes_passes_the_gate_and_credits_the_code(seed: int) -> None:
    """The contribution of a code's share is added to the code, so that reasons name features."""
    X, y = coded(seed=seed)
    candidate = Ensemble()
    model = candidate.fit(X, y, SMALL, seed)
    check_parity(export(candidate, model, 3), candidate, model, X, seed)
    parts, _ = candidate.contributions(model, X)
    assert parts.shape == X.shape
    assert np.abs(parts).mean(axis=0).argmax() == 1


def test_one_row_of_a_class_is_too_few_to_encode() -> None:
    """Then features stay as they are."""
    X, y = coded()
    y[:] = 0
    y[0] = 1
    encoding, wide = encode(X, y, seed=0)
    assert not encoding.terms
    np.testing.assert_array_equal(wide, X)
