"""The kinds of model that are compared, one file each."""

from ml.candidates.base import Candidate
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic

__all__ = ["CANDIDATES", "Candidate"]

CANDIDATES: tuple[Candidate, ...] = (Logistic(), GradientBoosting())
"""Simplest first."""
