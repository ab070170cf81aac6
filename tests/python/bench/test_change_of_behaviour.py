"""A planted change of behaviour: nothing moves before it, and what was learned is wrong after."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from bench.feedback import chart
from ml.synthesize import synthesize
from ml.synthesize.draw import streams
from ml.synthesize.engagement import draw_responses
from ml.synthesize.people import draw_people
from ml.synthesize.rates import order_rates, visit_rates
from warehouse.errors import UsageError

CHANGE = 400


def test_who_bought_most_buys_least_and_as_much_is_bought() -> None:
    """From that day on; before it every rate is the same to the bit."""
    people = draw_people(streams(0, 0).people, 0)
    responded = draw_responses(streams(0, 0).engagement, people)
    usual = order_rates(streams(0, 0).moods, people, responded)
    changed = order_rates(streams(0, 0).moods, people, responded, CHANGE)
    assert np.array_equal(usual[:, :CHANGE], changed[:, :CHANGE])
    is_there = (people.registered_day < 0) & (people.churn_day > CHANGE + 60)
    before, after = (
        rates[is_there, CHANGE : CHANGE + 60].sum(axis=1) for rates in (usual, changed)
    )
    assert spearmanr(before, after).statistic < -0.5
    assert after.sum() == pytest.approx(before.sum(), rel=0.35)
    visits = visit_rates(people, changed, CHANGE)[is_there]
    assert np.array_equal(visits[:, :CHANGE], visit_rates(people, usual)[is_there][:, :CHANGE])
    later = visits[:, CHANGE + 1] / people.browsing[is_there]
    assert later == pytest.approx(later.mean(), rel=1e-4)


def test_a_change_outside_the_history_is_refused(tmp_path: Path) -> None:
    """And nothing is written."""
    for day in (date(2023, 12, 31), date(2030, 1, 1)):
        with pytest.raises(UsageError, match="--change-at"):
            synthesize(10, 0, tmp_path / "shop", change_at=day)
    assert not (tmp_path / "shop").exists()


def test_the_figure_shows_both_models_and_what_happened() -> None:
    """As SVG, with a mark for the change and one for each new champion."""
    rows = [
        {"as_of_date": date(2025, 1, 2 + week), "auc": 0.8 - week / 100, "first_auc": 0.8}
        for week in range(5)
    ]
    svg = chart(rows, date(2025, 1, 3), [date(2025, 1, 5)])
    assert svg.startswith("<svg")
    for words in ("with retraining", "the first model", "behaviour changes", "new champion"):
        assert words in svg
