"""Our graph against skl2onnx's conversion of the same model: two roads to one probability."""

import numpy as np
import onnxruntime
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType

from ml.candidates.gradient_boosting import GradientBoosting
from ml.export.onnx_graph import export
from ml.export.parity_gate import probe_rows
from scoring.bundle import INPUT
from tests.support.ml_factory import sample


def test_the_exported_boosting_answers_what_skl2onnx_converts_it_to() -> None:
    """On rows with missing values and on rows placed on the trees' thresholds, within 1e-5."""
    X, y = sample(2_000)
    candidate = GradientBoosting()
    model = candidate.fit(X, y, candidate.grid[0], seed=0)
    reference = convert_sklearn(
        model,
        initial_types=[("X", FloatTensorType([None, X.shape[1]]))],
        options={id(model): {"zipmap": False}},
        target_opset=17,
    ).SerializeToString()
    rows = np.vstack(probe_rows(candidate, model, X))
    theirs = onnxruntime.InferenceSession(reference).run(["probabilities"], {"X": rows})[0][:, 1]
    ours = onnxruntime.InferenceSession(export(candidate, model, X.shape[1])).run(
        ["probability"], {INPUT: rows}
    )[0]
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
