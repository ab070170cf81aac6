"""Requests that wait at the same time are answered at once: one run of the SQL for all of them."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["Batcher"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batcher(Generic[Item, Answer]):
    """Answers items in batches, in threads of its own.

    Nobody waits for a batch to fill: it takes what came while the one before was worked on.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer]],
        name: str,
        largest: int,
        threads: int = 1,
    ) -> None:
        """`work` answers a batch of at most `largest` items, one answer each, in order.

        So many `threads` do so at a time.
        """
        self._work = work
        self._largest = largest
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._threads = threads
        self._busy = 0
        self._running: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def answer(self, item: Item) -> Answer:
        """The answer to one item; raises what the work raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._busy < self._threads:
            self._busy += 1
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    def close(self) -> None:
        """End the thread, after what it is doing."""
        self._pool.shutdown()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._largest]
                del self._waiting[: self._largest]
                await self._do(batch)
        finally:
            self._busy -= 1

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        items = [item for item, _ in batch]
        try:
            loop = asyncio.get_running_loop()
            answers = await loop.run_in_executor(self._pool, self._work, items)
        except Exception as error:
            if len(batch) > 1:  # one that cannot be answered must not take others with it
                for one in batch:
                    await self._do([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():  # whoever asked may have gone
                future.set_result(answer)
