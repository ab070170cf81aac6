"""Any candidate with calibrated log-odds: a straight line keeps it additive and exportable."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from onnx import helper

from ml.candidates.base import Additive, Candidate, FromLogOdds, Params, Terms
from ml.data.arrays import Labels, Matrix
from ml.evaluation.calibration import UNCHANGED, Line
from ml.glassbox import GlassBox

if TYPE_CHECKING:
    import optuna

__all__ = ["Calibrated", "CalibratedModel", "on_line"]


@dataclass(frozen=True)
class CalibratedModel(FromLogOdds):
    """A fitted model, and the line that calibrates its log-odds."""

    model: Any
    line: Line

    def decision_function(self, X: Matrix) -> npt.NDArray[np.float64]:
        """Calibrated log-odds [rows]."""
        return self.line(self.model.decision_function(X))


@dataclass(frozen=True)
class Calibrated:
    """A candidate whose models are `CalibratedModel`s. The slope scales each contribution."""

    base: Candidate
    line: Line

    @property
    def name(self) -> str:
        """The name of the base candidate."""
        return self.base.name

    @property
    def title(self) -> str:
        """The title of the base candidate."""
        return self.base.title

    @property
    def is_readable(self) -> bool:
        """Whether the base candidate is readable; the line changes nothing about that."""
        return self.base.is_readable

    @property
    def grid(self) -> Sequence[Params]:
        """The settings of the base candidate."""
        return self.base.grid

    def suggest(self, trial: "optuna.trial.BaseTrial") -> Params:
        """A setting of the base candidate."""
        return self.base.suggest(trial)

    def fit(self, X: Matrix, y: Labels, params: Params, seed: int) -> CalibratedModel:
        """Fit the base candidate, and keep the line."""
        return CalibratedModel(self.base.fit(X, y, params, seed), self.line)

    def terms(self, model: CalibratedModel, features: int) -> Terms:
        """The terms of the base model."""
        return self.base.terms(model.model, features)

    def glass_box(self, model: CalibratedModel) -> GlassBox | None:
        """The base model's table, with each contribution scaled by the slope."""
        box = self.base.glass_box(model.model)
        return box and box.on_line(self.line.slope, self.line.offset)

    def contributions(
        self, model: CalibratedModel, X: Matrix
    ) -> tuple[npt.NDArray[np.float64], float]:
        """The base model's contributions times the slope, and its bias put on the line."""
        parts, bias = self.base.contributions(model.model, X)
        return self.line.slope * parts, float(self.line(np.array(bias)))

    def thresholds(self, model: CalibratedModel) -> tuple[npt.NDArray[np.int64], Matrix]:
        """The thresholds of the base model."""
        return self.base.thresholds(model.model)

    def to_onnx(self, model: CalibratedModel, features: int, source: str, target: str) -> Additive:
        """The base model's graph, followed by a multiplication with the slope."""
        found = self.base.to_onnx(model.model, features, source, "uncalibrated")
        slope = {"calibration_slope": np.array([self.line.slope], np.float32)}
        scaled = helper.make_node("Mul", ["uncalibrated", "calibration_slope"], [target])
        return Additive(
            nodes=[*found.nodes, scaled],
            constants={**found.constants, **slope},
            bias=float(self.line(np.array(found.bias))),
        )


def on_line(candidate: Candidate, model: Any, line: Line) -> tuple[Candidate, Any, Line]:
    """The candidate and its fitted model, calibrated by `line`, and the line in total.

    A model that is calibrated already gets both lines in one. Where the total changes nothing, the
    candidate and the base model are returned as they are.
    """
    if isinstance(model, CalibratedModel):
        model, line = model.model, line.after(model.line)
    if line == UNCHANGED:
        return candidate, model, line
    return Calibrated(candidate, line), CalibratedModel(model, line), line
