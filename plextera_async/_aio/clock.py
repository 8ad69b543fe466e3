"""Time, dice and new ids, in one object that tests replace."""

import asyncio
import os
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

import anyio
import attrs

from plextera_async._aio.forks import in_children

__all__ = ["Beginning", "Clock"]


@attrs.frozen
class Beginning:
    """When something began, by both clocks."""

    at: datetime
    monotonic: float


class _RequestIds:
    """A random prefix, drawn once per process, and a number."""

    def __init__(self) -> None:
        self.restart()
        in_children(self.restart)

    def restart(self) -> None:
        self._prefix, self._numbers = os.urandom(8).hex(), count(1)

    def next(self) -> str:
        return f"{self._prefix}{next(self._numbers):016x}"


_REQUEST_IDS: Final = _RequestIds()


class Clock:
    """The real one."""

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps: for deadlines."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, aware: only for what people and servers read."""
        return datetime.now(UTC)

    def begin(self) -> Beginning:
        """Note the moment."""
        return Beginning(self.now(), self.monotonic())

    def since(self, beginning: Beginning) -> datetime:
        """The time of day of a beginning, the earlier one if clocks differ: one may have been set, the other stood still."""
        return min(beginning.at, self.now() - timedelta(seconds=self.monotonic() - beginning.monotonic))

    async def sleep(self, seconds: float) -> None:
        """Let others run for that long."""
        await anyio.sleep(seconds)

    def call_later(self, seconds: float, call: Callable[[], object]) -> asyncio.Handle:
        """Call it after that long, unless the handle is cancelled: an alarm that can be set anew costs less than a sleep."""
        return asyncio.get_running_loop().call_later(seconds, call)

    def jitter(self) -> float:
        """Draw a number in [0, 1), so that many clients do not move in step."""
        return random.random()  # noqa: S311 - spread, not secrecy

    def new_id(self) -> str:
        """Make an id that nobody else makes and nobody guesses: 32 hexadecimal digits."""
        return os.urandom(16).hex()

    def request_id(self) -> str:
        """Make the id of a request: as many digits, but only for telling requests apart, and without a system call."""
        return _REQUEST_IDS.next()
