"""How much one caller may ask: so many requests a second, with a short burst."""

import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Limits"]

CALLERS = 10_000
"""Callers remembered; the one not seen for longest goes first."""


class Limits:
    """A bucket of tokens for each caller: it holds one second's worth, and refills steadily."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_second` requests of each caller."""
        self.per_second = per_second
        self._size = max(1.0, per_second)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str) -> float:
        """0 when the request may go on, else the seconds after which one more may."""
        now = self._clock()
        tokens, then = self._left.pop(caller, (self._size, now))
        tokens = min(self._size, tokens + (now - then) * self.per_second)
        allowed = tokens >= 1
        self._left[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self.per_second
