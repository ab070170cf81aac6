"""The kinds of model that are compared, one per file."""

from ml.candidates.base import Candidate
from ml.candidates.decision_tree import DecisionTree
from ml.candidates.ensemble import Ensemble
from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.candidates.neural_net import NeuralNet
from ml.candidates.random_forest import RandomForest

__all__ = ["CANDIDATES", "USUAL", "Candidate"]

CANDIDATES: tuple[Candidate, ...] = (
    Logistic(),
    DecisionTree(),
    GlassBoxBoosting(),
    RandomForest(),
    GradientBoosting(),
    NeuralNet(),
    Ensemble(),
)
"""All candidates, those that are easiest to explain first."""

SLOW = ("random_forest", "neural_net", "ensemble")
USUAL = tuple(each for each in CANDIDATES if each.name not in SLOW)
"""The candidates of a usual training. The others take most of the time, and seldom win by much."""
