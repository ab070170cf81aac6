"""Answer requests that wait at the same time in one batch, by one run of the SQL."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

__all__ = ["Batcher"]

Item = TypeVar("Item")
Result = TypeVar("Result")


class Batcher(Generic[Item, Result]):
    """Answers items in batches, in its own threads.

    A batch takes the items that arrived while the batch before was being answered. It does not wait
    for more.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Result]],
        name: str,
        largest: int,
        threads: int = 1,
    ) -> None:
        """Start without threads; they are created when the first batch needs them.

        `work` answers a batch of at most `largest` items: one result per item, in order. At most
        `threads` batches are answered at the same time. `name` is the prefix of the threads' names.
        """
        self._work = work
        self._largest = largest
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._threads = threads
        self._busy = 0
        self._running: set[asyncio.Task[None]] = set()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def answer(self, item: Item) -> Result:
        """The result for one item; raises what `work` raised for it."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._busy < self._threads:
            self._busy += 1
            task = asyncio.create_task(self._run())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    def close(self) -> None:
        """End the threads, after their current batches."""
        self._pool.shutdown()

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[: self._largest]
                del self._waiting[: self._largest]
                await self._do(batch)
        finally:
            self._busy -= 1

    async def _do(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        items = [item for item, _ in batch]
        try:
            loop = asyncio.get_running_loop()
            results = await loop.run_in_executor(self._pool, self._work, items)
        except Exception as error:
            if len(batch) > 1:  # only the item that fails gets the error
                for one in batch:
                    await self._do([one])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():  # the client may have disconnected
                future.set_result(result)
