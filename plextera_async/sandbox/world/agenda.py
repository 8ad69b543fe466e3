"""Runs the sandbox's own time and work: what happens when, and what happens off the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from plextera_async.sandbox._clock import Clock, Timer, Timing, VirtualClock

_WORKERS = 2

Phase = Literal["queued", "processing", "output"]

Moment = Callable[[float], object]
"""Called with the moment that counts: on the real clock now, on a virtual one the moment it was due."""


class Agenda:
    """Timers and worker threads of one sandbox; `close` leaves none behind.

    Args:
        clock: The sandbox's clock.
        timing: How long phases take; may be replaced at any time, for the phases that begin after that.
    """

    def __init__(self, clock: Clock, timing: Timing) -> None:
        self.clock = clock
        self.timing = timing
        self.stopping = threading.Event()
        """Set when the sandbox closes; long work looks at it."""
        self._timers: set[Timer] = set()
        self._overdue: set[asyncio.Future[Any]] = set()
        self._working: set[asyncio.Future[Any]] = set()
        self._pool: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Begin, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(_WORKERS, "plextera-sandbox")

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop in which it runs.

        Raises:
            RuntimeError: If it was not begun.
        """
        if self._loop is None:
            raise RuntimeError("the sandbox is not running")
        return self._loop

    def at(self, when: float, callback: Moment) -> Callable[[], None]:
        """Run *callback* at *when*; returns what calls it off."""

        def ring() -> None:
            self._timers.discard(timer)
            callback(self.moment(when))

        def call_off() -> None:
            self._timers.discard(timer)
            timer.cancel()

        timer = self.clock.call_at(when, ring)
        self._timers.add(timer)
        return call_off

    def moment(self, due: float) -> float:
        """Say when something that was due happens: on the real clock now, on a virtual one when it was due."""
        # Work and timers are never late on a virtual clock, however long the machine takes.
        return due if self.clock.is_virtual else self.clock.now()

    def phase(self, name: Phase, number: int) -> float:
        """Say how many seconds a phase takes for the job of this *number*."""
        seconds: float = getattr(self.timing, name)
        return self.timing.spread(seconds, number)

    async def sleep(self, seconds: float) -> None:
        """Wait for sandbox time to pass."""
        if seconds <= 0:
            return
        passed = asyncio.Event()
        self.at(self.clock.now() + seconds, lambda _: passed.set())
        await passed.wait()

    def work(self, function: Callable[[], Any]) -> "asyncio.Future[Any]":
        """Run *function* in a worker thread."""
        future = self.loop.run_in_executor(self._pool, function)
        self._working.add(future)
        future.add_done_callback(self._working.discard)
        return future

    def when_done(self, future: "asyncio.Future[Any]", due: float, callback: Moment) -> None:
        """Run *callback* as soon as *future* is done; called when its time, *due*, has come."""
        if future.done():
            callback(due)
            return
        self._overdue.add(future)

        def late(_: "asyncio.Future[Any]") -> None:
            self._overdue.discard(future)
            if self.stopping.is_set():
                return
            callback(self.moment(due))
            if isinstance(self.clock, VirtualClock):
                self.clock.advance(0)  # what follows from it may be due already

        future.add_done_callback(late)

    async def settle(self) -> None:
        """On a virtual clock, wait until the work that is due by now is done and its consequences are drawn."""
        while self.clock.is_virtual and self._overdue:
            await asyncio.wait(self._overdue)
            await asyncio.sleep(0)  # lets the callbacks of the last future run

    async def close(self) -> None:
        """Call everything off and wait for the threads to end."""
        self.stopping.set()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            if self._working:
                await asyncio.wait(self._working)
            self._pool.shutdown()
