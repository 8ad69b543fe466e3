"""A clock for the client: time that passes only by sleeping, and a record of every sleep."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

import attrs

from plextera_async import AsyncPlextera
from plextera_async._aio.clock import Clock

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock(Clock):
    """Sleeps take no time but move the clock; each is noted.

    Attributes:
        sleeps: Seconds of every sleep, in order.
        dice: What `jitter` gives: 0.5 is the middle of every spread.
        on_sleep: Called with the seconds of each sleep, after time has moved.
    """

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self.dice = 0.5
        self.on_sleep: Callable[[float], object] | None = None
        self._passed = 0.0
        self._ids = count(1)

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    def now(self) -> datetime:
        return START + timedelta(seconds=self._passed)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.move(seconds)
        if self.on_sleep is not None:
            self.on_sleep(seconds)
        await asyncio.sleep(0)

    def call_later(self, seconds: float, call: Callable[[], object]) -> asyncio.Handle:
        self.sleeps.append(seconds)
        self.move(seconds)
        if self.on_sleep is not None:
            self.on_sleep(seconds)
        return asyncio.get_running_loop().call_soon(call)

    def move(self, seconds: float) -> None:
        """Let time pass without anyone sleeping."""
        self._passed += seconds

    def jitter(self) -> float:
        return self.dice

    def new_id(self) -> str:
        return f"{next(self._ids):032x}"

    def request_id(self) -> str:
        return self.new_id()


def with_clock(client: AsyncPlextera, clock: Clock) -> AsyncPlextera:
    """Put another clock into a client that has not been used yet; gives the client."""
    client._wire(attrs.evolve(client._sender, clock=clock), is_view=False)
    return client
