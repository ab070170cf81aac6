"""The current publication, and its replacement by a newer one without losing a request."""

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

__all__ = ["Live", "PublicationInUse"]

PAUSE = 0.5
"""Seconds between two checks of the serving file."""
LARGEST = 64
"""The most requests answered by one run of the SQL."""

log = structlog.get_logger()


class PublicationInUse:
    """An open publication, its batchers, and the number of requests it is answering."""

    def __init__(self, publication: OpenPublication) -> None:
        self.publication = publication
        self.sessions: Batcher[Any, Facts | Unscorable] = Batcher(
            publication.sessions, "sessions", LARGEST, THREADS
        )
        self.customers: Batcher[Any, Facts | Unscorable] = Batcher(
            publication.customers, "customers", 1, THREADS
        )
        self.tables: Batcher[Question, str | None] = Batcher(publication.answers, "tables", LARGEST)
        self.requests = 0
        self.is_replaced = False

    def close(self) -> None:
        """End the threads and close the file."""
        for batcher in (self.sessions, self.customers, self.tables):
            batcher.close()
        self.publication.close()


class Live:
    """Gives requests the newest publication; closes an older one after its last request."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        """Open the served publication; raises as `OpenPublication` does."""
        self._settings = settings
        self._metrics = metrics
        self._refused: object = None
        self._closing: set[asyncio.Task[None]] = set()
        self.current = PublicationInUse(OpenPublication(settings))
        self._update_metrics()

    @contextmanager
    def lend(self) -> Iterator[PublicationInUse]:
        """The current publication, which stays open until the block of the request ends."""
        lent = self.current
        lent.requests += 1
        try:
            yield lent
        finally:
            lent.requests -= 1
            self._close_if_done(lent)

    async def watch(self) -> None:
        """Look for a new publication every PAUSE seconds, until cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            await self.look()

    async def look(self) -> None:
        """Switch to the served publication, if it is another version and can be opened.

        A publication that cannot be opened is logged once and tried again at each look, because a
        bundle may arrive after its tables.
        """
        found = identity(self._settings.serving)
        if found is None or found == self.current.publication.identity:
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
        replaced, self.current = self.current, PublicationInUse(taken)
        replaced.is_replaced = True
        self._close_if_done(replaced)
        self._update_metrics()
        seconds = round(time.perf_counter() - started, 3)
        log.info("publication_taken", version=taken.version, seconds=seconds)

    async def close(self) -> None:
        """Close all publications, after their last requests."""
        await asyncio.gather(*self._closing)
        await asyncio.to_thread(self.current.close)

    def _close_if_done(self, lent: PublicationInUse) -> None:
        if lent.is_replaced and not lent.requests:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(lent.close))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _update_metrics(self) -> None:
        self._metrics.taken.inc()
        self._metrics.published_at.set(self.current.publication.published_at.timestamp())
