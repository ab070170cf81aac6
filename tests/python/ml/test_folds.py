"""Training and evaluation rows: no model is tested on its training rows or their label windows."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data.dataset import NothingToLearnError, duplicate_groups
from ml.evaluation.folds import grouped_folds, protocol
from tests.support.ml_factory import DATES, dataset, sample


@settings(deadline=None)
@given(st.integers(2, 6), st.integers(0, 5), st.data())
def test_a_group_is_never_split_and_folds_are_even(
    folds: int, seed: int, data: st.DataObject
) -> None:
    """Every row is in one fold, and buyers are spread as evenly as groups allow."""
    rows = data.draw(st.integers(folds, 80))
    groups = np.array(data.draw(st.lists(st.integers(0, 20), min_size=rows, max_size=rows)))
    labels = np.array(
        data.draw(st.lists(st.integers(0, 1), min_size=rows, max_size=rows)), np.uint8
    )
    fold = grouped_folds(labels, groups, folds, seed)
    assert fold.min() >= 0
    assert fold.max() < folds
    for group in np.unique(groups):
        assert len(np.unique(fold[groups == group])) == 1
    alone = grouped_folds(labels, np.arange(rows), folds, seed)
    for label in (0, 1):
        counts = np.bincount(alone[labels == label], minlength=folds)
        assert counts.max() - counts.min() <= 1


def test_one_date_is_split_into_repeated_folds_with_duplicates_together() -> None:
    """Equal rows are on one side of a fold, and each round validates each row once."""
    matrix, labels = sample(120)
    data = dataset(np.vstack([matrix, matrix]), np.r_[labels, labels])
    plan = protocol(data)
    groups = duplicate_groups(data.matrix)
    assert plan.test is None
    assert plan.name == "5-fold stratified CV, 10 repeats, duplicates in one fold"
    assert len(plan.folds) == 50
    for fold in plan.folds:
        assert not set(groups[fold.train]) & set(groups[fold.validate])
    for start in range(0, 50, 5):
        validated = np.concatenate([fold.validate for fold in plan.folds[start : start + 5]])
        np.testing.assert_array_equal(np.sort(validated), np.arange(240))


def test_many_rows_need_fewer_folds_and_the_flags_decide() -> None:
    """Three folds in one round above 2,000 rows, unless the options differ."""
    data = dataset(*sample(2_100))
    assert protocol(data).name == "3-fold stratified CV, duplicates in one fold"
    named = protocol(data, folds=4, repeats=2)
    assert named.name == "4-fold stratified CV, 2 repeats, duplicates in one fold"
    assert len(named.folds) == 8


def test_another_seed_gives_other_folds_and_the_same_seed_the_same() -> None:
    """A protocol can be repeated."""
    data = dataset(*sample(200))
    first, again, other = protocol(data, 1), protocol(data, 1), protocol(data, 2)
    np.testing.assert_array_equal(first.folds[0].validate, again.folds[0].validate)
    assert set(first.folds[0].validate) != set(other.folds[0].validate)


def test_the_newest_date_is_the_test_set() -> None:
    """With several dates, no training row is newer than the test rows."""
    data = dataset(*sample(1_000), DATES)
    plan = protocol(data)
    assert plan.name == "time split, test as of 2025-05-01"
    assert plan.test is not None
    assert set(data.as_of[plan.test]) == {np.datetime64("2025-05-01")}
    assert len(plan.test) == 200
    assert len(plan.folds) == 3


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 12), st.integers(1, 40), st.integers(0, 100), st.integers(50, 150))
def test_no_label_window_reaches_into_the_evaluation(
    dates: int, step: int, horizon: int, each: int
) -> None:
    """Every training row's label window had ended by the first evaluation date."""
    days = [date(2025, 1, 1) + timedelta(days=step * i) for i in range(dates)]
    data = dataset(*sample(each * dates), days, horizon)
    plan = protocol(data, repeats=1)
    window = np.timedelta64(horizon, "D")
    if plan.test is None:
        assert "as of" in plan.name
        assert len(np.unique(data.as_of[plan.final])) == 1 or each < 100
        return
    assert (data.as_of[plan.final] + window <= data.as_of[plan.test].min()).all()
    for fold in plan.folds:
        assert np.isin(np.concatenate([fold.train, fold.validate]), plan.final).all()
        first = data.as_of[fold.validate].min()
        chained = (data.as_of[fold.train] + window <= first).all()
        strangers = not set(data.entities[fold.train]) & set(data.entities[fold.validate])
        assert chained or strangers


def test_a_thin_newest_date_is_joined_with_those_before_it() -> None:
    """A handful of rows measures nothing; the purge then counts from the first test date."""
    days = [date(2025, 1, 1) + timedelta(days=i) for i in range(60)]
    data = dataset(*sample(60 * 30), days, horizon_days=0)
    plan = protocol(data)
    assert plan.test is not None
    assert plan.name == "time split, test as of 2025-02-26 to 2025-03-01"
    assert len(plan.test) == 120
    assert data.as_of[plan.final].max() == np.datetime64("2025-02-25")


def test_dates_too_close_for_their_horizon_fall_back_to_folds_of_the_newest() -> None:
    """Nothing had ended by the test date, so only rows that know nothing of each other are used."""
    data = dataset(*sample(600), DATES[:2], horizon_days=90)
    plan = protocol(data)
    assert plan.test is None
    assert "as of 2025-02-01 only, no earlier label window had ended" in plan.name
    assert set(data.as_of[plan.final]) == {np.datetime64("2025-02-01")}


def test_one_training_date_is_split_by_entity() -> None:
    """Without a chain of dates, settings are compared on other customers."""
    data = dataset(*sample(600), DATES[:2], horizon_days=30)
    plan = protocol(data)
    assert plan.test is not None
    assert len(plan.folds) == 3
    for fold in plan.folds:
        assert not set(data.entities[fold.train]) & set(data.entities[fold.validate])


def test_too_few_rows_of_a_class_are_an_answer_not_a_crash() -> None:
    """Two buyers cannot be in five folds."""
    matrix, _ = sample(50)
    labels = np.zeros(50, dtype=np.uint8)
    labels[:2] = 1
    with pytest.raises(NothingToLearnError, match="only 2 distinct rows of one class"):
        protocol(dataset(matrix, labels))
