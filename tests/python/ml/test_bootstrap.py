"""Intervals and differences, against resampling done the slow way and against the truth."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn import metrics as sk

from ml.evaluation.bootstrap import bootstrap_intervals, paired_difference
from ml.evaluation.metrics import measure, top_share


def example(rows: int, seed: int, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities whose AUC is known: two normal scores `shift` apart."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(rows) < 0.3).astype(np.uint8)
    return labels, 1 / (1 + np.exp(-rng.normal(shift * labels, 1)))


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """The AUC of two normal distributions is known: 57 of 60 intervals should hold it."""
    truth = norm.cdf(1 / np.sqrt(2))
    held = 0
    for seed in range(60):
        low, high = bootstrap_intervals(*example(300, seed), seed=seed, resamples=100)["roc_auc"]
        held += low <= truth <= high
    assert 52 <= held <= 60


def test_every_figure_of_a_resample_is_that_of_its_rows_written_out() -> None:
    """The same resamples, measured by scikit-learn."""
    labels, probabilities = example(150, 1)
    rng = np.random.default_rng(5)
    slow = []
    for _ in range(30):
        rows = rng.integers(150, size=150)
        slow.append(measure(labels[rows], probabilities[rows], 0.6))
    found = bootstrap_intervals(labels, probabilities, seed=5, resamples=30, threshold=0.6)
    assert {"log_loss", "brier", "precision", "recall", "f1", "accuracy"} <= set(found)
    for name, interval in found.items():
        ends = np.percentile([each[name] for each in slow], [2.5, 97.5])
        assert interval == pytest.approx(tuple(ends)), name


def test_copies_of_a_row_do_not_narrow_the_interval() -> None:
    """Ten copies that are resampled together give the interval of one row."""
    labels, probabilities = example(120, 2)
    once = bootstrap_intervals(labels, probabilities)["roc_auc"]
    copies = np.repeat(labels, 10), np.repeat(probabilities, 10)
    together = bootstrap_intervals(*copies, groups=np.repeat(np.arange(120), 10))["roc_auc"]
    apart = bootstrap_intervals(*copies)["roc_auc"]
    assert together == pytest.approx(once)
    assert apart[1] - apart[0] < 0.5 * (once[1] - once[0])


def test_the_paired_difference_is_that_of_scikit_learn() -> None:
    """Both models on each resample, one by one."""
    labels, new = example(150, 3, shift=1.5)
    old = example(150, 3, shift=0.5)[1]
    rng = np.random.default_rng(0)
    slow = []
    for _ in range(100):
        rows = rng.integers(150, size=150)
        pair = (sk.average_precision_score(labels[rows], each[rows]) for each in (new, old))
        slow.append(next(pair) - next(pair))
    gain, low, high = paired_difference(labels, new, old, resamples=100)
    assert (low, high) == pytest.approx(tuple(np.percentile(slow, [2.5, 97.5])))
    whole = (sk.average_precision_score(labels, each) for each in (new, old))
    assert gain == pytest.approx(next(whole) - next(whole))


def test_a_model_does_not_beat_itself() -> None:
    """Nor a copy of it on another scale."""
    labels, probabilities = example(200, 4)
    assert paired_difference(labels, probabilities**2, probabilities) == (0, 0, 0)


def test_a_difference_without_resamples_is_not_a_win() -> None:
    """Without a resample of both classes, the interval contains 0."""
    gain, low, high = paired_difference(
        np.array([1, 0], np.uint8), np.array([0.9, 0.1]), np.array([0.1, 0.9]), np.zeros(2, int) + 1
    )
    assert (gain, low, high) == (0.5, 0.5, 0.5)
    _, low, _ = paired_difference(
        np.array([1, 0], np.uint8), np.array([0.9, 0.1]), np.array([0.1, 0.9]), resamples=0
    )
    assert low < 0


def test_the_top_tenth_shares_out_ties() -> None:
    """Where all are alike a tenth of the rows hold a tenth of the buyers, in whatever order."""
    labels = np.r_[np.ones(20), np.zeros(80)].astype(np.uint8)
    assert top_share(labels, np.full(100, 0.2)) == pytest.approx(0.1)
    assert top_share(labels, np.linspace(1, 0, 100)) == pytest.approx(0.5)
