"""What a glass box is: a bias, and terms that are step functions of one or two features."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats

__all__ = ["GlassBox", "Term", "cell_of"]

Edges = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int64]


def cell_of(edges: Edges, values: npt.NDArray[np.float32]) -> Cells:
    """The cell each value lies in: [rows].

    With k edges there are k + 2 cells: number i holds what is above edge i - 1 and up to and
    including edge i, number k what is above the last edge, number k + 1 missing values.
    """
    # NaN is sorted behind infinity, which takes it to the last cell.
    return np.searchsorted(np.append(edges, np.float32(np.inf)), values, side="left")


@dataclass(frozen=True)
class Term:
    """A step function: log-odds for every cell of the grid over one or two features."""

    features: tuple[int, ...]
    """One number, or two ascending ones."""
    edges: tuple[Edges, ...]
    """Of each feature: finite, ascending, each once."""
    values: Floats
    """Log-odds [cells] or [cells, cells]; the last cell of each side holds missing values."""
    rows: Cells
    """Training rows, in the same shape."""

    @property
    def importance(self) -> float:
        """Mean size of the contribution over the training rows, in log-odds."""
        return float(np.average(np.abs(self.values), weights=self.rows))

    def cells(self, matrix: npt.NDArray[np.float32]) -> tuple[Cells, ...]:
        """Where each row of `matrix` [rows, features] lies on each side of the grid: [rows] each.

        Missing values are NaN.
        """
        return tuple(
            cell_of(edges, matrix[:, feature])
            for feature, edges in zip(self.features, self.edges, strict=True)
        )

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Floats:
        """What the term adds to each row's log-odds: [rows]."""
        return self.values[self.cells(matrix)]

    def counted(self, matrix: npt.NDArray[np.float32]) -> "Term":
        """The same term with the rows of `matrix` in its cells."""
        flat = np.ravel_multi_index(self.cells(matrix), self.values.shape)
        counts = np.bincount(flat, minlength=self.values.size)
        return replace(self, rows=counts.reshape(self.values.shape))


@dataclass(frozen=True)
class GlassBox:
    """The whole model: log-odds are the bias and the sum of the terms."""

    bias: float
    """Log-odds of the average training row."""
    terms: Sequence[Term]
    """Most important first; at least one."""

    def contributions(self, matrix: npt.NDArray[np.float32]) -> Floats:
        """What each term adds to each row's log-odds: [rows, terms]."""
        return np.stack([term.contributions(matrix) for term in self.terms], axis=1)

    def on_line(self, slope: float, offset: float) -> "GlassBox":
        """The glass box whose log-odds are `slope` times these and `offset`."""
        terms = [replace(term, values=slope * term.values) for term in self.terms]
        return GlassBox(slope * self.bias + offset, terms)
