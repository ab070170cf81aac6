"""The glass box: a bias, and terms that are step functions of one or two features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats

__all__ = ["GlassBox", "Term", "cell_of"]

Edges = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int64]


def cell_of(edges: Edges, values: npt.NDArray[np.float32]) -> Cells:
    """The cell that contains each value: [rows]. `edges` is [edges], `values` is [rows].

    With k edges there are k + 2 cells. Cell i holds values above edge i - 1, up to and including
    edge i. Cell k holds values above the last edge, and cell k + 1 missing values.
    """
    # NaN sorts after infinity, and so falls into the last cell.
    return np.searchsorted(np.append(edges, np.float32(np.inf)), values, side="left")


@dataclass(frozen=True)
class Term:
    """A step function: log-odds for every cell of the grid over one or two features."""

    features: tuple[int, ...]
    """One feature number, or two in ascending order."""
    edges: tuple[Edges, ...]
    """The edges of each feature: finite, distinct, in ascending order."""
    values: Floats
    """Log-odds [cells] or [cells, cells]; the last cell of each side is for missing values."""
    rows: Cells
    """Number of training rows, in the same shape."""

    @property
    def importance(self) -> float:
        """Mean absolute contribution over the training rows, in log-odds."""
        return float(np.average(np.abs(self.values), weights=self.rows))

    def cells(self, matrix: npt.NDArray[np.float32]) -> tuple[Cells, ...]:
        """The cell of each row on each side of the grid: [rows] each.

        `matrix` is [rows, features], NaN where missing.
        """
        return tuple(
            cell_of(edges, matrix[:, feature])
            for feature, edges in zip(self.features, self.edges, strict=True)
        )

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Floats:
        """What the term adds to the log-odds of each row of `matrix` [rows, features]: [rows]."""
        return self.values[self.cells(matrix)]

    def counted(self, matrix: npt.NDArray[np.float32]) -> "Term":
        """The same term with the number of rows of `matrix` in each of its cells."""
        flat = np.ravel_multi_index(self.cells(matrix), self.values.shape)
        counts = np.bincount(flat, minlength=self.values.size)
        return replace(self, rows=counts.reshape(self.values.shape))


@dataclass(frozen=True)
class GlassBox:
    """The whole model: the log-odds are the bias plus the sum of the terms."""

    bias: float
    """Mean log-odds of the training rows."""
    terms: Sequence[Term]
    """The terms, the most important first; at least one."""

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Floats:
        """What each term adds to the log-odds of each row of `matrix`: [rows, terms]."""
        return np.stack([term.contributions(matrix) for term in self.terms], axis=1)

    def on_line(self, slope: float, offset: float) -> "GlassBox":
        """The glass box whose log-odds are `slope` times these, plus `offset`."""
        terms = [replace(term, values=slope * term.values) for term in self.terms]
        return GlassBox(slope * self.bias + offset, terms)
