"""Figures of a segment, recomputed in Python from statsmodels' intervals."""

from statsmodels.stats.proportion import proportion_confint

from tests.support.sql_macros import project_vars

__all__ = ["Z_SQUARED", "half_width", "verdict_of"]

Z_SQUARED = 3.841458820694124  # the 95 % quantile of chi-squared with one degree of freedom


def half_width(successes: float, trials: float) -> float:
    """Half the width of Wilson's 95 % interval."""
    low, high = proportion_confint(successes, trials, method="wilson")
    return float(high - low) / 2


def verdict_of(successes: int, trials: int) -> str:
    """The verdict, recomputed in Python from statsmodels' interval."""
    limits = project_vars()
    half = half_width(successes, trials)
    wanted = max(limits["smallest_half_width"], limits["relative_half_width"] * successes / trials)
    allowed = min(limits["reliable_half_width"], wanted)
    wider = allowed * limits["borderline_half_width"] / limits["reliable_half_width"]
    return "reliable" if half <= allowed else "borderline" if half <= wider else "too_few"
