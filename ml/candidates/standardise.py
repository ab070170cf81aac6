"""Prepare features for linear models and neural nets: short tails, no gaps, mean 0, deviation 1."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ml.data.arrays import Labels, Matrix

__all__ = ["SignedLog", "by_feature", "flagged", "standardise", "standardise_onnx", "standardiser"]

UNIT = 0.1


class SignedLog(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """sign(d) log(1 + |d| / unit), d = value - median: linear near the median, logarithmic far out.

    It shortens the long tails of counts and amounts. The unit is a tenth of the mean |d|, so the
    result does not depend on the feature's unit or zero. Missing values stay missing.
    """

    centre_: npt.NDArray[np.float64]
    unit_: npt.NDArray[np.float64]

    def fit(self, X: Matrix, y: Labels | None = None) -> "SignedLog":
        """Learn the median and unit of each feature; 0 and 1 for a feature without values."""
        known = _wide(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a feature that is always missing
            self.centre_ = _rounded(np.nan_to_num(np.nanmedian(known, axis=0)))
            unit = _rounded(UNIT * np.nanmean(np.abs(known - self.centre_), axis=0))
        self.unit_ = np.where(unit > 0, unit, 1)
        return self

    def transform(self, X: Matrix) -> npt.NDArray[np.float64]:
        """The transformed features [rows, features] in float64."""
        distance = _wide(X) - self.centre_
        return np.asarray(np.sign(distance) * np.log1p(np.abs(distance) / self.unit_))


def standardiser(X: Matrix, log: bool) -> Pipeline:
    """Fit a pipeline: an optional signed logarithm, median imputation with indicators, scaling.

    The constants of each step are rounded to float32 before the next step is fitted, so that the
    exported graph uses exactly the same numbers.
    """
    transform = SignedLog() if log else FunctionTransformer(_wide)
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    scaler = StandardScaler()
    table = transform.fit_transform(X)
    imputer.fit(table)
    imputer.statistics_ = _rounded(imputer.statistics_)
    scaler.fit(imputer.transform(table))
    scaler.mean_, scaler.scale_ = _rounded(scaler.mean_), _rounded(scaler.scale_)
    return Pipeline([("scale", transform), ("impute", imputer), ("standardise", scaler)])


def standardise(steps: Pipeline, X: Matrix) -> npt.NDArray[np.float64]:
    """The standardised features, followed by the indicators: [rows, features + indicators]."""
    return np.asarray(steps.transform(X))


def flagged(steps: Pipeline) -> npt.NDArray[np.int64]:
    """The numbers of the features that have an indicator, in the order of the indicators."""
    return np.asarray(steps["impute"].indicator_.features_)


def by_feature(
    steps: Pipeline, parts: npt.NDArray[np.float64], features: int
) -> npt.NDArray[np.float64]:
    """Add the parts of indicators to their features.

    `parts` is [rows, features + indicators], the result [rows, features].
    """
    whole = parts[:, :features].copy()
    whole[:, flagged(steps)] += parts[:, features:]
    return whole


def standardise_onnx(
    steps: Pipeline, features: int, source: str
) -> tuple[list[onnx.NodeProto], dict[str, npt.NDArray[Any]]]:
    """The ONNX nodes and constants from `source` to `standard` and `flags`, [rows, features] each.

    `flags` holds the standardised indicators, and 0 for features without an indicator.
    """
    scaler, curved = steps["standardise"], steps["scale"]
    known, missing = np.zeros(features), np.zeros(features)
    known[flagged(steps)] = -scaler.mean_[features:] / scaler.scale_[features:]
    missing[flagged(steps)] = (1 - scaler.mean_[features:]) / scaler.scale_[features:]
    numbers = {
        "medians": steps["impute"].statistics_,
        "means": scaler.mean_[:features],
        "scales": scaler.scale_[:features],
        "flag_known": known,
        "flag_missing": missing,
    }
    node = helper.make_node
    nodes = [node("Identity", [source], ["scaled"])]
    if isinstance(curved, SignedLog):
        numbers |= {"one": np.ones(1), "centres": curved.centre_, "units": curved.unit_}
        nodes = [
            node("Sub", [source, "centres"], ["distance"]),
            node("Abs", ["distance"], ["size"]),
            node("Div", ["size", "units"], ["units_away"]),
            node("Add", ["units_away", "one"], ["units_away_and_one"]),
            node("Log", ["units_away_and_one"], ["log_size"]),
            node("Sign", ["distance"], ["sign"]),
            node("Mul", ["sign", "log_size"], ["scaled"]),
        ]
    nodes += [
        node("IsNaN", [source], ["missing"]),
        node("Where", ["missing", "medians", "scaled"], ["imputed"]),
        node("Sub", ["imputed", "means"], ["centred"]),
        node("Div", ["centred", "scales"], ["standard"]),
        node("Where", ["missing", "flag_missing", "flag_known"], ["flags"]),
    ]
    return nodes, {name: value.astype(np.float32) for name, value in numbers.items()}


def _wide(values: Matrix) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """To float32 and back."""
    return values.astype(np.float32).astype(np.float64)
