"""Logistic regression on standardised features; a missing value is the median and a flag."""

import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from onnx import helper
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from ml.candidates.base import Additive, FeatureByFeature, Labels, Matrix, Params, threads_for

__all__ = ["Logistic", "SignedLog"]

UNIT = 0.1


class SignedLog(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """sign(d) log(1 + |d| / unit), d = value - median: linear near the median, logarithmic far out.

    Tames counts and amounts with long tails. The unit is a tenth of the mean |d|, so that neither
    the feature's unit nor its zero matters. Missing values stay missing.
    """

    centre_: npt.NDArray[np.float64]
    unit_: npt.NDArray[np.float64]

    def fit(self, X: Matrix, y: Labels | None = None) -> "SignedLog":
        """Median and unit of each feature; 0 and 1 where there is nothing to learn them from."""
        known = _wide(X)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a feature that is always missing
            self.centre_ = _rounded(np.nan_to_num(np.nanmedian(known, axis=0)))
            unit = _rounded(UNIT * np.nanmean(np.abs(known - self.centre_), axis=0))
        self.unit_ = np.where(unit > 0, unit, 1)
        return self

    def transform(self, X: Matrix) -> npt.NDArray[np.float64]:
        """[rows, features] in float64."""
        distance = _wide(X) - self.centre_
        return np.asarray(np.sign(distance) * np.log1p(np.abs(distance) / self.unit_))


class Logistic(FeatureByFeature):
    """Impute (median, with indicator), standardise, and an L2-penalised logistic regression.

    A feature's contribution is coefficient * (value - mean) / scale, and its indicator's likewise.
    """

    name = "logistic"
    title = "logistic regression"
    is_readable = True
    grid: Sequence[Params] = tuple(
        {"log": log, "C": strength} for log in (True, False) for strength in (0.01, 0.1, 1.0)
    )

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> Pipeline:
        """Fit step by step; constants are rounded to float32 before the next step is fitted."""
        transform = SignedLog() if params["log"] else FunctionTransformer(_wide)
        imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        scaler = StandardScaler()
        regression = LogisticRegression(C=params["C"], max_iter=2_000, random_state=seed)
        with threads_for(len(X)):
            table = transform.fit_transform(X)
            imputer.fit(table)
            imputer.statistics_ = _rounded(imputer.statistics_)
            table = imputer.transform(table)
            scaler.fit(table)
            scaler.mean_, scaler.scale_ = _rounded(scaler.mean_), _rounded(scaler.scale_)
            regression.fit(scaler.transform(table), y)
        return Pipeline(
            [
                ("scale", transform),
                ("impute", imputer),
                ("standardise", scaler),
                ("regress", regression),
            ]
        )

    def contributions(self, model: Pipeline, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Coefficient * (value - mean) / scale, the indicator's part added to its feature's."""
        table = model[:-1].transform(X) * model["regress"].coef_[0]
        parts = table[:, : X.shape[1]]
        parts[:, _flagged(model)] += table[:, X.shape[1] :]
        return parts, float(model["regress"].intercept_[0])

    def thresholds(self, model: Pipeline) -> tuple[npt.NDArray[np.int64], Matrix]:
        """None: log-odds are continuous in every feature."""
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)

    def to_onnx(self, model: Pipeline, features: int, source: str, target: str) -> Additive:
        """The same arithmetic in float32, one term a feature."""
        scaler, coefficients = model["standardise"], model["regress"].coef_[0]
        weights = coefficients / scaler.scale_
        when_known, when_missing = np.zeros(features), np.zeros(features)
        flagged = _flagged(model)
        when_known[flagged] = -scaler.mean_[features:] * weights[features:]
        when_missing[flagged] = (1 - scaler.mean_[features:]) * weights[features:]
        numbers = {
            "medians": model["impute"].statistics_,
            "means": scaler.mean_[:features],
            "weights": weights[:features],
            "when_known": when_known,
            "when_missing": when_missing,
        }
        node = helper.make_node
        curved = model["scale"] if isinstance(model["scale"], SignedLog) else None
        if curved:
            numbers |= {"one": np.ones(1), "centres": curved.centre_, "units": curved.unit_}
        scaled = [
            node("Sub", [source, "centres"], ["distance"]),
            node("Abs", ["distance"], ["size"]),
            node("Div", ["size", "units"], ["units_away"]),
            node("Add", ["units_away", "one"], ["units_away_and_one"]),
            node("Log", ["units_away_and_one"], ["log_size"]),
            node("Sign", ["distance"], ["sign"]),
            node("Mul", ["sign", "log_size"], ["scaled"]),
        ]
        return Additive(
            nodes=[
                *(scaled if curved else [node("Identity", [source], ["scaled"])]),
                node("IsNaN", [source], ["missing"]),
                node("Where", ["missing", "medians", "scaled"], ["imputed"]),
                node("Sub", ["imputed", "means"], ["centred"]),
                node("Mul", ["centred", "weights"], ["linear"]),
                node("Where", ["missing", "when_missing", "when_known"], ["indicated"]),
                node("Add", ["linear", "indicated"], [target]),
            ],
            constants={name: value.astype(np.float32) for name, value in numbers.items()},
            bias=float(model["regress"].intercept_[0]),
        )


def _flagged(model: Pipeline) -> npt.NDArray[np.int64]:
    """The features that have an indicator, in the order of the indicators."""
    return np.asarray(model["impute"].indicator_.features_)


def _wide(values: Matrix) -> npt.NDArray[np.float64]:
    return np.asarray(values, dtype=np.float64)


def _rounded(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """To float32 and back: the shipped graph then subtracts the very same numbers."""
    return values.astype(np.float32).astype(np.float64)
