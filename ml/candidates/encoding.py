"""Target encoding: for each code, a further feature with the smoothed share of label 1 in its rows.

The size of a code, for example of a browser or a month, has no meaning. So a tree needs many splits
to find the codes that matter. The share puts codes in the order of the outcome (Micci-Barreca
2001). In training, a row's share comes from folds without the row (scikit-learn's TargetEncoder),
because otherwise the model could read the row's own label.
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
"""Codes of an encoded feature at least and at most. Two need no order; many have few rows each."""
PRIOR_ROWS = 20.0
"""Rows with the average outcome that are added to each code's own rows."""
FOLDS = 5


@dataclass(frozen=True)
class Encoding:
    """The share of label 1 for each code of some features."""

    terms: Sequence[Term]
    """One step function per encoded feature. Its values are shares and not log-odds."""

    def __call__(self, X: Matrix) -> Matrix:
        """The features, and the shares of their codes: [rows, features + terms]."""
        shares = [term.contributions(X).astype(np.float32) for term in self.terms]
        return np.column_stack([X, *shares])

    def source(self, features: int) -> npt.NDArray[np.int64]:
        """The number of the feature from which each column comes: [features + terms]."""
        return np.array([*range(features), *(term.features[0] for term in self.terms)])

    def to_onnx(self, source: str, target: str) -> list[onnx.NodeProto]:
        """The same as ONNX nodes, from the tensor `source` to the tensor `target`."""
        if not self.terms:
            return [helper.make_node("Identity", [source], [target])]
        trees = [weighed_tree(term) for term in self.terms]
        credits = [sum_credits(tree, number) for number, tree in enumerate(trees)]
        return [
            tree_node(trees, credits, len(trees), source, "code_shares"),
            helper.make_node("Concat", [source, "code_shares"], [target], axis=1),
        ]


def code_columns(X: Matrix) -> list[int]:
    """The numbers of the features that look like codes: a few whole numbers, the lowest at least 1.

    Counts are not codes: they start at 0.
    """
    found = []
    for column in range(X.shape[1]):
        values = np.unique(X[:, column])
        values = values[~np.isnan(values)]
        whole = len(values) and values[0] >= 1 and bool((values == np.round(values)).all())
        if whole and FEWEST <= len(values) <= MOST:
            found.append(column)
    return found


def encode(X: Matrix, y: Labels, seed: int) -> tuple[Encoding, Matrix]:
    """The encoding learned from all rows, and the matrix to train on.

    The matrix [rows, features + terms] is encoded across folds. With fewer than two rows of a
    class, or without codes, nothing is encoded.
    """
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
    """A term with one cell per code. Values between or beyond the codes have the average share.

    A missing value has its own share where it was learned, and otherwise the average.
    """
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
