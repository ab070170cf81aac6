"""A shop that is generated day by day, without any change except planted ones: rows to monitor.

Only the data that monitoring models read are generated: a day's features, arrivals, scores, and the
labels that mature that day. Every row is new on every day, which is noisier than constant
customers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from ml.data.arrays import Floats
from warehouse.feature_tables import FeatureTable

__all__ = ["HORIZON", "PLANTED", "TASKS", "Day", "Planted", "draw_day"]

HORIZON = 30
TASKS = {"customer_features": "customer_purchase_30d", "session_features": "session_purchase"}
SOURCES = ("Google", "direct", "mail", "social", "partner")
SOURCE_SHARES = (0.4, 0.3, 0.2, 0.08, 0.02)
WEEKDAYS = (1.0, 0.95, 0.95, 1.0, 1.05, 1.2, 1.1)
SEGMENTS = 60


@dataclass
class Day:
    """The data of one nightly run; frames have the columns of their tables."""

    as_of: date
    features: dict[str, pd.DataFrame]
    """By feature table, without labels."""
    orders: int
    """Orders that arrived the day before."""
    sessions: pd.DataFrame
    scores: dict[str, Floats]
    """The newest log-odds by task, one per row of its feature table."""
    matured: Floats = field(repr=False)
    """Log-odds predicted HORIZON days ago."""
    truth: Floats = field(repr=False)
    """True log-odds of a purchase of the same customers."""


@dataclass(frozen=True)
class Planted:
    """A planted change of one day's rows, and the checks that can find it."""

    name: str
    change: Callable[[Day, np.random.Generator], None]
    found_by: tuple[str, ...]


def draw_day(
    rng: np.random.Generator, tables: Mapping[str, FeatureTable], as_of: date, customers: int
) -> Day:
    """Generate a day without a change."""
    busy = WEEKDAYS[(as_of - timedelta(days=1)).weekday()]
    visits = int(rng.poisson(customers / 3 * busy))
    rows = {"customer_features": customers, "session_features": visits}
    sources = rng.choice(SOURCES, size=visits, p=SOURCE_SHARES)
    matured = _log_odds(rng, customers)
    return Day(
        as_of=as_of,
        features={name: _features(rng, table, rows[name]) for name, table in tables.items()},
        orders=int(rng.poisson(customers / 8 * busy * rng.gamma(200, 1 / 200))),
        sessions=pd.DataFrame({"traffic_source": sources}),
        scores={task: _log_odds(rng, rows[name]) for name, task in TASKS.items()},
        matured=matured,
        truth=matured,
    )


def _log_odds(rng: np.random.Generator, rows: int) -> Floats:
    return np.asarray(rng.normal(-1.6, 1.3, rows))


def _features(rng: np.random.Generator, table: FeatureTable, rows: int) -> pd.DataFrame:
    """Features that are counts, amounts, shares, flags and waiting times in turn, some missing."""
    kinds: tuple[Callable[[], Floats], ...] = (
        lambda: rng.poisson(rng.gamma(0.5, 2, rows)).astype(float),
        lambda: np.round(rng.lognormal(4, 1, rows) * (rng.random(rows) < 0.4), 2),
        lambda: rng.beta(2, 5, rows),
        lambda: (rng.random(rows) < 0.3).astype(float),
        lambda: np.ceil(rng.exponential(60, rows)),
        lambda: rng.normal(0, 1, rows),
    )
    columns = {}
    for place, feature in enumerate(table.features):
        values = kinds[place % len(kinds)]()
        if place % 3 == 0:
            values[rng.random(rows) < 0.08] = np.nan
        columns[feature.name] = values.astype(np.float32)
    return pd.DataFrame(columns)


def _multiply(place: int, factor: float) -> Callable[[Day, np.random.Generator], None]:
    def change(day: Day, rng: np.random.Generator) -> None:
        day.features["customer_features"].iloc[:, place] *= factor

    return change


def _lose_values(day: Day, rng: np.random.Generator) -> None:
    frame = day.features["customer_features"]
    frame.iloc[rng.random(len(frame)) < 0.15, 4] = np.nan


def _new_source(day: Day, rng: np.random.Generator) -> None:
    day.sessions.loc[rng.random(len(day.sessions)) < 0.05, "traffic_source"] = "newcomer"


def _orders(factor: float) -> Callable[[Day, np.random.Generator], None]:
    def change(day: Day, rng: np.random.Generator) -> None:
        day.orders = int(day.orders * factor)

    return change


def _shift_scores(day: Day, rng: np.random.Generator) -> None:
    day.scores["customer_purchase_30d"] += 0.6


def _flatten_scores(day: Day, rng: np.random.Generator) -> None:
    scores = day.scores["customer_purchase_30d"]
    day.scores["customer_purchase_30d"] = scores.mean() + 0.3 * (scores - scores.mean())


def _change_behaviour(day: Day, rng: np.random.Generator) -> None:
    """The same share buys, but half of the scores no longer predict who."""
    day.truth = np.where(
        rng.random(len(day.matured)) < 0.5, rng.permutation(day.matured), day.matured
    )


def _buy_less(day: Day, rng: np.random.Generator) -> None:
    day.truth = day.matured - 0.7


PLANTED = (
    Planted("a feature grows by a half", _multiply(4, 1.5), ("feature_psi", "feature_ks")),
    Planted("a feature comes in cents", _multiply(1, 100), ("range",)),
    Planted("15 % of a feature's values are missing", _lose_values, ("null_share",)),
    Planted("5 % of visits from a new source", _new_source, ("unseen_category",)),
    Planted("half of the orders", _orders(0.5), ("volume",)),
    Planted("orders come twice", _orders(2), ("volume",)),
    Planted("no order arrives", _orders(0), ("arrival_freshness", "event_freshness")),
    Planted("scores rise by 0.6 log-odds", _shift_scores, ("score_psi", "score_ks")),
    Planted("scores tell less apart", _flatten_scores, ("expected_auc",)),
    Planted("behaviour changes", _change_behaviour, ("realised_auc",)),
    Planted("customers buy half as often", _buy_less, ("calibration",)),
)


def buyers(rng: np.random.Generator, log_odds: Floats) -> npt.NDArray[np.bool_]:
    """Random purchases with these log-odds: [rows]."""
    return np.asarray(rng.random(len(log_odds)) < expit(log_odds))
