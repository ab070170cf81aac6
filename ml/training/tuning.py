"""Search for settings within a budget: optuna proposes them, the protocol's folds evaluate them.

A trial is one setting. Its value is the mean log loss over the same folds and rows as in
`ml.training.settings_choice`. Trials are kept in a journal next to the task's bundles, so that a
search that was interrupted, or gets a larger budget, continues. A proposal depends only on the
trials before it and on the seed. So the same number of trials gives the same result, in one run or
in several.
"""

import copy
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from ml.candidates import Candidate
from ml.candidates.base import Params
from ml.data.dataset import Dataset
from ml.evaluation.folds import Protocol
from ml.training.settings_choice import Choice, chosen_folds, with_losses
from warehouse.console import Advance
from warehouse.errors import UsageError

__all__ = ["JOURNAL", "Budget", "tune"]

JOURNAL = "tuning.journal"


@dataclass(frozen=True)
class Budget:
    """When a search ends. Raises UsageError unless exactly one number is given, and is above 0."""

    seconds: float | None = None
    """For all candidates together."""
    trials: int | None = None
    """For each candidate, including trials of earlier searches."""

    def __post_init__(self) -> None:
        """Check the numbers."""
        if (self.seconds is None) == (self.trials is None):
            raise UsageError("give either --budget in seconds or --trials, not both")
        if (self.seconds or self.trials or 0) <= 0:
            raise UsageError("the budget of a search must be more than 0")


def tune(
    candidates: Sequence[Candidate],
    data: Dataset,
    plan: Protocol,
    seed: int,
    budget: Budget,
    folder: Path,
    advance: Advance | None = None,
) -> tuple[Candidate, ...]:
    """The candidates, each with the best setting found added to its grid.

    The journal is kept in `folder`. `advance` is called after each trial.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL)))
    started, tuned = monotonic(), []
    for number, candidate in enumerate(candidates):
        study = optuna.create_study(
            storage=storage,
            study_name=_study_name(candidate, data, plan, seed),
            load_if_exists=True,
        )
        until = None
        if budget.seconds is not None:
            left = budget.seconds - (monotonic() - started)
            until = monotonic() + left / (len(candidates) - number)
        while _goes_on(study, budget, until):
            _trial(study, candidate, data, plan, seed)
            if advance:
                _say(advance, study, budget, number, len(candidates), monotonic() - started)
        tuned.append(_with_best(candidate, study))
    return tuple(tuned)


def _goes_on(study: optuna.Study, budget: Budget, until: float | None) -> bool:
    if budget.trials is not None:
        return len(_done(study)) < budget.trials
    return until is not None and monotonic() < until


def _trial(
    study: optuna.Study, candidate: Candidate, data: Dataset, plan: Protocol, seed: int
) -> None:
    """Evaluate one more setting; the proposal depends on the finished trials and the seed only."""
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(_done(study)))
    trial = study.ask()
    params = candidate.suggest(trial)
    tried = with_losses(
        [Choice(candidate, params, ())], chosen_folds(plan), data, seed, lambda: None
    )
    study.tell(trial, tried[0].loss)


def _done(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))


def _with_best(candidate: Candidate, study: optuna.Study) -> Candidate:
    if not _done(study):
        return candidate
    best: Params = candidate.suggest(optuna.trial.FixedTrial(study.best_params))
    tuned = copy.copy(candidate)
    tuned.grid = (*candidate.grid, best)  # type: ignore[misc]
    return tuned


def _study_name(candidate: Candidate, data: Dataset, plan: Protocol, seed: int) -> str:
    """A name that differs with candidate, seed, rows and folds, so that each has its own search."""
    content = hashlib.sha256()
    content.update(data.matrix.tobytes() + data.labels.tobytes())
    for fold in plan.folds:
        content.update(fold.train.tobytes())
    return f"{candidate.name}-{seed}-{content.hexdigest()[:16]}"


def _say(
    advance: Advance,
    study: optuna.Study,
    budget: Budget,
    number: int,
    candidates: int,
    seconds: float,
) -> None:
    if budget.trials is not None:
        advance(number * budget.trials + len(_done(study)), candidates * budget.trials)
    elif budget.seconds is not None:
        advance(int(min(seconds, budget.seconds)), int(budget.seconds))
