"""Purify pairs and centre terms: the same model, with each effect in the smallest possible term.

A pair's step function can contain a part that depends on one of its features only. The mean of each
grid row, weighted by training rows, is moved to the first feature, and the mean of each column to
the second, in turn until nothing changes. What remains is the pure interaction (Lengerich et al.
2020, "Purifying interaction effects with the functional ANOVA"). Every step adds to one term what
it takes from another. So the sum, and with it the model, stays the same.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats
from ml.glassbox.terms import Cells, Edges, GlassBox, Term

__all__ = ["purify"]

SWEEPS = 1_000
"""Repetitions at most."""
STILL = 1e-12
"""Log-odds. Purification ends when no mean is larger than this."""


def purify(box: GlassBox, matrix: npt.NDArray[np.float32]) -> GlassBox:
    """The same model with pure terms, which are zero on average over the rows of `matrix`.

    `matrix` is [rows, features], NaN where missing. The result has one term per feature or pair, in
    descending order of importance. Terms that are zero everywhere are left out, but one term always
    remains.
    """
    counted = [term.counted(matrix) for term in box.terms]
    pairs = [term for term in counted if len(term.features) == 2]
    alone = [term for term in counted if len(term.features) == 1]
    pure = []
    for pair in pairs:
        values, sides = _pure(pair.values, pair.rows)
        pure.append(replace(pair, values=values))
        alone += [
            Term((feature,), (edges,), side, np.zeros(len(side), np.int64))
            for feature, edges, side in zip(pair.features, pair.edges, sides, strict=True)
        ]
    features = sorted({feature for term in alone for feature in term.features})
    singles = [
        _sum([term for term in alone if term.features == (each,)], matrix) for each in features
    ]
    means = [float(np.average(term.values, weights=term.rows)) for term in singles]
    centred = [
        replace(term, values=term.values - mean) for term, mean in zip(singles, means, strict=True)
    ]
    terms = sorted(centred + pure, key=lambda term: (-term.importance, term.features))
    used = [term for term in terms if term.values.any()]
    return GlassBox(box.bias + sum(means), used or terms[:1])


def _pure(values: Floats, rows: Cells) -> tuple[Floats, tuple[Floats, Floats]]:
    """A pair's pure interaction [cells, cells], and the effects of its two features [cells] each.

    A grid row or column without training rows is weighted like the others on average.
    """
    down, across = rows.sum(axis=1, keepdims=True), rows.sum(axis=0, keepdims=True)
    weights = (np.where(down > 0, rows, across), np.where(across > 0, rows, down))
    left, sides = values.copy(), (np.zeros(values.shape[0]), np.zeros(values.shape[1]))
    for _ in range(SWEEPS):
        moved = 0.0
        for axis, weight in enumerate(weights):
            mean = np.average(left, axis=1 - axis, weights=weight)
            left -= np.expand_dims(mean, 1 - axis)
            sides[axis][:] += mean
            moved = max(moved, float(np.abs(mean).max()))
        if moved < STILL:
            break
    return left, sides


def _sum(terms: Sequence[Term], matrix: npt.NDArray[np.float32]) -> Term:
    """The sum of terms of one feature, on the grid of all their edges."""
    edges: Edges = np.unique(np.concatenate([term.edges[0] for term in terms]))
    highest = np.append(edges, np.array([np.inf, np.nan], np.float32))  # one value of each cell
    values = np.zeros(len(highest))
    for term in terms:
        values += term.values[
            np.searchsorted(np.append(term.edges[0], np.float32(np.inf)), highest)
        ]
    return Term(terms[0].features, (edges,), values, np.zeros(len(values), np.int64)).counted(
        matrix
    )
