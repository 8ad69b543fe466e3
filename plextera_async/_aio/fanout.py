"""Many pieces of work at one time: pulled from a source as there is room, their results given as each one ends."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from itertools import count
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

import anyio
from anyio.abc import TaskGroup

from plextera_async._aio.pulling import END, Items, Pulling

__all__ = ["ORDERED_WINDOW", "Fanout", "Work"]

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
Work = Callable[[int, ItemT], Awaitable[ResultT | None]]
"""Does one piece of work, given its number from 0 and its item; None is nothing to deliver."""

ORDERED_WINDOW = 4
"""Times `concurrency` that may be begun and not yet delivered in input order, while the first of them takes its time."""


class Fanout(Generic[ItemT, ResultT]):
    """Runs work on every item of a source: `async with` begins and ends it, `async for` inside gives the results.

    - At most `concurrency` pieces of work run at one time. A place is free again when its result has been taken, so a
      slow consumer slows the source down. In input order the window of what is begun and not yet taken is
      `ORDERED_WINDOW` times as wide.
    - A source that fails: everything that was begun ends and is delivered, then the source's own error is raised.
    - Work that fails (it should give a result instead): the rest is cancelled, what had ended is delivered, then the
      work's own error is raised.
    - Leaving the block cancels what is open, waits for it, and closes the source if it is a generator.

    The tasks live in a task of their own, so the block may be entered and left in different tasks, and no cancel scope
    is open in the caller's: it can stand in fixtures, generators and exit stacks. Results may be taken by several tasks.
    """

    def __init__(
        self, items: Items[ItemT], work: Work[ItemT, ResultT], *, concurrency: int, ordered: bool = False
    ) -> None:
        """Prepare; nothing runs before the block is entered.

        Raises:
            TypeError: If *items* cannot be iterated.
        """
        self._source = Pulling(items)
        self._work = work
        self._ordered = ordered
        self._free = anyio.Semaphore(concurrency, fast_acquire=True)
        self._room = anyio.Semaphore(concurrency * (ORDERED_WINDOW if ordered else 1), fast_acquire=True)
        self._early: dict[int, ResultT | None] = {}
        self._ready: deque[ResultT] = deque()
        self._place = 0
        self._changed = anyio.Event()
        self._scope: anyio.CancelScope
        self._host: asyncio.Task[None] | None = None
        self._is_left = False
        self._failure: BaseException | None = None
        self._unclosed: Exception | None = None

    async def __aenter__(self) -> Self:
        """Begin.

        Raises:
            RuntimeError: If it was begun before.
        """
        if self._host is not None:
            raise RuntimeError("it runs once: make another one")
        self._scope = anyio.CancelScope()
        self._host = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is open and wait until nothing of it is left; cancellation meanwhile comes after that.

        Raises:
            Exception: What closing the source raised, unless the block itself ended in an error.
        """
        self._is_left = True
        self._scope.cancel()
        self._wake()
        await self._end_of_host()
        self._ready.clear()
        self._early.clear()
        if self._unclosed is not None and error is None:
            raise self._unclosed

    def __aiter__(self) -> Self:
        """Give itself: leaving a loop and beginning another goes on where the first stopped."""
        return self

    async def __anext__(self) -> ResultT:
        """Give the next result.

        Raises:
            RuntimeError: Outside its `async with` block.
            Exception: What the source or a piece of work raised, after the results that came before it.
        """
        if self._host is None or self._is_left:
            raise RuntimeError("results are taken inside the `async with` block")
        while not self._ready:
            if self._host.done():
                self._raise_failure()
            await self._changed.wait()
            if self._is_left:
                raise StopAsyncIteration
        self._room.release()
        return self._ready.popleft()

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None  # it is told once, and keeps no frames alive
        try:
            raise StopAsyncIteration if failure is None else failure
        finally:
            del failure

    async def _run(self) -> None:
        try:
            with self._scope:
                await self._run_all()
        finally:
            asyncio.get_running_loop().call_soon(self._wake)  # when this task is done

    async def _run_all(self) -> None:
        async with anyio.create_task_group() as tasks:
            # In a task that no scope of ours is open in: a source may hold scopes of its own, and must end in peace.
            pump = asyncio.create_task(self._pump(tasks))
            try:
                await asyncio.wait([pump])
            finally:
                pump.cancel()
                with anyio.CancelScope(shield=True):
                    await asyncio.wait([pump])

    async def _pump(self, tasks: TaskGroup) -> None:
        try:
            await self._pull_all(tasks)
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001 - raised to whoever takes the results
            self._keep(failure)
        finally:
            await self._close_source()

    async def _pull_all(self, tasks: TaskGroup) -> None:
        for index in count():
            await self._room.acquire()
            await self._free.acquire()
            item = await self._source.next()
            if item is END:
                return
            tasks.start_soon(self._one, index, cast("ItemT", item))
            del item  # not kept while the next one is waited for

    async def _close_source(self) -> None:
        try:
            await self._source.aclose()
        except Exception as failure:  # noqa: BLE001 - whatever a generator of the caller's does in its end
            self._unclosed = failure

    async def _one(self, index: int, item: ItemT) -> None:
        try:
            result = await self._work(index, item)
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001 - raised to whoever takes the results
            self._keep(failure)
            self._scope.cancel()
            return
        finally:
            self._free.release()
        self._deliver(index, result)

    def _keep(self, failure: BaseException) -> None:
        """Keep the first failure; a cancellation that we did not ask for is one, as it would be in a plain loop."""
        if not self._scope.cancel_called:
            self._failure = self._failure or failure
        elif isinstance(failure, asyncio.CancelledError):
            raise failure

    def _deliver(self, index: int, result: ResultT | None) -> None:
        self._early[index if self._ordered else self._place] = result
        while self._place in self._early:
            next_result = self._early.pop(self._place)
            self._place += 1
            if next_result is None:
                self._room.release()
            else:
                self._ready.append(next_result)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def _end_of_host(self) -> None:
        host, cancelled = self._host, None
        assert host is not None, "the block was entered"  # noqa: S101 - a slip in this class, not a state
        with anyio.CancelScope(shield=True):
            while not host.done():
                try:
                    await asyncio.wait([host])
                except (
                    asyncio.CancelledError
                ) as asked:  # from outside anyio, whose shield does not hold it off
                    cancelled = asked
        if not host.cancelled():
            host.exception()  # seen: an interruption that the loop itself raises
        if cancelled is not None:
            raise cancelled
