"""Which candidate ships: the best, or one as good that people can read."""

import numpy as np
import pytest

from ml.candidates.decision_tree import DecisionTree
from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.training.settings_choice import Choice, ranked

ROWS = 400
NOISE = np.random.default_rng(0).normal(size=ROWS)


def choice(candidate: object, loss: float, noise: float = 0.2) -> Choice:
    """A candidate with this mean loss, whose rows differ at random from the others'."""
    deviation = noise * (NOISE - NOISE.mean())
    return Choice(candidate, {}, [loss + deviation[:200], loss + deviation[200:]])  # type: ignore[arg-type]


def names(choices: list[Choice]) -> list[str]:
    """In their order."""
    return [each.candidate.name for each in choices]


@pytest.mark.parametrize(("behind", "wins"), [(0.009, "glass_box"), (0.011, "gradient_boosting")])
def test_a_readable_model_wins_within_one_standard_error(behind: float, wins: str) -> None:
    """The rows' losses differ by 0.2: of 400 rows that is a standard error of 0.01."""
    best = choice(GradientBoosting(), 0.3, noise=0.0)
    found = ranked([choice(Logistic(), 0.4), choice(GlassBoxBoosting(), 0.3 + behind), best])
    assert names(found)[0] == wins
    assert names(found)[2] == "logistic"


def test_among_readable_models_the_best_wins() -> None:
    """The rule prefers a readable model only to an unreadable one."""
    found = ranked(
        [
            choice(DecisionTree(), 0.305),
            choice(GlassBoxBoosting(), 0.304),
            choice(Logistic(), 0.303),
            choice(GradientBoosting(), 0.3, noise=0.0),
        ]
    )
    assert names(found)[0] == "logistic"
    assert names(found)[1:] == ["gradient_boosting", "glass_box", "decision_tree"]


def test_evaluating_rows_twice_adds_no_evidence() -> None:
    """Two rounds on the same rows: the standard error is that of half as many losses."""
    best = choice(GradientBoosting(), 0.3, noise=0.0)
    close = choice(GlassBoxBoosting(), 0.312)
    assert names(ranked([close, best]))[0] == "gradient_boosting"
    assert names(ranked([close, best], repeats=10))[0] == "glass_box"
