"""Rate limits: requests per second for each caller, with a short burst."""

import time
from collections import OrderedDict
from collections.abc import Callable

__all__ = ["Limits"]

CALLERS = 10_000
"""Callers remembered; beyond that, the one with the oldest request is dropped."""


class Limits:
    """A token bucket for each caller. It holds the tokens of one second and refills steadily."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Allow each caller `per_second` requests; `clock` returns seconds."""
        self.per_second = per_second
        self._size = max(1.0, per_second)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str) -> float:
        """0 when the request is allowed, else the seconds until the next one is."""
        now = self._clock()
        tokens, then = self._left.pop(caller, (self._size, now))
        tokens = min(self._size, tokens + (now - then) * self.per_second)
        allowed = tokens >= 1
        self._left[caller] = (tokens - 1 if allowed else tokens, now)
        if len(self._left) > CALLERS:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self.per_second
