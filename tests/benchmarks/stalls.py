"""How long the loop stood still."""

import asyncio
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

__all__ = ["Ticker"]

_TICK = 0.005


class Ticker:
    """Sleeps again and again, and remembers by how much it woke too late at most."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _tick(self) -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, time.perf_counter() - before - _TICK)
