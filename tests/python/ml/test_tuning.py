"""A search within a budget: the same by seed, whole or in pieces, and never worse than the grid."""

import time
from pathlib import Path

import pytest

from ml.candidates import CANDIDATES
from ml.candidates.decision_tree import DecisionTree
from ml.candidates.logistic import Logistic
from ml.data.dataset import Dataset
from ml.evaluation.folds import Protocol, protocol
from ml.training.settings_choice import choose
from ml.training.tuning import JOURNAL, Budget, tune
from tests.support.ml_factory import dataset, sample
from warehouse.errors import UsageError


@pytest.fixture(scope="module")
def learned() -> tuple[Dataset, Protocol]:
    """Few rows, few folds."""
    data = dataset(*sample(200))
    return data, protocol(data, folds=2, repeats=1)


def test_a_search_in_pieces_finds_what_it_finds_in_one_go(
    learned: tuple[Dataset, Protocol], tmp_path: Path
) -> None:
    """An interrupted search goes on; the same seed and number of trials give the same setting."""
    candidates = (DecisionTree(), Logistic())
    whole = tune(candidates, *learned, 3, Budget(trials=6), tmp_path / "whole")
    for trials in (2, 5, 6, 6):
        pieces = tune(candidates, *learned, 3, Budget(trials=trials), tmp_path / "pieces")
    assert [each.grid for each in pieces] == [each.grid for each in whole]
    assert len(whole[0].grid) == len(DecisionTree.grid) + 1
    assert (tmp_path / "whole" / JOURNAL).is_file()


def test_other_rows_are_another_search(learned: tuple[Dataset, Protocol], tmp_path: Path) -> None:
    """Trials of last month's rows are not mistaken for this month's."""
    tune((DecisionTree(),), *learned, 0, Budget(trials=2), tmp_path)
    other = dataset(*sample(200, seed=9))
    plan = protocol(other, folds=2, repeats=1)
    steps: list[int] = []
    tune(
        (DecisionTree(),), other, plan, 0, Budget(trials=2), tmp_path, lambda i, _: steps.append(i)
    )
    assert steps == [1, 2]


def test_what_is_found_is_compared_with_the_grid(
    learned: tuple[Dataset, Protocol], tmp_path: Path
) -> None:
    """The choice after a search is at least as good as without it."""
    data, plan = learned
    (tuned,) = tune((DecisionTree(),), data, plan, 0, Budget(trials=5), tmp_path)

    def loss(candidate: DecisionTree) -> float:
        return choose([candidate], data, plan, 0, lambda: None)[0].loss

    assert loss(tuned) <= loss(DecisionTree())


def test_a_search_ends_with_its_seconds(learned: tuple[Dataset, Protocol], tmp_path: Path) -> None:
    """Shared out among the candidates, give or take a trial."""
    start = time.monotonic()
    tune((DecisionTree(), Logistic()), *learned, 0, Budget(seconds=0.6), tmp_path)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("given", [{}, {"seconds": 1.0, "trials": 1}, {"trials": 0}])
def test_a_budget_is_one_number_above_zero(given: dict[str, float]) -> None:
    """Anything else is a mistake of usage."""
    with pytest.raises(UsageError):
        Budget(**given)  # type: ignore[arg-type]


def test_every_setting_that_can_be_drawn_can_be_fitted(learned: tuple[Dataset, Protocol]) -> None:
    """Each candidate's search space is one of settings it takes."""
    import optuna

    data, _ = learned
    for candidate in CANDIDATES:
        trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=1)).ask()
        params = candidate.suggest(trial)
        assert candidate.fit(data.matrix, data.labels, params, 0).predict_proba(data.matrix).any()
