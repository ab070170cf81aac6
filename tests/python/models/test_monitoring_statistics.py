"""The statistics behind the monitoring checks, held against scipy and numpy and against luck."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.support.sql_macros import column, rendered

Z = (3.0, 3.9, 4.75, 5.3)


@pytest.mark.parametrize("z", Z)
def test_the_chi_squared_quantile_is_that_of_scipy(z: float) -> None:
    """Never too small; within 4 % from nine degrees of freedom, 10 % from three, 20 % from one."""
    rows = pd.DataFrame({"df": [0, 1, 2, 3, 5, 9, 19, 40]})
    found = column(rows, rendered(f"chi_squared_quantile('{z}', 'df')"))
    true = stats.chi2.isf(stats.norm.sf(z), rows["df"].clip(lower=1))
    assert found[0] == 0
    too_large = found[1:] / true[1:] - 1
    assert (too_large >= -1e-3).all()
    assert too_large.max() <= 0.2 and too_large[3:].max() <= 0.1 and too_large[5:].max() <= 0.04


@pytest.mark.parametrize("z", Z)
def test_the_quantile_of_student_is_that_of_scipy(z: float) -> None:
    """Never too small; within 5 % from seven degrees of freedom (eight weeks), 1 % from 15."""
    rows = pd.DataFrame({"df": [7, 10, 15, 25, 100]})
    found = column(rows, rendered(f"student_t_quantile('{z}', 'df')"))
    too_large = found / stats.t.isf(stats.norm.sf(z), rows["df"]) - 1
    assert (too_large >= -1e-3).all()
    assert too_large.max() <= 0.05 and too_large[2:].max() <= 0.01


@pytest.mark.parametrize("z", Z)
def test_a_poisson_count_leaves_its_bounds_as_rarely_as_said(z: float) -> None:
    """Never twice as often, from a hundredth of a row to a million; nor is the bound blank."""
    rows = pd.DataFrame({"mean": [0.01, 0.3, 1, 3, 10, 30, 300, 1e4, 1e6]})
    low, high = (
        column(rows, rendered(f"count_{side}('mean', 'mean', '{z}')")) for side in ("low", "high")
    )
    p = stats.norm.sf(z)
    assert (stats.poisson.sf(np.floor(high), rows["mean"]) <= 2 * p).all()
    assert (stats.poisson.cdf(np.ceil(low) - 1, rows["mean"]) <= 2 * p).all()
    assert (high <= stats.poisson.isf(p, rows["mean"]) + 2 + 0.3 * z).all()


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_binomial_count_leaves_its_bounds_as_rarely_as_said(share: float) -> None:
    """A share of missing values may be near 0 or near 1."""
    rows, z = pd.DataFrame({"n": [10, 100, 1_000, 100_000]}), 4.5
    mean, variance = f"n * {share}", f"n * {share} * {1 - share}"
    low, high = (
        column(rows, rendered(f"count_{side}('{mean}', '{variance}', '{z}', '{1 - 2 * share}')"))
        for side in ("low", "high")
    )
    limit = 2.5 * stats.norm.sf(z)
    assert (stats.binom.sf(np.floor(high), rows["n"], share) <= limit).all()
    assert (stats.binom.cdf(np.ceil(low) - 1, rows["n"], share) <= limit).all()


def psi(now: list[int], before: list[int]) -> float:
    """The index as the macro's terms add up."""
    rows = pd.DataFrame({"now": now, "before": before})
    term = rendered(f"psi_term('now', '{sum(now)}', 'before', '{sum(before)}', '{len(now)}')")
    return float(column(rows, term).sum())


def test_the_stability_index_is_that_of_numpy() -> None:
    """Jeffreys' divergence: entropy both ways; 0 for the same shares, for one bin, for no row."""
    now, before = np.array([40, 0, 25, 35]), np.array([100, 100, 100, 200])
    p, q = (now + 0.5) / (now.sum() + 2), (before + 0.5) / (before.sum() + 2)
    assert psi([*now], [*before]) == pytest.approx(stats.entropy(p, q) + stats.entropy(q, p))
    assert psi([7], [900]) == psi([0], [0]) == 0
    assert psi([50, 50], [5_000, 5_000]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(("n", "m"), [(20, 200), (300, 300), (1_000, 20_000)])
@pytest.mark.parametrize("shares", [[0.1] * 10, [0.7, 0.1, 0.1, 0.05, 0.05], [0.98, 0.02]])
def test_an_index_without_change_stays_below_its_noise_floor(
    n: int, m: int, shares: list[float]
) -> None:
    """The floor that one in 200 should exceed is exceeded by at most one in 80, and not by none."""
    luck, z, bins = np.random.default_rng(0), 2.5758, len(shares)
    now, before = luck.multinomial(n, shares, 20_000), luck.multinomial(m, shares, 20_000)
    p, q = (now + 0.5) / (n + bins / 2), (before + 0.5) / (m + bins / 2)
    index = ((p - q) * np.log(p / q)).sum(axis=1)
    sizes = pd.DataFrame({"n": [n], "m": [m]})
    (floor,) = column(sizes, rendered(f"psi_noise_floor('n', 'm', '{bins}', '{z}')"))
    assert (index > floor).mean() <= 1 / 80
    assert index.max() > 0.8 * floor


def test_the_distance_of_two_samples_is_judged_as_scipy_judges_it() -> None:
    """At the floor, scipy's exact p-value is the one asked for, or smaller; empty says 1."""
    for n, m in [(30, 50), (200, 900), (1_000, 1_500)]:
        sizes = pd.DataFrame({"n": [n], "m": [m]})
        for p in (0.05, 1e-3, 1e-6):
            (floor,) = column(sizes, rendered(f"ks_noise_floor('n', 'm', '{p}')"))
            steps = np.ceil(floor * n * m) / (n * m)
            exact = stats.kstwo.sf(steps, round(n * m / (n + m)))
            assert exact <= 1.1 * p
    empty = pd.DataFrame({"n": [0, 5, 1], "m": [5, 0, 1]})
    assert column(empty, rendered("ks_noise_floor('n', 'm', '1e-6')")).tolist() == [1, 1, 1]
