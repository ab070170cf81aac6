"""The parity gate: a bundle is written only if onnxruntime and scikit-learn agree.

They are compared on real rows, on rows with missing values (each feature alone, all features, some
at random), and on rows placed exactly on the model's thresholds and one float32 below and above.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from ml.candidates.base import Candidate, threads_for
from ml.data.arrays import Matrix
from scoring.bundle import INPUT, OUTPUTS
from warehouse.errors import IntegrityError

__all__ = ["Parity", "check_parity", "probe_rows"]

PROBABILITY_TOLERANCE = 1e-5
LOG_ODDS_TOLERANCE = 1e-4
"""For log-odds up to 10; above, in proportion, because a float32 has seven digits."""
REAL_ROWS = 20_000
MISSING_ROWS = 2_000


@dataclass(frozen=True)
class Parity:
    """The largest differences between the two runtimes, and the number of rows compared."""

    max_probability_error: float
    max_log_odds_error: float
    rows_checked: int
    rows_on_thresholds: int
    rows_missing: int

    def facts(self) -> dict[str, float | int]:
        """The figures as model.json holds them."""
        return asdict(self)


def check_parity(
    onnx_bytes: bytes, candidate: Candidate, model: Any, matrix: Matrix, seed: int = 0
) -> Parity:
    """Compare the exported graph with the fitted model on rows made from `matrix`.

    `matrix` is float32 [rows, features]. Raises IntegrityError when probabilities differ by more
    than 1e-5, or when the score, a reason or their sum differs by more than 1e-4 in log-odds (in
    proportion above 10).
    """
    real, missing, edges = probe_rows(candidate, model, matrix, seed)
    rows = np.vstack([real, missing, edges])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])
    answers = dict(zip(OUTPUTS, session.run(list(OUTPUTS), {INPUT: rows}), strict=True))
    with threads_for(len(rows)):
        probability = np.abs(answers["probability"] - model.predict_proba(rows)[:, 1])
        log_odds = model.decision_function(rows)
    errors = _log_odds_errors(answers, candidate, model, rows, log_odds)
    unit = np.maximum(1, np.abs(log_odds) / 10)
    _refuse("probability", probability, PROBABILITY_TOLERANCE, len(real), len(missing))
    for what, error in errors.items():
        _refuse(what, error / unit, LOG_ODDS_TOLERANCE, len(real), len(missing))
    return Parity(
        max_probability_error=float(probability.max()),
        max_log_odds_error=float(max(error.max() for error in errors.values())),
        rows_checked=len(rows),
        rows_on_thresholds=len(edges),
        rows_missing=len(missing),
    )


def probe_rows(
    candidate: Candidate, model: Any, matrix: Matrix, seed: int = 0
) -> tuple[Matrix, Matrix, Matrix]:
    """Real rows, rows with missing values, rows on thresholds: float32 [rows, features] each."""
    rng = np.random.default_rng(seed)
    real = matrix[np.sort(rng.permutation(len(matrix))[:REAL_ROWS])]
    features = matrix.shape[1]
    alone = real[rng.integers(len(real), size=10 * features)]
    alone[np.arange(len(alone)), np.arange(len(alone)) % features] = np.nan
    some = real[rng.integers(len(real), size=MISSING_ROWS)]
    some[rng.random(some.shape) < rng.random((len(some), 1))] = np.nan
    every = np.full((1, features), np.nan, dtype=np.float32)
    feature, value = candidate.thresholds(model)
    up, down = np.float32(np.inf), np.float32(-np.inf)
    edge = np.concatenate([value, np.nextafter(value, down), np.nextafter(value, up)])
    edges = real[rng.integers(len(real), size=len(edge))]
    edges[np.arange(len(edges)), np.tile(feature, 3)] = edge
    edges = edges[np.isfinite(edge)]  # a split that only separates missing values is infinite
    return real, np.vstack([alone, some, every]), edges


def _log_odds_errors(
    answers: dict[str, npt.NDArray[Any]],
    candidate: Candidate,
    model: Any,
    rows: Matrix,
    log_odds: npt.NDArray[np.float64],
) -> dict[str, npt.NDArray[np.float64]]:
    """The errors of each row's score, reasons and sums, by name: log-odds, [rows] each."""
    parts, bias = candidate.contributions(model, rows)
    index, reported = answers["reason_indices"], answers["reason_contributions"]
    named = (index >= 0) & (index < parts.shape[1])
    expected = np.take_along_axis(parts, np.where(named, index, 0), axis=1)
    largest = -np.sort(-np.abs(parts), axis=1)[:, : reported.shape[1]]
    sizes = np.zeros(reported.shape)
    sizes[:, : largest.shape[1]] = largest
    return {
        "score": np.abs(answers["score"] - log_odds),
        "sum of contributions": np.abs(bias + parts.sum(axis=1) - log_odds),
        "reason": np.abs(reported - np.where(named, expected, 0)).max(axis=1),
        "choice of reasons": np.abs(np.abs(reported) - sizes).max(axis=1),
        "sum of reasons": np.abs(
            reported.sum(axis=1) + answers["other_contributions"] - answers["score"]
        ),
    }


def _refuse(
    what: str, error: npt.NDArray[np.float64], tolerance: float, real: int, missing: int
) -> None:
    wrong = np.flatnonzero(~(error <= tolerance))  # NaN counts as wrong
    if wrong.size:
        first = wrong[0]
        kind = (
            "real" if first < real else "missing-value" if first < real + missing else "threshold"
        )
        raise IntegrityError(
            f"the exported model differs from the fitted one: its {what} is off by up to"
            f" {np.max(error[wrong]):.2g} (allowed {tolerance:g}) on {wrong.size:,} of"
            f" {len(error):,} rows, a {kind} row first: no bundle was written"
        )
