"""Say the same with other terms: what one feature can say alone leaves the pairs, means the terms.

A pair's step function can hide a part that depends on one of its features only. Taking each row's
mean, weighted by training rows, to the one feature and each column's to the other, in turn until
nothing moves, leaves the pure interaction (Lengerich et al. 2020, "Purifying interaction effects
with the functional ANOVA"). Every step takes from one term what it gives to another, so the sum,
and with it the model, is untouched however many steps there are.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats
from ml.glassbox.terms import Cells, Edges, GlassBox, Term

__all__ = ["purify"]

SWEEPS = 1_000
STILL = 1e-12
"""Log-odds."""


def purify(box: GlassBox, matrix: npt.NDArray[np.float32]) -> GlassBox:
    """The same model on pure terms that are zero on average over the rows of `matrix`.

    `matrix` is [rows, features], NaN where missing. There is one term a feature or pair, and none
    that is zero everywhere unless all are; the most important comes first.
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
    """A pair's pure interaction, and what its two features say alone: [cells] each.

    A row or column without training rows is weighted as the others are on average.
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
