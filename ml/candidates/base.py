"""The interface of a candidate: how a kind of model is fitted, measured, exported and explained."""

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
"""The feature numbers of each term that a model adds up: one number, or two for an interaction."""

LONG_LOOP = 100_000
"""Rows from which several threads pay. On fewer rows OpenMP's threads wait longer than they work:
on two busy cores a boosted model of 12,000 rows takes 0.4 s with one thread and 15 s with two."""


def threads_for(rows: int) -> AbstractContextManager[Any]:
    """A context in which scikit-learn uses the number of threads that suits so many rows."""
    limit: AbstractContextManager[Any] = threadpool_limits(
        1 if rows < LONG_LOOP else os.cpu_count()
    )
    return limit


class Classifier(Protocol):
    """A fitted scikit-learn classifier of two classes."""

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Probabilities of label 0 and label 1: [rows, 2]."""

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows]."""


@dataclass(frozen=True)
class Additive:
    """The part of an ONNX graph that computes what each term adds to a row's log-odds."""

    nodes: Sequence[onnx.NodeProto]
    """From the graph's input to the output `contributions`, float32 [rows, terms]."""
    constants: Mapping[str, npt.NDArray[Any]]
    """Initializers by name."""
    bias: float
    """Log-odds from which every row starts."""


class Candidate(Protocol):
    """A kind of model whose log-odds are the sum of a bias and one contribution per term."""

    @property
    def name(self) -> str:
        """The name in tables and bundles."""

    @property
    def title(self) -> str:
        """The name that people read."""

    @property
    def is_readable(self) -> bool:
        """Whether a person can read the whole model. Such a model is preferred to an equal one."""

    @property
    def grid(self) -> Sequence[Params]:
        """The settings that are compared."""

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """A setting that optuna samples from the search space."""

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> Classifier:
        """Fit on X [rows, features], NaN where missing; the same input gives the same model."""

    def terms(self, model: Any, features: int) -> Terms:
        """The features of each contribution, in order; most kinds have one term per feature."""

    def glass_box(self, model: Any) -> GlassBox | None:
        """The whole model as a table of terms; None where the kind has no such table."""

    def contributions(self, model: Any, X: Matrix) -> tuple[npt.NDArray[np.float64], float]:
        """The log-odds that each term adds [rows, terms], and the bias."""

    def thresholds(self, model: Any) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The points at which the output jumps: feature numbers and values, [jumps] each."""

    def to_onnx(self, model: Any, features: int, source: str, target: str) -> Additive:
        """The same contributions as ONNX nodes, from the tensor `source` to the tensor `target`."""


class FromLogOdds(ABC):
    """A fitted model whose probabilities follow from its log-odds."""

    @abstractmethod
    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Log-odds [rows]."""

    def predict_proba(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Probabilities of label 0 and label 1: [rows, 2]."""
        buys = expit(self.decision_function(X))
        return np.column_stack([1 - buys, buys])


class FeatureByFeature:
    """A candidate with one contribution per feature."""

    def terms(self, model: Any, features: int) -> Terms:
        """One term per feature."""
        return [(feature,) for feature in range(features)]

    def glass_box(self, model: Any) -> GlassBox | None:
        """None, since the model is not a table of terms."""
        return None
