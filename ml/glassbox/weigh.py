"""A term as one balanced tree, with the shortest paths to the cells with most rows.

Each split halves the training rows as evenly as one threshold can, on the side of the grid where
this works better. So the number of splits on a row's path is close to the smallest possible.
Missing values count as greater than infinity: a split with an infinite threshold separates them
from all other values.
"""

from dataclasses import dataclass, field

import numpy as np

from ml.data.arrays import Floats
from ml.export.trees import Tree
from ml.glassbox.terms import Term

__all__ = ["weighed_tree"]

EMPTY = 0.5
"""Rows that are added to all cells together, so that cells without training rows count a little."""


@dataclass
class _Growing:
    feature: list[int] = field(default_factory=list)
    threshold: list[np.float32] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    count: list[float] = field(default_factory=list)

    def leaf(self, value: float, count: float) -> int:
        """Add a node that has no children yet; returns its number."""
        self.feature.append(-1)
        self.threshold.append(np.float32(0))
        self.left.append(0)
        self.right.append(0)
        self.value.append(value)
        self.count.append(count)
        return len(self.feature) - 1


def weighed_tree(term: Term) -> Tree:
    """One tree that returns `term.values` for every row, rounded to float32."""
    values = term.values.astype(np.float32).astype(np.float64)
    weights = term.rows.astype(np.float64) + EMPTY / term.rows.size
    if len(term.features) == 1:
        values, weights = values[:, None], weights[:, None]
    grown = _Growing()
    grown.leaf(0.0, float(weights.sum()))
    waiting = [(0, (0, values.shape[0]), (0, values.shape[1]))]
    while waiting:
        node, (top, bottom), (start, stop) = waiting.pop()
        block = values[top:bottom, start:stop]
        if (block == block[0, 0]).all():
            grown.value[node] = float(block[0, 0])
            continue
        weight = weights[top:bottom, start:stop]
        axis, cut = _cut(block, weight)
        if axis == 0:
            boxes = [((top, top + cut), (start, stop)), ((top + cut, bottom), (start, stop))]
            edge = top + cut - 1
            parts = [weight[:cut].sum(), weight[cut:].sum()]
        else:
            boxes = [((top, bottom), (start, start + cut)), ((top, bottom), (start + cut, stop))]
            edge = start + cut - 1
            parts = [weight[:, :cut].sum(), weight[:, cut:].sum()]
        children = [grown.leaf(0.0, float(part)) for part in parts]
        edges = term.edges[axis]
        grown.feature[node] = term.features[axis]
        grown.threshold[node] = edges[edge] if edge < len(edges) else np.float32(np.inf)
        grown.left[node], grown.right[node] = children
        waiting += [(child, *box) for child, box in zip(children, boxes, strict=True)]
    return Tree(
        feature=np.array(grown.feature),
        threshold=np.array(grown.threshold, dtype=np.float32),
        missing_left=np.zeros(len(grown.feature), dtype=bool),
        left=np.array(grown.left),
        right=np.array(grown.right),
        value=np.array(grown.value),
        count=np.array(grown.count),
    )


def _cut(values: Floats, weights: Floats) -> tuple[int, int]:
    """The side of the grid to cut, and the number of cells before the cut: the most even halves.

    A cut between two rows or columns with equal values is never chosen, since it would separate
    nothing.
    """
    best = (np.inf, 0, 0)
    for axis in (0, 1):
        along = weights.sum(axis=1 - axis)
        uneven = np.abs(2 * np.cumsum(along)[:-1] - along.sum())
        uneven[~np.diff(values, axis=axis).any(axis=1 - axis)] = np.inf
        if len(uneven):
            cut = int(uneven.argmin())
            best = min(best, (float(uneven[cut]), axis, cut + 1))
    return best[1], best[2]
