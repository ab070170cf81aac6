"""Codes as what they stand for: beside each, the smoothed share of label 1 among its rows.

A browser's or a month's number says nothing by its size, so a tree needs many splits to pick the
codes that matter. The share puts them in the order of the outcome (target encoding, Micci-Barreca
2001). In training, a row's share comes from other folds than its own (scikit-learn's
TargetEncoder), or the model would read its own label.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import TargetEncoder

from ml.data.arrays import Labels, Matrix
from ml.export.tree_operator import sum_credits, tree_node
from ml.glassbox import Term, weighed_tree

__all__ = ["Encoding", "code_columns", "encode"]

FEWEST, MOST = 3, 64
"""Codes of a feature: a flag needs no order, and many codes have too few rows each."""
PRIOR_ROWS = 20.0
"""Rows of the average outcome that each code is given beside its own."""
FOLDS = 5


@dataclass(frozen=True)
class Encoding:
    """Of some features, the share of label 1 behind each code."""

    terms: Sequence[Term]
    """A step function a feature: its values are shares, not log-odds."""

    def __call__(self, X: Matrix) -> Matrix:
        """[rows, features + terms]: the features, and the share of each code."""
        shares = [term.contributions(X).astype(np.float32) for term in self.terms]
        return np.column_stack([X, *shares])

    def source(self, features: int) -> npt.NDArray[np.int64]:
        """The feature each column of the wide matrix speaks of: [features + terms]."""
        return np.array([*range(features), *(term.features[0] for term in self.terms)])

    def to_onnx(self, source: str, target: str) -> list[onnx.NodeProto]:
        """The same as ONNX, from the tensor `source` to the tensor `target`."""
        if not self.terms:
            return [helper.make_node("Identity", [source], [target])]
        trees = [weighed_tree(term) for term in self.terms]
        credits = [sum_credits(tree, number) for number, tree in enumerate(trees)]
        return [
            tree_node(trees, credits, len(trees), source, "code_shares"),
            helper.make_node("Concat", [source, "code_shares"], [target], axis=1),
        ]


def code_columns(X: Matrix) -> list[int]:
    """The features that look like codes: a few whole numbers from 1 on (a count starts at 0)."""
    found = []
    for column in range(X.shape[1]):
        values = np.unique(X[:, column])
        values = values[~np.isnan(values)]
        whole = len(values) and values[0] >= 1 and bool((values == np.round(values)).all())
        if whole and FEWEST <= len(values) <= MOST:
            found.append(column)
    return found


def encode(X: Matrix, y: Labels, seed: int) -> tuple[Encoding, Matrix]:
    """The encoding of all rows, and the wide matrix to learn from, encoded across folds."""
    codes = code_columns(X)
    folds = min(FOLDS, int(min(y.sum(), len(y) - y.sum())))
    if not codes or folds < 2:
        return Encoding(()), X
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    encoder = TargetEncoder(smooth=PRIOR_ROWS, target_type="binary", cv=splitter)
    shares = encoder.fit_transform(X[:, codes], y)
    terms = [
        _term(X[:, column], column, known, learned, float(encoder.target_mean_))
        for column, known, learned in zip(
            codes, encoder.categories_, encoder.encodings_, strict=True
        )
    ]
    informative = [i for i, term in enumerate(terms) if len(np.unique(term.values)) > 1]
    wide = np.column_stack([X, shares[:, informative].astype(np.float32)])
    return Encoding([terms[i] for i in informative]), wide


def _term(
    values: npt.NDArray[np.float32],
    column: int,
    known: npt.NDArray[np.float32],
    learned: npt.NDArray[np.float64],
    average: float,
) -> Term:
    """A cell for each code; what lies between codes, beyond them or is missing has the average."""
    missing = np.isnan(known)
    codes, share = known[~missing], learned[~missing]
    below = np.nextafter(codes, np.float32(-np.inf))
    edges = np.stack([below, codes], axis=1).ravel()
    inside = np.stack([np.full(len(codes), average), share], axis=1).ravel()
    rare = learned[missing][0] if missing.any() else average
    cells = np.append(inside, [average, rare]).astype(np.float32).astype(np.float64)
    empty = Term((column,), (edges,), cells, np.zeros(len(cells), dtype=np.int64))
    whole = np.zeros((len(values), column + 1), dtype=np.float32)
    whole[:, column] = values
    return empty.counted(whole)
