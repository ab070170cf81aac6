"""Measure each candidate of a task, at its best setting, under the task's protocol.

With several as-of dates the figures are measured on test rows, which are not used to choose
anything. The measured model is the one that is shipped. With one date the figures are means over
all folds. The first of these folds also choose among a few settings, so the figures are slightly
too good.

The best candidate is calibrated where that helps on held-out rows. In a cross-validation every
candidate is calibrated in this way, since its held-out scores exist already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from scipy.special import expit

from ml.candidates import USUAL, Candidate
from ml.candidates.base import Classifier, Params
from ml.candidates.calibrated import on_line
from ml.data.arrays import RowNumbers
from ml.data.dataset import Dataset
from ml.evaluation.calibration import UNCHANGED, Line, choose_line, log_odds
from ml.evaluation.folds import Protocol
from ml.evaluation.held_out import (
    Measured,
    held_out_rounds,
    in_parts,
    measured_by_folds,
    measured_by_time,
)
from ml.training.parallel import in_processes
from ml.training.settings_choice import Choice, choose, fit, fits_to_choose, predict, ranked
from warehouse.console import Advance

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation(Measured):
    """One candidate at its best setting."""

    candidate: Candidate
    params: Params
    selection: float
    """Mean log loss over the protocol's folds; see `ml.training.settings_choice.ranked`."""
    line: Line
    """The line that calibrates the log-odds of the fitted model."""
    model: Classifier = field(repr=False)
    """The model, fitted on the protocol's final rows."""


def evaluate(
    data: Dataset,
    plan: Protocol,
    seed: int = 0,
    advance: Advance | None = None,
    candidates: Sequence[Candidate] | None = None,
) -> tuple[Evaluation, ...]:
    """Evaluate every candidate, by default the usual ones; the one to ship comes first.

    `advance` is called with the fits done and their total.
    """
    candidates = candidates or USUAL
    measuring = len(plan.folds) if plan.test is None else 0
    total = sum(fits_to_choose(candidate, plan) + measuring + 1 for candidate in candidates)
    total += len(plan.folds) - measuring  # fits to calibrate the best candidate
    steps = count(1)

    def tick() -> None:
        if advance:
            advance(next(steps), total)

    choices = ranked(choose(candidates, data, plan, seed, tick), plan.repeats)
    jobs = [(choice, data, plan, seed, choice is choices[0]) for choice in choices]
    found = []
    for evaluation, fits in in_processes(_evaluate, jobs, len(data.labels)):
        found.append(evaluation)
        for _ in range(fits):
            tick()
    return tuple(found)


def _evaluate(
    choice: Choice, data: Dataset, plan: Protocol, seed: int, is_best: bool
) -> tuple[Evaluation, int]:
    """The evaluation of the choice, and the number of fits that it needed."""
    fits = count()

    def fit_on(rows: RowNumbers) -> Classifier:
        next(fits)
        return fit(choice, data, rows, seed)

    candidate, model = choice.candidate, fit_on(plan.final)
    name, title = candidate.name, candidate.title
    rounds = held_out_rounds(fit_on, data, plan) if plan.test is None or is_best else []
    parts = [in_parts(one_round, data, seed) for one_round in rounds]
    line = choose_line(parts) if parts else UNCHANGED
    if plan.test is None:
        measured = measured_by_folds(name, title, rounds, line, data, plan, seed)
    else:
        scores = log_odds(predict(model, data.matrix[plan.test]))
        measured = measured_by_time(name, title, expit(line(scores)), data, plan, plan.test, seed)
    candidate, model, line = on_line(candidate, model, line)
    evaluation = Evaluation(
        **vars(measured),
        candidate=candidate,
        params=choice.params,
        selection=choice.loss,
        line=line,
        model=model,
    )
    return evaluation, next(fits)
