"""Callers of an HTTP service. Each sends a request when the previous one has been answered."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

__all__ = ["Load", "ask"]


@dataclass
class Load:
    """What the callers measured."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)
    """Seconds of each answered request."""
    answers: Counter[int] = field(default_factory=Counter)
    """Number of answers by HTTP status; 0 stands for no answer."""

    def percentile(self, share: float) -> float:
        """Milliseconds of the quantile `share` (0 to 1); 0 without any answer."""
        return round(1000 * float(np.quantile(self.took, share)), 1) if self.took else 0.0

    @property
    def per_second(self) -> float:
        """Requests answered with 200, per second."""
        return round(self.answers[200] / self.seconds, 1)

    @property
    def lost(self) -> int:
        """Requests with another status, or without an answer."""
        return sum(self.answers.values()) - self.answers[200]


async def ask(
    port: int, requests: Sequence[bytes], clients: int, more: Callable[[], bool], load: Load
) -> None:
    """Send `requests` in turn from `clients` callers while `more()` is true; record in `load`."""
    started = time.monotonic()
    await asyncio.gather(
        *(_caller(port, requests, number, more, load) for number in range(clients))
    )
    load.seconds += time.monotonic() - started


async def _caller(
    port: int, requests: Sequence[bytes], number: int, more: Callable[[], bool], load: Load
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while more():
        request = requests[number % len(requests)]
        number += 1
        sent = time.perf_counter()
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
            load.took.append(time.perf_counter() - sent)
            load.answers[int(head[9:12])] += 1
        except (OSError, EOFError, ValueError, asyncio.IncompleteReadError):
            load.answers[0] += 1
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
