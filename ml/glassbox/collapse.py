"""From trees to terms: add every leaf to the grid of the features on its path.

A tree is the sum of its leaves. Each leaf is a constant on a box: the rows that take its path at
every split. The thresholds of a feature, or of a pair, span a grid, and a box over these features
is a rectangle of its cells. So the sum of all leaves over the same features is a step function on
that grid, and the sum of the step functions is the sum of the trees.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.export.trees import Tree
from ml.glassbox.purify import purify
from ml.glassbox.terms import Edges, GlassBox, Term

__all__ = ["collapse"]


@dataclass(frozen=True)
class _Split:
    """A split, and the side that a path takes."""

    feature: int
    threshold: np.float32
    missing_left: bool
    goes_left: bool


@dataclass(frozen=True)
class _Leaf:
    path: tuple[_Split, ...]
    value: float


def collapse(
    trees: Sequence[Tree], bias: float, matrix: npt.NDArray[np.float32], scale: float = 1.0
) -> GlassBox:
    """The glass box whose log-odds are `bias` plus `scale` times the sum of `trees`.

    `matrix` holds the training rows [rows, features], NaN where missing; terms are centred and
    pairs purified on them. Raises ValueError when a path has splits on more than two features.
    """
    found: dict[tuple[int, ...], list[_Leaf]] = defaultdict(list)
    for tree in trees:
        for leaf in _leaves(tree):
            found[tuple(sorted({split.feature for split in leaf.path}))].append(leaf)
    bias += scale * sum(leaf.value for leaf in found.pop((), []))
    terms = [_term(features, leaves, scale) for features, leaves in found.items()]
    return purify(GlassBox(bias, terms or [_term((0,), [], scale)]), matrix)


def _leaves(tree: Tree) -> Iterator[_Leaf]:
    waiting: list[tuple[int, tuple[_Split, ...]]] = [(0, ())]
    while waiting:
        node, path = waiting.pop()
        if tree.is_leaf[node]:
            yield _Leaf(path, float(tree.value[node]))
            continue
        feature, threshold = int(tree.feature[node]), tree.threshold[node]
        for child, goes_left in ((tree.left[node], True), (tree.right[node], False)):
            split = _Split(feature, threshold, bool(tree.missing_left[node]), goes_left)
            waiting.append((int(child), (*path, split)))


def _term(features: tuple[int, ...], leaves: Sequence[_Leaf], scale: float) -> Term:
    if len(features) > 2:
        raise ValueError(f"a path has splits on the features {features}: two are the most")
    edges = tuple(_edges(feature, leaves) for feature in features)
    values = np.zeros([len(each) + 2 for each in edges])
    for leaf in leaves:
        box = (_inside(f, e, leaf.path) for f, e in zip(features, edges, strict=True))
        values[np.ix_(*box)] += scale * leaf.value
    return Term(features, edges, values, np.zeros(values.shape, dtype=np.int64))


def _edges(feature: int, leaves: Sequence[_Leaf]) -> Edges:
    found = [each.threshold for leaf in leaves for each in leaf.path if each.feature == feature]
    values = np.unique(np.array(found, dtype=np.float32))
    return values[np.isfinite(values)]  # an infinite threshold only separates missing values


def _inside(feature: int, edges: Edges, path: Sequence[_Split]) -> npt.NDArray[np.bool_]:
    """Whether each cell of the feature takes the path at every split: [cells]."""
    highest = np.append(edges, np.float32(np.inf))
    inside = np.ones(len(edges) + 2, dtype=bool)
    for split in path:
        if split.feature == feature:
            left = np.append(highest <= split.threshold, split.missing_left)
            inside &= left == split.goes_left
    return inside
