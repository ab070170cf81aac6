"""The kinds of model that are compared, one file each."""

from ml.candidates.base import Candidate
from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic

__all__ = ["CANDIDATES", "Candidate"]

CANDIDATES: tuple[Candidate, ...] = (Logistic(), GlassBoxBoosting(), GradientBoosting())
"""The easiest to explain first."""
