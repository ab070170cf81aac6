"""The array types that learning passes around."""

import numpy as np
import numpy.typing as npt

__all__ = ["Flags", "Floats", "Labels", "Matrix", "RowNumbers"]

Matrix = npt.NDArray[np.float32]
"""[rows, features]."""
Labels = npt.NDArray[np.uint8]
"""[rows], 1 for a buyer."""
Floats = npt.NDArray[np.float64]
RowNumbers = npt.NDArray[np.int64]
"""Numbers of rows of a data set."""
Flags = npt.NDArray[np.bool_]
