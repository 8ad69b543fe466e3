"""The ledger's one thread: writes what it is told in that order, everything that has come meanwhile in one commit."""

import asyncio
import os
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar

import anyio
import attrs

from plextera_async.errors import LedgerError
from plextera_async.ingest.ledger import Ledger
from plextera_async.ingest.records import Records

__all__ = ["Scribe"]

T = TypeVar("T")

_MOST_AT_ONCE = 500


@attrs.frozen(eq=False)
class _Order:
    work: Callable[[Records], Any]
    future: "asyncio.Future[Any] | None"
    """Who waits for it; None if nobody does."""


class Scribe:
    """Has a ledger in a thread of its own, so that neither SQLite nor the disk ever stops the event loop.

    Attributes:
        before_commit: Called in the thread before each commit, for what must be on the disk before the ledger says so.
    """

    def __init__(self) -> None:
        """Made by `open`."""
        self.before_commit: Callable[[Records], None] | None = None
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    @classmethod
    async def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a ledger, which is made if it is not there.

        Raises:
            LedgerError: As `Ledger` says.
        """
        scribe = cls()
        # A daemon: an interpreter that ends without `aclose` must not wait for orders that never come.
        scribe._thread = threading.Thread(
            target=scribe._run, args=(path,), name="plextera-ledger", daemon=True
        )
        scribe._thread.start()
        try:
            await scribe._opened
        except BaseException:
            with suppress(LedgerError):  # the same that is raised here
                await scribe.aclose()
            raise
        return scribe

    async def do(self, work: Callable[[Records], T]) -> T:
        """Have something done in the ledger; when this returns, it is durable.

        Raises:
            LedgerError: If it could not be written. From then on, nothing is: the order of things would be lost.

        Cancellation leaves the order given: it will be done, and nobody hears of it.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._give(_Order(work, future))
        return await future

    def post(self, work: Callable[[Records], object]) -> None:
        """Have something done in the ledger, without waiting for it.

        Raises:
            LedgerError: If an earlier order failed. If this one fails, `aclose` and all later orders raise.
        """
        self._give(_Order(work, None))

    def _give(self, order: _Order) -> None:
        self.check()
        if self._ended.is_set():
            raise LedgerError("the ledger is closed")
        self._orders.put(order)

    def check(self) -> None:
        """See whether all has been written so far.

        Raises:
            LedgerError: If not.
        """
        if self._failure is not None:
            raise _as_ledger_error(self._failure)

    async def aclose(self) -> None:
        """Do what was ordered, close the ledger and end the thread. Safe to call twice, and not to be interrupted.

        Raises:
            LedgerError: If something could not be written.
        """
        self._orders.put(None)
        asked: asyncio.CancelledError | None = None
        with anyio.CancelScope(shield=True):
            while not self._ended.is_set():  # the disk may be slow, but the thread must not outlive us
                try:
                    await self._ended.wait()
                except (
                    asyncio.CancelledError
                ) as cancelled:  # from outside anyio, whose shield does not hold it off
                    asked = cancelled
        if self._thread is not None:
            self._thread.join()
        if asked is not None:
            raise asked
        self.check()

    def _run(self, path: str | os.PathLike[str]) -> None:
        try:
            with Ledger(path, create=True) as ledger:
                self._tell(_settle, self._opened, None, None)
                while orders := self._next():
                    self._carry_out(ledger, orders)
        except BaseException as failure:  # noqa: BLE001 - it must reach those who wait, whatever it is
            self._failure = failure
            self._tell(_settle, self._opened, None, _as_ledger_error(failure))
            self._refuse_the_rest(failure)
        finally:
            self._tell(self._ended.set)

    def _next(self) -> list[_Order]:
        """Wait for an order, and take all that have come by then; nothing at the end."""
        first = self._orders.get()
        orders: list[_Order] = []
        while first is not None:
            orders.append(first)
            if len(orders) >= _MOST_AT_ONCE:
                return orders
            try:
                first = self._orders.get_nowait()
            except queue.Empty:
                return orders
        if orders:
            self._orders.put(None)  # the end, for the next time
        return orders

    def _carry_out(self, ledger: Ledger, orders: Sequence[_Order]) -> None:
        try:
            with ledger.transaction():
                results = [order.work(ledger.records) for order in orders]
                if self.before_commit is not None:
                    self.before_commit(ledger.records)
        except BaseException as failure:
            self._failure = failure  # before anyone is told, so that nobody gives another order after that
            for order in orders:
                if order.future is not None:
                    self._tell(_settle, order.future, None, _as_ledger_error(failure))
            raise
        waited = [
            (order.future, result)
            for order, result in zip(orders, results, strict=True)
            if order.future is not None
        ]
        if waited:
            self._tell(_settle_all, waited)

    def _refuse_the_rest(self, failure: BaseException) -> None:
        """Answer orders until the end comes: nobody must wait for ever."""
        while (order := self._orders.get()) is not None:
            if order.future is not None:
                self._tell(_settle, order.future, None, _as_ledger_error(failure))

    def _tell(self, call: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody is left to be told
            self._loop.call_soon_threadsafe(call, *args)


def _settle(future: "asyncio.Future[Any]", result: object, failure: BaseException | None) -> None:
    if future.done():  # who waited has been cancelled
        return
    if failure is None:
        future.set_result(result)
    else:
        future.set_exception(failure)


def _settle_all(waited: Sequence[tuple["asyncio.Future[Any]", object]]) -> None:
    for future, result in waited:
        _settle(future, result, None)


def _as_ledger_error(failure: BaseException) -> LedgerError:
    """Make a new one for each who waits: one object raised in two tasks would gather the tracebacks of both."""
    if isinstance(failure, LedgerError):
        return LedgerError(str(failure))
    reason = getattr(failure, "strerror", None) or type(failure).__name__
    return LedgerError(f"the ledger cannot go on: {reason}")
