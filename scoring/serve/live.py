"""The publication that is asked now, and its replacement by the next without a request lost."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from scoring.serve.batcher import Batcher
from scoring.serve.browse.tables import Question
from scoring.serve.metrics import Metrics
from scoring.serve.publication import THREADS, Facts, OpenPublication, Unscorable, identity
from warehouse.errors import one_line
from warehouse.settings import Settings

__all__ = ["Live", "Open"]

PAUSE = 0.5
"""Seconds between two looks at the serving file."""
LARGEST = 64
"""Requests answered by one run of the SQL."""

log = structlog.get_logger()


class Open:
    """An open publication, and how many requests it is answering."""

    def __init__(self, publication: OpenPublication) -> None:
        self.publication = publication
        self.sessions: Batcher[Any, Facts | Unscorable] = Batcher(
            publication.sessions, "sessions", LARGEST, THREADS
        )
        self.customers: Batcher[Any, Facts | Unscorable] = Batcher(
            publication.customers, "customers", 1, THREADS
        )
        self.asked: Batcher[Question, str | None] = Batcher(publication.asked, "tables", LARGEST)
        self.requests = 0
        self.is_replaced = False

    def close(self) -> None:
        """End its threads and let go of the file."""
        for batcher in (self.sessions, self.customers, self.asked):
            batcher.close()
        self.publication.close()


class Live:
    """Lends the newest publication to requests; an older one closes when its last request ends."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Open what is served; raises as `OpenPublication` does."""
        self._settings = settings
        self._metrics = metrics
        self._refused: object = None
        self._closing: set[asyncio.Task[None]] = set()
        self.open = Open(OpenPublication(settings))
        self._tell()

    @contextmanager
    def lend(self) -> Iterator[Open]:
        """The publication for one request, from its first question to its last."""
        lent = self.open
        lent.requests += 1
        try:
            yield lent
        finally:
            lent.requests -= 1
            self._close_if_done(lent)

    async def watch(self) -> None:
        """Look for a new publication again and again; never ends by itself."""
        while True:
            await asyncio.sleep(PAUSE)
            await self.look()

    async def look(self) -> None:
        """Take what is published now, if it is another version and can be opened.

        What cannot be opened is said once and tried again: a bundle may arrive after its tables.
        """
        found = identity(self._settings.serving)
        if found is None or found == self.open.publication.identity:
            return
        started = time.perf_counter()
        try:
            taken = await asyncio.to_thread(OpenPublication, self._settings)
        except Exception as error:
            if self._refused != found:
                self._refused = found
                self._metrics.refused.inc()
                log.warning("publication_refused", reason=one_line(error))
            return
        replaced, self.open = self.open, Open(taken)
        replaced.is_replaced = True
        self._close_if_done(replaced)
        self._tell()
        seconds = round(time.perf_counter() - started, 3)
        log.info("publication_taken", version=taken.version, seconds=seconds)

    async def close(self) -> None:
        """Close what is open, after its last answer."""
        await asyncio.gather(*self._closing)
        await asyncio.to_thread(self.open.close)

    def _close_if_done(self, lent: Open) -> None:
        if lent.is_replaced and not lent.requests:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(lent.close))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _tell(self) -> None:
        self._metrics.taken.inc()
        self._metrics.published_at.set(self.open.publication.published_at.timestamp())
