"""Measure the calibration of probabilities, and correct it where that helps on held-out rows.

The log-odds are corrected by a straight line: slope * score + offset (Platt 1999). The line keeps
the ranking and scales every contribution by the same number, so the model stays additive.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from ml.data.arrays import Floats, Labels
from ml.evaluation.metrics import equal_count_bins, expected_calibration_error

__all__ = [
    "UNCHANGED",
    "HeldOut",
    "Line",
    "calibration_metrics",
    "choose_line",
    "fit_line",
    "log_odds",
    "to_true_rate",
]

CLOSEST = 1e-12
"""Probabilities are kept this far from 0 and 1, where log-odds would be infinite."""


@dataclass(frozen=True)
class Line:
    """A straight line from a model's log-odds to calibrated log-odds."""

    slope: float
    offset: float

    def __call__(self, scores: Floats) -> Floats:
        """The calibrated log-odds of `scores` [rows]."""
        return self.slope * scores + self.offset

    def after(self, first: "Line") -> "Line":
        """The line that equals `first` followed by this one."""
        return Line(self.slope * first.slope, self.slope * first.offset + self.offset)


UNCHANGED = Line(1.0, 0.0)


def to_true_rate(labels: Labels, weights: Floats | None) -> Line:
    """The line that corrects a model of sampled rows to the base rate of all rows.

    `labels` are [rows]; `weights` [rows] hold the number of rows that each one represents, or None
    where all rows were read. Sampling by outcome shifts the log-odds of every row by the same
    number (King & Zeng 2001, prior correction).
    """
    if weights is None:
        return UNCHANGED
    buyers, others = weights[labels == 1], weights[labels == 0]
    return Line(1.0, float(np.log(buyers.mean() / others.mean())))


@dataclass(frozen=True)
class HeldOut:
    """Rows scored by models that did not learn from them. All arrays are [rows]."""

    rows: npt.NDArray[np.int64]
    """Row numbers in the data set."""
    labels: Labels
    scores: Floats
    """Log-odds, not calibrated."""
    part: npt.NDArray[np.int64]
    """The part with which each row was left out, counted from 0; at least two parts."""

    def corrected(self) -> Floats:
        """Calibrated probabilities; the line of each part is fitted on the other parts."""
        found = np.empty(len(self.scores))
        for part in np.unique(self.part):
            out = self.part == part
            found[out] = expit(fit_line(self.labels[~out], self.scores[~out])(self.scores[out]))
        return found

    def probabilities(self, line: Line) -> Floats:
        """Probabilities as they are if `line` is UNCHANGED, and otherwise corrected ones."""
        return expit(self.scores) if line == UNCHANGED else self.corrected()


def log_odds(probabilities: Floats) -> Floats:
    """The log-odds of `probabilities`, which are finite also for 0 and 1."""
    return np.asarray(logit(np.clip(probabilities, CLOSEST, 1 - CLOSEST)))


def fit_line(labels: Labels, scores: Floats) -> Line:
    """The maximum likelihood line for `labels` and log-odds `scores`, both [rows].

    Platt's targets replace 0 and 1, and keep the slope finite where scores separate the classes.
    They correspond to one further buyer and one further other row.
    """
    buyers = int(labels.sum())
    likely = np.where(labels, (buyers + 1) / (buyers + 2), 1 / (len(labels) - buyers + 2))
    spread = max(float(np.std(scores)), 1e-9)  # the solver works best on numbers of size 1
    twice = np.concatenate([scores, scores])[:, None] / spread
    fitted = LogisticRegression(C=np.inf, max_iter=1_000, tol=1e-8).fit(
        twice,
        np.repeat([1, 0], len(labels)),
        sample_weight=np.concatenate([likely, 1 - likely]),
    )
    return Line(float(fitted.coef_[0, 0] / spread), float(fitted.intercept_[0]))


def choose_line(rounds: Sequence[HeldOut]) -> Line:
    """The line to apply, or UNCHANGED where a line does not clearly help on held-out rows.

    The parts of each round are corrected by lines of the other parts. A line is used only when it
    lowers the mean log loss by more than one standard error of the gain and keeps the ranking.
    """
    gains = np.mean([_losses(each, expit(each.scores)) for each in rounds], axis=0)
    gains = gains - np.mean([_losses(each, each.corrected()) for each in rounds], axis=0)
    line = fit_line(
        np.concatenate([one_round.labels for one_round in rounds]),
        np.concatenate([one_round.scores for one_round in rounds]),
    )
    clear = gains.mean() > gains.std() / np.sqrt(len(gains))
    return line if clear and line.slope > 0 else UNCHANGED


def _losses(one_round: HeldOut, probabilities: Floats) -> Floats:
    """The log loss of each row in nats, in the order of row numbers."""
    sure = np.clip(probabilities, CLOSEST, 1 - CLOSEST)
    losses = -np.log(np.where(one_round.labels == 1, sure, 1 - sure))
    return losses[np.argsort(one_round.rows, kind="stable")]


def calibration_metrics(labels: Labels, probabilities: Floats) -> dict[str, float]:
    """Calibration metrics of `probabilities` [rows] for `labels` [rows].

    The slope is that of a logistic regression of the outcome on the log-odds (Cox 1958). It is
    below 1 where probabilities are too extreme. The intercept is the mean log-odds that are
    missing, at slope 1. It is above 0 where probabilities are too low. The Brier score equals
    reliability - resolution + uncertainty (Murphy 1973) over ten equal-count bins, + the variation
    within bins (Stephenson 2008).
    """
    scores = log_odds(probabilities)
    predicted, observed, rows = equal_count_bins(labels, probabilities)
    base, share = labels.mean(), rows / rows.sum()
    reliability = float(share @ (predicted - observed) ** 2)
    resolution = float(share @ (observed - base) ** 2)
    uncertainty = float(base * (1 - base))
    brier = float(np.mean((probabilities - labels) ** 2))
    return {
        "expected_calibration_error": expected_calibration_error(labels, probabilities),
        "calibration_slope": fit_line(labels, scores).slope,
        "calibration_intercept": float(
            brentq(lambda offset: float(expit(scores + offset).mean() - base), -40, 40)
        ),
        "brier_reliability": reliability,
        "brier_resolution": resolution,
        "brier_uncertainty": uncertainty,
        "brier_within_bins": brier - (reliability - resolution + uncertainty),
    }
