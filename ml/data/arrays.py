"""The array types that are used in learning."""

import numpy as np
import numpy.typing as npt

__all__ = ["Flags", "Floats", "Labels", "Matrix", "RowNumbers"]

Matrix = npt.NDArray[np.float32]
"""[rows, features], NaN where a value is missing."""
Labels = npt.NDArray[np.uint8]
"""[rows], 1 for a buyer and 0 for others."""
Floats = npt.NDArray[np.float64]
RowNumbers = npt.NDArray[np.int64]
"""Row numbers in a data set."""
Flags = npt.NDArray[np.bool_]
