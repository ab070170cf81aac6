"""Work in processes of its own comes back whole, in order, and fails as it would have here."""

import os

import numpy as np
import pytest

from ml.candidates.decision_tree import DecisionTree
from ml.candidates.logistic import Logistic
from ml.training.parallel import FEW_ROWS, in_processes
from tests.support.ml_factory import sample
from warehouse.errors import InputError


def where(number: int) -> tuple[int, int]:
    """The number, and the process that was asked."""
    return number, os.getpid()


def refuse(number: int) -> None:
    """An error of ours."""
    raise InputError(f"{number} is not a number")


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: everything is done here")
def test_many_rows_are_worked_on_elsewhere_and_come_back_in_order() -> None:
    """Few rows stay, and so does a single job."""
    jobs = [(number,) for number in range(5)]
    numbers, processes = zip(*in_processes(where, jobs, FEW_ROWS), strict=True)
    assert numbers == (0, 1, 2, 3, 4)
    assert os.getpid() not in processes
    assert {process for _, process in in_processes(where, jobs, FEW_ROWS - 1)} == {os.getpid()}
    assert list(in_processes(where, jobs[:1], FEW_ROWS)) == [(0, os.getpid())]


def test_an_error_there_is_the_same_error_here() -> None:
    """So the command line reports it in one line, with its exit code."""
    with pytest.raises(InputError, match="is not a number"):
        list(in_processes(refuse, [(1,), (2,)], FEW_ROWS))


def test_a_model_fitted_elsewhere_is_the_same_model() -> None:
    """To the bit."""
    X, y = sample(FEW_ROWS)
    jobs = [
        (X, y, {"log": True, "C": 1.0}, 0),
        (X, y, {"log": False, "C": 1.0}, 0),
    ]
    for model, job in zip(in_processes(Logistic().fit, jobs, len(y)), jobs, strict=True):
        np.testing.assert_array_equal(
            model.decision_function(X), Logistic().fit(*job).decision_function(X)
        )
    tree = {"max_leaf_nodes": 8, "min_samples_leaf": 3}
    here = DecisionTree().fit(X, y, tree, 0).decision_function(X)
    for model in in_processes(DecisionTree().fit, [(X, y, tree, 0)] * 2, len(y)):
        np.testing.assert_array_equal(model.decision_function(X), here)
