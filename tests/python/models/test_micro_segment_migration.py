"""Moves between micro-segments and what they did to the purchase rate, recomputed the slow way."""

import shutil
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from tests.support.shops import Shop
from warehouse.settings import PROJECT_ROOT

OUTCOMES = ("has_purchase_7d", "has_purchase_30d", "has_purchase_90d")
REBUILT = ("micro_segment_migration", "micro_segment_move_purchases")
REBUILT_LATER = ("micro_segment_rate_change", "purchase_rate_change")
PAIR = ["level", "from_as_of_date", "to_as_of_date"]
CHANGE = [*PAIR, "outcome"]
LEFT_AT = date(2025, 9, 11)
Z = 1.959963984540054


@dataclass(frozen=True)
class Tables:
    """What the models made, and what they were made from."""

    members: pd.DataFrame  # customer_id, as_of_date, level, segment_id
    labels: pd.DataFrame  # customer_id, as_of_date, and the outcomes
    migration: pd.DataFrame
    segments: pd.DataFrame  # micro_segment_rate_change
    changes: pd.DataFrame  # purchase_rate_change


def read(connection: duckdb.DuckDBPyConnection) -> Tables:
    """The tables of a warehouse; levels are the pairs of columns of customer_micro_segments."""
    wide = connection.sql("select * from segments.customer_micro_segments").df()
    ids = [name for name in wide.columns if name.endswith("_segment_id")]
    parts = [
        wide[["customer_id", "as_of_date", name]].rename(columns={name: "segment_id"})
        for name in ids
    ]
    members = pd.concat(
        [part.assign(level=level) for level, part in enumerate(parts, start=1)], ignore_index=True
    )
    return Tables(
        members,
        connection.sql(
            f"select customer_id, as_of_date, {', '.join(OUTCOMES)} from features.customer_features"
        ).df(),
        *(
            connection.sql(f"select * from segments.{name}").df()
            for name in (REBUILT[0], *REBUILT_LATER)
        ),
    )


def with_leavers(shop: Shop, folder: Path) -> Tables:
    """The tables as they would be had customers left: a fifth of them, and a whole segment.

    The SQL is what dbt compiled for the shop, run on a copy of its warehouse.
    """
    copy = folder / shop.workspace.warehouse.name
    shutil.copy(shop.workspace.warehouse, copy)
    compiled = shop.workspace.folder / "target" / "compiled" / "numerosity" / "models" / "segments"
    with duckdb.connect(str(copy)) as connection:
        connection.execute(
            "create temp table leavers as select customer_id from segments.customer_micro_segments "
            "where as_of_date = $1 and (life_cycle_segment_id = 'lapsed' "
            "or customer_id like '%3' or customer_id like '%7')",
            [LEFT_AT],
        )
        for table in ("segments.customer_micro_segments", "features.customer_features"):
            connection.execute(
                f"delete from {table} where as_of_date >= $1 "
                "and customer_id in (select customer_id from leavers)",
                [LEFT_AT],
            )
        for name in (*REBUILT, *REBUILT_LATER):
            select = (compiled / f"{name}.sql").read_text(encoding="utf-8")
            connection.execute(f"create or replace table segments.{name} as {select}")
        return read(connection)


@pytest.fixture(scope="module", params=["as built", "with leavers"])
def tables(
    request: pytest.FixtureRequest, shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> Tables:
    """The shop's tables, and the same with customers gone and a segment empty."""
    if request.param == "with leavers":
        return with_leavers(shop, tmp_path_factory.mktemp("leavers"))
    with duckdb.connect(str(shop.workspace.warehouse), read_only=True) as connection:
        return read(connection)


def steps(tables: Tables) -> list[tuple[int, pd.Timestamp, pd.Timestamp]]:
    """Every level with every date and the one after it."""
    dates = sorted(tables.members["as_of_date"].unique())
    levels = sorted(tables.members["level"].unique())
    return [(level, before, after) for before, after in pairwise(dates) for level in levels]


def both_dates(
    tables: Tables, level: int, before: pd.Timestamp, after: pd.Timestamp
) -> pd.DataFrame:
    """One row a customer of either date: segment and outcomes then, suffixed _before, _after."""
    of_level = tables.members[tables.members["level"] == level].merge(
        tables.labels, on=["customer_id", "as_of_date"]
    )
    sides = [
        of_level[of_level["as_of_date"] == day].set_index("customer_id") for day in (before, after)
    ]
    return sides[0].add_suffix("_before").join(sides[1].add_suffix("_after"), how="outer")


def test_customers_are_counted_on_their_way_as_pandas_counts_them(tables: Tables) -> None:
    """Every move of every level and pair of dates, newcomers and leavers included."""
    parts = []
    for level, before, after in steps(tables):
        moves = both_dates(tables, level, before, after)
        way = [
            moves["segment_id_before"].fillna("new").rename("from_segment_id"),
            moves["segment_id_after"].fillna("gone").rename("to_segment_id"),
        ]
        part = moves.groupby(way).size().rename("customers").reset_index()
        parts.append(part.assign(level=level, from_as_of_date=before, to_as_of_date=after))
    keys = [*PAIR, "from_segment_id", "to_segment_id"]
    expected = pd.concat(parts)[[*keys, "customers"]].sort_values(keys).reset_index(drop=True)
    found = tables.migration[[*keys, "customers"]].sort_values(keys).reset_index(drop=True)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert "new" in set(found["from_segment_id"])


def test_rates_of_migration_are_shares_of_the_segment_left(tables: Tables) -> None:
    """They add up to one from each segment, and have statsmodels' interval."""
    found = tables.migration
    left = found.groupby([*PAIR, "from_segment_id"])
    np.testing.assert_allclose(left["rate"].sum(), 1, atol=1e-12)
    assert (left["customers"].sum() == left["from_customers"].first()).all()
    arrived = found.groupby([*PAIR, "to_segment_id"])
    assert (arrived["customers"].sum() == arrived["to_customers"].first()).all()
    low, high = proportion_confint(found["customers"], found["from_customers"], method="wilson")
    np.testing.assert_allclose(found["wilson_low"], low, atol=1e-9)
    np.testing.assert_allclose(found["wilson_high"], high, atol=1e-9)
    assert {"stayed", "moved", "new"} <= set(found["move"])


def test_leavers_are_gone(shop: Shop, tmp_path: Path) -> None:
    """Who is missing at the later date is counted as gone, at every level alike."""
    tables = with_leavers(shop, tmp_path)
    gone = tables.migration[tables.migration["move"] == "gone"]
    assert (gone["to_segment_id"] == "gone").all()
    per_level = gone.groupby("level")["customers"].sum()
    assert per_level.nunique() == 1 and per_level.iloc[0] > 50


@dataclass(frozen=True)
class Split:
    """Kitagawa's decomposition of one change, computed segment by segment."""

    mix: dict[str, float]
    rate: dict[str, float]
    change: float
    margins: tuple[float, float, float]  # of the change, of mix, of rate


def split(moves: pd.DataFrame, outcome: str) -> Split:
    """The slow reference: a loop over the segments, then one over the customers."""
    sides = []
    for side in ("before", "after"):
        there = moves[moves[f"segment_id_{side}"].notna()]
        bought = there[f"{outcome}_{side}"].astype(float)
        sides.append((there[f"segment_id_{side}"], bought))
    sizes = [segments.value_counts().to_dict() for segments, _ in sides]
    totals = [len(segments) for segments, _ in sides]
    overall = [float(bought.mean()) for _, bought in sides]
    own = [bought.groupby(segments).mean().to_dict() for segments, bought in sides]
    mix, rate, share, mean_share, rise = {}, {}, {}, {}, {}
    for segment in sizes[0].keys() | sizes[1].keys():
        rates = [own[side].get(segment, own[1 - side].get(segment)) for side in (0, 1)]
        share[segment] = [sizes[side].get(segment, 0) / totals[side] for side in (0, 1)]
        mean_share[segment] = sum(share[segment]) / 2
        rise[segment] = rates[1] - rates[0]
        growth = share[segment][1] - share[segment][0]
        mix[segment] = growth * (sum(rates) / 2 - sum(overall) / 2)
        rate[segment] = mean_share[segment] * rise[segment]
    drift = [sum(share[one][side] * rise[one] for one in rise) for side in (0, 1)]
    influence: dict[str, list[float]] = {}
    for side, sign in ((0, -1.0), (1, 1.0)):
        for customer, segment, bought in zip(sides[side][0].index, *sides[side], strict=True):
            on_change = sign * (bought - overall[side]) / totals[side]
            on_rate = (rise[segment] - drift[side]) / (2 * totals[side])
            here, there = sizes[side][segment], sizes[1 - side].get(segment, 0)
            if there and here == 1:
                on_rate += sign * mean_share[segment] * (bought - overall[side])
            elif there:
                residual = (bought - own[side][segment]) * np.sqrt(here / (here - 1))
                on_rate += sign * mean_share[segment] * residual / here
            both = influence.setdefault(customer, [0.0, 0.0, 0.0])
            for place, value in enumerate((on_change, on_change - on_rate, on_rate)):
                both[place] += value
    margins = Z * np.sqrt((np.array(list(influence.values())) ** 2).sum(axis=0))
    return Split(mix, rate, overall[1] - overall[0], tuple(margins))


def matured(tables: Tables, outcome: str) -> set[pd.Timestamp]:
    """The dates whose outcome is known."""
    return set(tables.labels.loc[tables.labels[outcome].notna(), "as_of_date"])


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_mix_and_rate_are_those_of_a_slow_reference(tables: Tables, outcome: str) -> None:
    """Every segment's effects, their sums and the intervals of the sums; only of matured dates."""
    known = matured(tables, outcome)
    due = [step for step in steps(tables) if {step[1], step[2]} <= known]
    of_outcome = tables.segments[tables.segments["outcome"] == outcome]
    by_step = {key: part.set_index("segment_id") for key, part in of_outcome.groupby(PAIR)}
    changes = tables.changes[tables.changes["outcome"] == outcome].set_index(PAIR)
    assert set(by_step) == set(due) == set(changes.index)
    for step in due[::5]:  # which comes by every level
        expected, found = split(both_dates(tables, *step), outcome), by_step[step]
        assert set(found.index) == set(expected.mix)
        for column, values in (("mix_effect", expected.mix), ("rate_effect", expected.rate)):
            assert found[column].to_dict() == pytest.approx(values, abs=1e-12)
        total = changes.loc[step]
        assert found["effect"].sum() == pytest.approx(expected.change, abs=1e-12)
        assert total["mix_effect"] == pytest.approx(sum(expected.mix.values()), abs=1e-12)
        assert total["rate_effect"] == pytest.approx(sum(expected.rate.values()), abs=1e-12)
        assert total["change"] == pytest.approx(expected.change, abs=1e-12)
        for column, margin in zip(
            ("change", "mix_effect", "rate_effect"), expected.margins, strict=True
        ):
            assert total[f"{column}_high"] - total[column] == pytest.approx(margin, abs=1e-12)
            assert total[column] - total[f"{column}_low"] == pytest.approx(margin, abs=1e-12)


def test_a_segment_that_came_or_went_has_no_effect_of_its_rate(tables: Tables) -> None:
    """All of it is mix: its change of share times its only rate against everyone's mean."""
    empty = tables.segments[
        (tables.segments["customers_before"] == 0) | (tables.segments["customers_after"] == 0)
    ]
    assert len(empty) > 100
    assert (empty[["rate_effect", "rate_effect_low", "rate_effect_high"]] == 0).all(axis=None)
    assert (empty["rate_before"] == empty["rate_after"]).all()


def test_the_interval_of_the_change_is_that_of_clustered_least_squares(tables: Tables) -> None:
    """statsmodels with customers as clusters, and without its correction for few clusters."""
    for outcome in OUTCOMES:
        row = tables.changes[
            (tables.changes["outcome"] == outcome) & (tables.changes["level"] == 1)
        ].iloc[-1]
        rows = tables.labels[
            tables.labels["as_of_date"].isin([row["from_as_of_date"], row["to_as_of_date"]])
        ].assign(
            bought=lambda frame: frame[outcome].astype(float),  # noqa: B023
            later=lambda frame: (frame["as_of_date"] == row["to_as_of_date"]).astype(float),  # noqa: B023
        )
        fit = smf.ols("bought ~ later", rows).fit(
            cov_type="cluster",
            cov_kwds={
                "groups": rows["customer_id"].astype("category").cat.codes,
                "use_correction": False,
            },
        )
        low, high = fit.conf_int().loc["later"]
        assert row["change"] == pytest.approx(fit.params["later"], abs=1e-12)
        assert row["change_low"] == pytest.approx(low, abs=1e-9)
        assert row["change_high"] == pytest.approx(high, abs=1e-9)


def test_intervals_of_mix_and_rate_are_as_wide_as_those_of_a_bootstrap(tables: Tables) -> None:
    """Customers drawn anew, with both their dates, at the level whose segments are large."""
    row = tables.changes[
        (tables.changes["outcome"] == "has_purchase_30d") & (tables.changes["level"] == 1)
    ].iloc[0]
    moves = both_dates(tables, 1, row["from_as_of_date"], row["to_as_of_date"]).sort_index()
    codes = [pd.Categorical(moves[f"segment_id_{side}"]) for side in ("before", "after")]
    names = sorted(set(codes[0].categories) | set(codes[1].categories))
    segments = [code.set_categories(names).codes for code in codes]
    bought = [moves[f"has_purchase_30d_{s}"].astype(float).to_numpy() for s in ("before", "after")]
    draw = np.random.default_rng(0)
    drawn = []
    for _ in range(2000):
        weight = np.bincount(draw.integers(0, len(moves), len(moves)), minlength=len(moves))
        sizes, buyers = [], []
        for segment, outcome in zip(segments, bought, strict=True):
            there = segment >= 0
            sizes.append(np.bincount(segment[there], weight[there], len(names)))
            buyers.append(np.bincount(segment[there], (weight * outcome)[there], len(names)))
        share = [size / size.sum() for size in sizes]
        # A segment drawn empty at one date has there the other's rate, as in the table.
        seen = [
            np.divide(hit, size, out=np.zeros(len(names)), where=size > 0)
            for hit, size in zip(buyers, sizes, strict=True)
        ]
        rate = [np.where(sizes[i] > 0, seen[i], seen[1 - i]) for i in (0, 1)]
        drawn.append(
            [
                ((share[1] - share[0]) * (rate[0] + rate[1]) / 2).sum(),
                ((share[0] + share[1]) / 2 * (rate[1] - rate[0])).sum(),
            ]
        )
    spread = np.std(drawn, axis=0)
    for column, expected in zip(("mix_effect", "rate_effect"), spread, strict=True):
        margin = row[f"{column}_high"] - row[column]
        assert margin / Z == pytest.approx(expected, rel=0.15)


def test_intervals_of_a_segments_rate_effect_are_newcombes(tables: Tables) -> None:
    """statsmodels' interval for the difference of two rates, times the mean share."""
    both = tables.segments[
        (tables.segments["customers_before"] > 0) & (tables.segments["customers_after"] > 0)
    ].sample(300, random_state=0)
    for row in both.itertuples():
        low, high = confint_proportions_2indep(
            row.buyers_after,
            row.customers_after,
            row.buyers_before,
            row.customers_before,
            method="newcomb",
        )
        share = (row.share_before + row.share_after) / 2
        assert row.rate_effect_low == pytest.approx(share * low, abs=1e-9)
        assert row.rate_effect_high == pytest.approx(share * high, abs=1e-9)


GRID = [(0, 1), (1, 1), (0, 9), (3, 9), (9, 9), (50, 1_000), (1_000_000, 1_000_000)]


def test_bounds_of_a_difference_are_newcombes_at_the_edges_too() -> None:
    """From one customer without a purchase to a million who all bought."""
    text = (PROJECT_ROOT / "macros/statistics/combined_bound.sql").read_text(encoding="utf-8")
    sides = "['a.p', 'a.low', 'a.high'], ['b.p', 'b.low', 'b.high']"
    calls = (f"difference_{side}({sides})" for side in ("low", "high"))
    sql = [jinja2.Environment().from_string(f"{text}{{{{ {call} }}}}").render() for call in calls]
    for one in GRID:
        for other in GRID:
            values = [(s / n, *proportion_confint(s, n, method="wilson")) for s, n in (one, other)]
            with duckdb.connect() as connection:
                found = connection.execute(
                    f"select {sql[0]}, {sql[1]} from (values (?, ?, ?)) a (p, low, high), "
                    "(values (?, ?, ?)) b (p, low, high)",
                    [float(value) for side in values for value in side],
                ).fetchone()
            expected = confint_proportions_2indep(*one, *other, method="newcomb")
            assert found == pytest.approx(expected, abs=1e-9), (one, other)
