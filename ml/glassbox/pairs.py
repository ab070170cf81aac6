"""Rank pairs of features by how much they explain of the residuals of single features.

For every pair, the residuals of a model of single features are summed on a coarse grid. One
threshold per feature cuts the grid into four quadrants. The pair's gain is what the best quadrants
explain beyond the same cuts alone (FAST, Lou et al. 2013, "Accurate intelligible models with
pairwise interactions"), with gradients and Hessians of the log loss in place of squared errors. The
residuals come from held-out rows, so a pair gains nothing by fitting noise.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats
from ml.glassbox.terms import cell_of

__all__ = ["rank_pairs"]

BINS = 16
RIDGE = 5.0
"""Added to a quadrant's Hessian, so that a few rows count little."""


def rank_pairs(
    matrix: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8], probabilities: Floats
) -> list[tuple[int, int]]:
    """All pairs of feature numbers in descending order of gain (by number where gains are equal).

    `matrix` is [rows, features], NaN where missing; `labels` is [rows]. `probabilities` [rows] come
    from a model of single features that was not fitted on the row.
    """
    residual = labels - probabilities
    curvature = probabilities * (1 - probabilities)
    cells = [_coarse(column) for column in matrix.T]
    sides = [int(each.max(initial=0)) + 1 for each in cells]
    gains = {}
    for one, two in combinations(range(len(cells)), 2):
        flat = cells[one] * sides[two] + cells[two]
        shape = (sides[one], sides[two])
        gains[one, two] = _gain(_sums(flat, residual, shape), _sums(flat, curvature, shape))
    return sorted(gains, key=lambda pair: (-gains[pair], pair))


def _coarse(column: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """The cell of each row in a grid of at most BINS cells and one for missing values: [rows]."""
    known = column[~np.isnan(column)]
    if not known.size:
        return np.zeros(len(column), dtype=np.int64)
    edges = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="lower"))
    edges = edges[edges < known.max()]
    return np.unique(cell_of(edges, column), return_inverse=True)[1]


def _sums(cells: npt.NDArray[np.int64], values: Floats, shape: tuple[int, int]) -> Floats:
    """The sum of `values` [rows] in each cell of a grid with this shape."""
    sums = np.bincount(cells, weights=values, minlength=shape[0] * shape[1])
    return sums.astype(np.float64).reshape(shape)


def _gain(residual: Floats, curvature: Floats) -> float:
    """The largest gain of four quadrants beyond their two cuts; the arguments are sums by cell."""
    top, weight = residual.cumsum(0).cumsum(1), curvature.cumsum(0).cumsum(1)
    if min(residual.shape) < 2:
        return 0.0

    def quadrants(sums: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        corner, row, column = sums[:-1, :-1], sums[:-1, -1:], sums[-1:, :-1]
        return corner, row - corner, column - corner, sums[-1, -1] - row - column + corner

    r, h = quadrants(top), quadrants(weight)
    crossed = sum(each**2 / (mass + RIDGE) for each, mass in zip(r, h, strict=True))
    rows = _both(r[0] + r[1], h[0] + h[1], r[2] + r[3], h[2] + h[3])
    columns = _both(r[0] + r[2], h[0] + h[2], r[1] + r[3], h[1] + h[3])
    return float((crossed - np.maximum(rows, columns)).max())


def _both(one: Floats, one_mass: Floats, two: Floats, two_mass: Floats) -> Floats:
    return one**2 / (one_mass + RIDGE) + two**2 / (two_mass + RIDGE)
