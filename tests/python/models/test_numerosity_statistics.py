"""The statistics written in SQL, held against scipy and statsmodels at every size."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from tests.support.reference_statistics import Z_SQUARED, half_width, verdict_of
from tests.support.sql_macros import column, on_rows, rendered

TRIALS = (0, 1, 2, 9, 10, 50, 1_000, 1_000_000)
GRID = pd.DataFrame(
    sorted({(s, n) for n in TRIALS for s in (0, 1, n // 2, n - 1, n) if 0 <= s <= n}),
    columns=["successes", "trials"],
)


@pytest.mark.parametrize("side", ["low", "high"])
def test_wilson_bounds_are_those_of_statsmodels(side: str) -> None:
    """To 1e-9, from one customer to a million; without customers nothing is known."""
    found = column(GRID, rendered(f"wilson_{side}('successes', 'trials')"))
    for successes, trials, value in zip(GRID["successes"], GRID["trials"], found, strict=True):
        interval = proportion_confint(successes, trials, method="wilson") if trials else (0.0, 1.0)
        assert value == pytest.approx(interval[side == "high"], rel=0, abs=1e-9)
        assert 0 <= value <= 1


def test_wilson_bounds_enclose_the_rate() -> None:
    """The rate lies within its interval, exactly, at both ends too."""
    bounds = {side: rendered(f"wilson_{side}('successes', 'trials')") for side in ("low", "high")}
    found = on_rows(GRID, **bounds)
    assert (found["low"] < found["high"]).all()
    some = found[found["trials"] > 0]
    assert some["low"].le(some["successes"] / some["trials"]).all()
    assert some["high"].ge(some["successes"] / some["trials"]).all()


@pytest.mark.parametrize("margin", [0.01, 0.02, 0.05])
def test_customers_needed_is_the_formula_and_is_enough(margin: float) -> None:
    """As computed in Python; and so many customers do give an interval of that width."""
    found = column(GRID, rendered(f"customers_needed('successes', 'trials', margin={margin})"))
    for successes, trials, needed in zip(GRID["successes"], GRID["trials"], found, strict=True):
        pulled = (successes + 2) / (trials + 4)
        assert needed == math.ceil(Z_SQUARED * pulled * (1 - pulled) / margin**2)
        if 0.1 <= pulled <= 0.9:  # beyond, the normal approximation behind the formula is rough
            assert half_width(pulled * needed, needed) <= margin * 1.01
            assert half_width(pulled * needed / 2, needed / 2) > margin


def test_the_normal_tail_is_that_of_scipy() -> None:
    """Its relative error stays below 2e-7, from -8 to 35 standard deviations."""
    points = pd.DataFrame({"z": np.linspace(-8, 35, 431)})
    found = column(points, rendered("normal_upper_tail('z')"))
    np.testing.assert_allclose(found, stats.norm.sf(points["z"]), rtol=2e-7)


def test_ln_gamma_is_that_of_scipy() -> None:
    """To 1e-11 of 1 + the value, from a ten-thousandth to a hundred million."""
    points = pd.DataFrame({"x": [*np.geomspace(1e-4, 1e8, 300), 1.0, 2.0, 0.5]})
    found, expected = column(points, rendered("ln_gamma('x')")), special.gammaln(points["x"])
    assert (np.abs(found - expected) <= 1e-11 * (1 + np.abs(expected))).all()


def beta_interval(shapes: pd.DataFrame) -> pd.DataFrame:
    """The 2.5 and 97.5 % quantiles of beta(a, b), in the steps the model takes."""
    rows = on_rows(shapes, ln_beta=rendered("ln_beta('a', 'b')"))
    sides = {"low": ("a", "b"), "high": ("b", "a")}
    start = {
        side: rendered(f"beta_quantile_start('{a}', '{b}', 'ln_beta')")
        for side, (a, b) in sides.items()
    }
    rows = on_rows(rows, **start)
    for _ in range(int(rendered("beta_quantile_steps()"))):
        rows = on_rows(rows, low_x="1 / (1 + exp(-low))", high_x="1 / (1 + exp(-high))")
        steps = {
            f"{side}_next": rendered(
                f"beta_quantile_step('{side}', '{side}_x', '{a}', '{b}', 'ln_beta')"
            )
            for side, (a, b) in sides.items()
        }
        rows = on_rows(rows, **steps)
        rows = rows[["a", "b", "ln_beta", "low_next", "high_next"]]
        rows.columns = ["a", "b", "ln_beta", "low", "high"]
    return pd.DataFrame({"low": special.expit(rows["low"]), "high": special.expit(-rows["high"])})


@pytest.mark.parametrize(("smallest", "error"), [(0.05, 1e-6), (1e-4, 5e-4)])
def test_beta_quantiles_are_those_of_scipy(smallest: float, error: float) -> None:
    """Both ends, from skewed to a million, whichever of a and b is the larger."""
    sizes = [0.1, 0.3, 0.5, 0.9, 0.99, 1, 1.0001, 1.5, 2, 5, 20, 100, 999, 1001, 3e4, 1e6]
    sizes = [smallest, 2 * smallest, *sizes]
    shapes = pd.DataFrame([(a, b) for a in sizes for b in sizes], columns=["a", "b"], dtype=float)
    found = beta_interval(shapes)
    assert found.notna().all(axis=None)
    for side, p in (("low", 0.025), ("high", 0.975)):
        expected = stats.beta.ppf(p, shapes["a"], shapes["b"])
        np.testing.assert_allclose(found[side], expected, rtol=0, atol=error)


def test_beta_quantiles_hold_where_counts_are_large() -> None:
    """Within a thousandth of a standard deviation, for rates from 0.001 to one half."""
    shapes = pd.DataFrame(
        [(n * rate, n * (1 - rate)) for n in (1e4, 1e5, 1e6) for rate in (0.001, 0.02, 0.5)],
        columns=["a", "b"],
    )
    found, sd = beta_interval(shapes), stats.beta.std(shapes["a"], shapes["b"])
    for side, p in (("low", 0.025), ("high", 0.975)):
        expected = stats.beta.ppf(p, shapes["a"], shapes["b"])
        assert (np.abs(found[side] - expected) <= 1e-3 * sd).all()


def p_values(rows: pd.DataFrame) -> pd.Series:
    """The p-value where x of n customers of a segment bought, `bought` of `total` of its parent."""
    sides = {
        "seen": rendered("in_excess('x', 'n', 'bought', 'total')"),
        "seen_in_parent": rendered("in_excess('x', 'n', 'bought', 'total', of='parent')"),
    }
    call = rendered("difference_p_value('seen', 'n', 'seen_in_parent', 'total')")
    return column(on_rows(rows, **sides), call)


def tables() -> pd.DataFrame:
    """Two-by-two tables: every one of up to 12 customers, and larger ones up to two million."""
    rng = np.random.default_rng(3)
    small = [
        (x, n, bought, total)
        for total in (1, 2, 3, 5, 12)
        for n in range(1, total + 1)
        for bought in range(total + 1)
        for x in range(max(0, n + bought - total), min(n, bought) + 1)
    ]
    large = [(1_000_000, 1_000_000, 1_000_000, 2_000_000), (1, 1, 1, 1_000_000)]
    large += [(0, 1_000_000, 0, 2_000_000), (300_500, 1_000_000, 600_000, 2_000_000)]
    while len(large) < 3_000:
        total = int(10 ** rng.uniform(1, 6.3))
        n = max(1, int(total * 10 ** rng.uniform(-4, -0.01)))
        bought = int(total * 10 ** rng.uniform(-4, 0))
        sd = np.sqrt(n * bought / total * (1 - bought / total) + 0.3)
        x = round(n * bought / total + 2.5 * sd * rng.normal())
        large.append(
            (int(np.clip(x, max(0, n + bought - total), min(n, bought))), n, bought, total)
        )
    return pd.DataFrame([*small, *large], columns=["x", "n", "bought", "total"], dtype=float)


def test_p_values_are_those_of_the_hypergeometric_distribution() -> None:
    """Twice scipy's smaller tail: to 1e-7 where the sum is exact, else to 2 % of p."""
    rows = tables()
    found = p_values(rows)
    x, n, bought, total = (rows[name] for name in ("x", "n", "bought", "total"))
    up, down = stats.hypergeom.sf(x - 1, total, bought, n), stats.hypergeom.cdf(x, total, bought, n)
    expected = np.minimum(1, 2 * np.minimum(up, down))
    alone = (n == total) | (bought == 0) | (bought == total)
    assert (found[alone] == 1).all()
    seen = ~alone & (expected > 1e-12)
    variance = n * bought / total * (1 - bought / total) * (total - n) / np.maximum(total - 1, 1)
    exact = seen & (variance < 25)
    assert exact.sum() > 1_000 and (seen & ~exact).sum() > 500
    np.testing.assert_allclose(found[exact], expected[exact], rtol=1e-7)
    np.testing.assert_allclose(found[seen & ~exact], expected[seen & ~exact], rtol=0.02)
    assert found.between(0, 1).all()


def test_small_tables_have_the_p_value_of_fisher() -> None:
    """scipy's Fisher test, one-sided in the direction of the difference, doubled."""
    rows = pd.DataFrame(
        [(3, 3, 4, 12), (0, 5, 6, 11), (1, 1, 1, 2), (7, 9, 8, 30)],
        columns=["x", "n", "bought", "total"],
    )
    for (x, n, bought, total), found in zip(
        rows.itertuples(index=False), p_values(rows.astype(float)), strict=True
    ):
        table = [[x, n - x], [bought - x, total - n - bought + x]]
        fisher = min(stats.fisher_exact(table, side).pvalue for side in ("less", "greater"))
        assert found == pytest.approx(min(1, 2 * fisher))


@pytest.mark.parametrize("count", [1, 2, 7, 500])
def test_q_values_are_those_of_statsmodels(count: int) -> None:
    """Benjamini-Hochberg within each family, ties and ones included."""
    rng = np.random.default_rng(count)
    p = np.round(rng.uniform(0, 1, 2 * count) ** 3, 2)
    rows = pd.DataFrame({"family": ["one", "two"] * count, "p": p, "id": range(2 * count)})
    rows = on_rows(rows, p_rank="row_number() over (partition by family order by p, id)")
    rows = on_rows(rows, step=rendered("q_value_step('p', 'p_rank', 'family')"))
    rows = on_rows(rows, q=rendered("q_value('step', 'p_rank', 'family')"))
    for _, family in rows.groupby("family"):
        expected = multipletests(family["p"], method="fdr_bh")[1]
        np.testing.assert_allclose(family["q"], expected, rtol=1e-12)


def test_lift_is_a_quotient_and_1_where_nobody_bought() -> None:
    """Never null, never infinite."""
    rows = pd.DataFrame({"rate": [0.0, 0.0, 0.2, 1.0], "parent_rate": [0.0, 0.5, 0.1, 1.0]})
    assert column(rows, rendered("lift('rate', 'parent_rate')")).tolist() == [1, 0, 2, 1]


def test_the_verdict_asks_for_more_customers_where_the_rate_is_low() -> None:
    """As recomputed; 1 buyer of 100 is too few, although the interval is under 3 points wide."""
    rows = GRID[GRID["trials"] > 0]
    known = {(1, 100): "too_few", (5, 100): "borderline", (0, 10): "too_few", (0, 200): "reliable"}
    known |= {(32, 355): "reliable", (154, 175): "reliable", (1, 1): "too_few"}
    rows = pd.concat([rows, pd.DataFrame(list(known), columns=rows.columns)])
    bounds = {side: rendered(f"wilson_{side}('successes', 'trials')") for side in ("low", "high")}
    rows = on_rows(rows, rate="successes / trials", **bounds)
    found = on_rows(rows, verdict=rendered("verdict('rate', 'low', 'high')"))
    for row in found.itertuples():
        assert row.verdict == verdict_of(row.successes, row.trials)
        assert row.verdict == known.get((row.successes, row.trials), row.verdict)
    assert set(found["verdict"]) == {"reliable", "borderline", "too_few"}
