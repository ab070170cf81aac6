"""Readable bounds: 61,000 instead of 60,912.5, where few rows change sides."""

import math

import numpy as np
import numpy.typing as npt

from ml.discover.rules import float32

__all__ = ["readable_bound"]

MOVED = 0.05
"""Share of the rows on the smaller side that may change sides for a readable bound."""


def readable_bound(values: npt.NDArray[np.float32], threshold: float) -> float:
    """A bound b for which `value < b` is nearly the same as a tree's `value <= threshold`.

    `values` [rows] are sorted and without NaN. The result is the roundest number that moves at most
    `MOVED` of the rows on the smaller side: a multiple of 1, 2 or 5 times a power of ten, the
    largest step first. It is exact in float32. Between whole numbers the bound is whole.
    """
    below = int(np.searchsorted(values, threshold, side="right"))
    if below in (0, len(values)):
        return float32(np.nextafter(np.float32(threshold), np.float32(np.inf)))
    slack = int(MOVED * min(below, len(values) - below))
    least = float(values[below - 1 - slack])  # the bound is above this value
    most = float(values[below + slack])  # the bound is at most this value
    nearest = (float(values[below - 1]) + float(values[below])) / 2
    for step in _steps(most - least, max(abs(least), abs(most))):
        bound = round(nearest / step) * step
        for near in (bound, bound + step, bound - step):
            rounded = float32(near)
            if least < rounded <= most:
                return rounded + 0.0
    return most


def _steps(width: float, size: float) -> list[float]:
    """Steps of round numbers, coarse to fine: from the numbers' size to a tenth of the width."""
    if width <= 0:
        return []
    first = math.ceil(math.log10(max(size, width)))
    last = math.floor(math.log10(width)) - 1
    return [digit * 10.0**power for power in range(first, last - 1, -1) for digit in (5, 2, 1)]
