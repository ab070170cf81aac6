"""What every kind of model must be able to do to be learned, measured, shipped and explained."""

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import onnx
from scipy.special import expit
from threadpoolctl import threadpool_limits

from ml.data.arrays import Labels, Matrix
from ml.glassbox.terms import GlassBox

if TYPE_CHECKING:
    import optuna

__all__ = [
    "Additive",
    "Candidate",
    "Classifier",
    "FeatureByFeature",
    "FromLogOdds",
    "Params",
    "Terms",
    "threads_for",
]

Params = Mapping[str, Any]
Terms = Sequence[tuple[int, ...]]
"""The features of each thing a model adds up: one number, or two of an interaction."""

LONG_LOOP = 100_000
"""Rows. Below, OpenMP's threads wait for each other longer than they work: on two busy cores a
boosted model of 12,000 rows takes 0.4 s with one thread and 15 s with two."""


def threads_for(rows: int) -> AbstractContextManager[Any]:
    """Inside, scikit-learn uses as many threads as so many rows are worth."""
    limit: AbstractContextManager[Any] = threadpool_limits(
        1 if rows < LONG_LOOP else os.cpu_count()
    )
    return limit


class Classifier(Protocol):
    """A fitted scikit-learn classifier of two classes."""

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """[rows, 2]."""

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows]."""


@dataclass(frozen=True)
class Additive:
    """The part of an ONNX graph that says what each term adds to a row's log-odds."""

    nodes: Sequence[onnx.NodeProto]
    """From the graph's input to the output `contributions`, float32 [rows, terms]."""
    constants: Mapping[str, npt.NDArray[Any]]
    """Initializers by name."""
    bias: float
    """Log-odds every row starts from."""


class Candidate(Protocol):
    """A kind of model whose log-odds are a bias and one contribution a term."""

    @property
    def name(self) -> str:
        """How tables and bundles call it."""

    @property
    def title(self) -> str:
        """How people call it."""

    @property
    def is_readable(self) -> bool:
        """Whether a person can see the whole model: it is preferred to one as good that is not."""

    @property
    def grid(self) -> Sequence[Params]:
        """The settings worth comparing."""

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """A setting of the search space, drawn by optuna."""

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> Classifier:
        """Fit on [rows, features], NaN where missing; the same input gives the same model."""

    def terms(self, model: Any, features: int) -> Terms:
        """What the contributions are of, in their order: for most kinds the features."""

    def glass_box(self, model: Any) -> GlassBox | None:
        """The whole model as a table of terms, where the kind has one."""

    def contributions(self, model: Any, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """Log-odds each term adds [rows, terms], and the bias."""

    def thresholds(self, model: Any) -> tuple[npt.NDArray[np.int64], Matrix]:
        """Where the model jumps: feature numbers and values, both [jumps]."""

    def to_onnx(self, model: Any, features: int, source: str, target: str) -> Additive:
        """The same contributions as ONNX, from the tensor `source` to the tensor `target`."""


class FromLogOdds(ABC):
    """What the fitted models have in common whose probabilities follow from their log-odds."""

    @abstractmethod
    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows]."""

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """[rows, 2]."""
        buys = expit(self.decision_function(X))
        return np.column_stack([1 - buys, buys])


class FeatureByFeature:
    """What the kinds have in common that credit each feature by itself."""

    def terms(self, model: Any, features: int) -> Terms:
        """One a feature."""
        return [(feature,) for feature in range(features)]

    def glass_box(self, model: Any) -> GlassBox | None:
        """None: the model is no table."""
        return None
