"""Micro-segments of a shop: who is in them, and every figure against one computed the slow way."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from tests.support.reference_statistics import Z_SQUARED, verdict_of
from tests.support.shops import Shop
from tests.support.sql_macros import SEGMENT_LEVELS

KEYS = ["as_of_date", "outcome", "level", "segment_id"]
FAMILY = KEYS[:3]
LEVELS = [level["name"] for level in SEGMENT_LEVELS]


@pytest.fixture(scope="module")
def numerosity(shop: Shop) -> pd.DataFrame:
    """The shop's micro-segments, all levels, dates and outcomes."""
    found = shop.workspace.frame("select * from segments.micro_segment_numerosity")
    return found.sort_values(KEYS).reset_index(drop=True)


@pytest.fixture(scope="module")
def one_family(numerosity: pd.DataFrame) -> pd.DataFrame:
    """All levels of the newest date at which people bought or did not within 30 days."""
    rows = numerosity[numerosity["outcome"] == "has_purchase_30d"]
    return rows[rows["as_of_date"] == rows["as_of_date"].max()].reset_index(drop=True)


def test_every_customer_is_in_one_segment_a_level(shop: Shop) -> None:
    """Each level is part of the one before; nothing unknown is null."""
    found = shop.workspace.frame("select * from segments.customer_micro_segments")
    assert found.notna().all(axis=None)
    assert not found.duplicated(["customer_id", "as_of_date"]).any()
    ((customers,),) = shop.workspace.rows("select count(*) from features.customer_features")
    assert len(found) == customers
    for above, below in pairwise(LEVELS):
        pairs = found[[f"{above}_segment_id", f"{below}_segment_id"]].drop_duplicates()
        assert not pairs.duplicated(f"{below}_segment_id").any()


def test_a_rule_run_as_sql_gives_its_segment(shop: Shop) -> None:
    """Of a hundred rules spread over all, each finds the customers it is written beside."""
    finest = f"{LEVELS[-1]}_segment_id"
    rules = shop.workspace.rows(
        f"select segment_rule, any_value({finest}), count(*), count(distinct {finest}) "
        "from segments.customer_micro_segments group by segment_rule order by hash(segment_rule)"
    )
    assert len(rules) > 200
    assert all(segments == 1 for *_, segments in rules)
    counts = ", ".join(f"count(case when {rule} then 1 end)" for rule, *_ in rules[:100])
    (found,) = shop.workspace.rows(f"select {counts} from features.customer_features")
    assert list(found) == [count for _, _, count, _ in rules[:100]]
    assert any("annual_salary is null" in rule for rule, *_ in rules)


def test_segments_are_counted_as_pandas_counts_them(shop: Shop, numerosity: pd.DataFrame) -> None:
    """The same segments at the same dates, with the same customers and buyers, by outcome."""
    outcomes = [
        name
        for name, kind, *_ in shop.workspace.rows("describe features.customer_features")
        if kind == "BOOLEAN"
    ]
    assert len(outcomes) >= 3
    members = shop.workspace.frame(
        f"select segments.*, {', '.join(outcomes)}, "
        "cast(order_amount_365d as decimal(18, 2))::double as revenue "
        "from segments.customer_micro_segments as segments "
        "inner join features.customer_features using (customer_id, as_of_date)"
    ).assign(everyone_segment_id="everyone")
    parts = []
    for outcome in outcomes:
        matured = members[members[outcome].notna()].assign(
            bought=lambda rows, outcome=outcome: rows[outcome].astype(int)
        )
        total = matured.groupby("as_of_date")["revenue"].sum()
        for level, name in enumerate(["everyone", *LEVELS]):
            counted = matured.groupby(["as_of_date", f"{name}_segment_id"]).agg(
                customers=("bought", "size"), buyers=("bought", "sum"), spent=("revenue", "sum")
            )
            part = counted.reset_index().rename(columns={f"{name}_segment_id": "segment_id"})
            part["revenue_share"] = part["spent"] / part["as_of_date"].map(total)
            parts.append(part.assign(level=level, outcome=outcome))
    columns = [*KEYS, "customers", "buyers", "revenue_share"]
    expected = pd.concat(parts)[columns].sort_values(KEYS).reset_index(drop=True)
    assert len(expected) > 5_000
    pd.testing.assert_frame_equal(numerosity[columns], expected, check_dtype=False, atol=1e-9)


def test_nothing_is_null_but_the_prediction_of_customers_not_scored(
    numerosity: pd.DataFrame,
) -> None:
    """A rate stands beside its number of customers, always."""
    predicted = [name for name in numerosity if "predicted" in name]
    assert numerosity.drop(columns=predicted).notna().all(axis=None)
    assert (numerosity["customers"] > 0).all()
    scored = numerosity["customers_scored"] > 0
    assert (numerosity[predicted].notna().all(axis=1) == scored).all()
    assert (numerosity[predicted].isna().all(axis=1) == ~scored).all()


def test_every_rate_and_interval_is_that_of_statsmodels(numerosity: pd.DataFrame) -> None:
    """Rate, bounds, customers needed, verdict and shares of every segment row."""
    customers, buyers = numerosity["customers"], numerosity["buyers"]
    low, high = proportion_confint(buyers, customers, method="wilson")
    pulled = (buyers + 2) / (customers + 4)
    needed = np.ceil(Z_SQUARED * pulled * (1 - pulled) / 0.02**2)
    for name, expected in [
        ("rate", buyers / customers),
        ("wilson_low", low),
        ("wilson_high", high),
    ]:
        np.testing.assert_allclose(numerosity[name], expected, rtol=0, atol=1e-9)
    assert (numerosity["customers_needed"] == needed).all()
    cells = numerosity[["buyers", "customers", "verdict"]].drop_duplicates()
    assert set(cells["verdict"]) == {"reliable", "borderline", "too_few"}
    for row in cells.nlargest(200, "customers").itertuples():
        assert row.verdict == verdict_of(row.buyers, row.customers)
    for name, counted in (("customers_share", customers), ("buyers_share", buyers)):
        everyone = numerosity[numerosity["level"] == 0].set_index(["as_of_date", "outcome"])
        total = pd.MultiIndex.from_frame(numerosity[["as_of_date", "outcome"]]).map(
            everyone[name.removesuffix("_share")]
        )
        np.testing.assert_allclose(numerosity[name], counted / total.to_numpy(), atol=1e-12)


def test_p_and_q_values_are_those_of_scipy_and_statsmodels(one_family: pd.DataFrame) -> None:
    """By the smaller hypergeometric tail, doubled, against the rest; q over all levels."""
    parents = one_family.set_index("segment_id")
    below = one_family[one_family["level"] > 0]
    q = multipletests(below["p_value"], method="fdr_bh")[1]
    np.testing.assert_allclose(below["q_value"], q, rtol=1e-9)
    for _, level in one_family.groupby("level"):
        total = parents.loc[level["parent_segment_id"], "customers"].to_numpy()
        bought = parents.loc[level["parent_segment_id"], "buyers"].to_numpy()
        customers, buyers = level["customers"].to_numpy(), level["buyers"].to_numpy()
        up = stats.hypergeom.sf(buyers - 1, total, bought, customers)
        down = stats.hypergeom.cdf(buyers, total, bought, customers)
        expected = np.minimum(1, 2 * np.minimum(up, down))
        np.testing.assert_allclose(level["p_value"], expected, rtol=0.01, atol=1e-12)
        rate, of_parent = buyers / customers, bought / total
        lift = np.where(of_parent > 0, rate / np.where(of_parent > 0, of_parent, 1), 1)
        np.testing.assert_allclose(level["lift"], lift, rtol=1e-12)


def correlation(level: pd.DataFrame) -> float:
    """The intra-class correlation of siblings, group by group, as sibling_correlation.sql says."""
    evidence = []
    for _, group in level.groupby("parent_segment_id"):
        n, x, k = group["customers"].to_numpy(float), group["buyers"].to_numpy(float), len(group)
        if k < 2 or n.sum() <= k or x.sum() in (0, n.sum()):
            continue
        p = x.sum() / n.sum()
        variance = p * (1 - p) * n.sum() / (n.sum() - 1)
        chi_squared = ((x - n * p) ** 2 / n).sum() / variance
        size = (n.sum() - (n**2).sum() / n.sum()) / (k - 1)
        evidence.append((size, chi_squared - (k - 1), k - 1, (n.sum() - k) / (n.sum() - 1)))
    if not evidence:
        return 0.05
    size, excess, freedom, left = np.array(evidence).T
    information = (size**2 * freedom * left).sum()
    estimate = (size * excess).sum() / information
    spread = 2 * freedom * size**2 * (1 + max(estimate, 0) * size) ** 2
    error = np.sqrt(spread.sum()) / information
    return min(0.9, float(stats.truncnorm.mean(-estimate / error, np.inf, estimate, error)))


def test_eb_rates_and_intervals_are_those_computed_level_by_level(one_family: pd.DataFrame) -> None:
    """With loops and scipy: prior from the parent's prior and the siblings, then posterior."""
    prior = {"everyone": (0.5, 0.5)}
    for level, rows in one_family[one_family["level"] > 0].groupby("level"):
        rho = correlation(rows)
        for parent, group in rows.groupby("parent_segment_id"):
            n, x = group["customers"].to_numpy(float), group["buyers"].to_numpy(float)
            weight = 1 / (1 + rho * (n - 1))
            for place, segment in enumerate(group["segment_id"]):
                others = np.arange(len(n)) != place
                alpha = prior[parent][0] + (weight * x)[others].sum()
                beta = prior[parent][1] + (weight * (n - x))[others].sum()
                share = (1 - rho) / (1 + rho * (alpha + beta)) if others.any() else 1
                prior[segment] = (alpha * share, beta * share)
        assert level in range(1, len(LEVELS) + 1)
    alpha = one_family["buyers"] + one_family["segment_id"].map(lambda one: prior[one][0])
    others = one_family["customers"] - one_family["buyers"]
    beta = others + one_family["segment_id"].map(lambda one: prior[one][1])
    np.testing.assert_allclose(one_family["eb_rate"], alpha / (alpha + beta), atol=1e-6)
    low, high = stats.beta.ppf(0.025, alpha, beta), stats.beta.ppf(0.975, alpha, beta)
    np.testing.assert_allclose(one_family["eb_low"], low, atol=1e-5)
    np.testing.assert_allclose(one_family["eb_high"], high, atol=1e-5)


def test_small_segments_roll_up_to_the_nearest_that_is_large_enough(
    one_family: pd.DataFrame,
) -> None:
    """One step after the other, found by walking up the parents."""
    rows = one_family.set_index("segment_id")
    steps = set()
    for segment, row in rows.iterrows():
        here, walked = segment, 0
        while rows.loc[here, "verdict"] == "too_few" and here != "everyone":
            here, walked = rows.loc[here, "parent_segment_id"], walked + 1
        assert row["rolled_up_to"] == here
        steps.add(walked)
    assert {0, 1, 2, 3} <= steps
