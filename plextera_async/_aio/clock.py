"""Time, dice and new ids, in one object that tests replace."""

import os
import random
import time
from datetime import UTC, datetime, timedelta

import anyio

__all__ = ["Clock"]


class Clock:
    """The real one."""

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps: for deadlines."""
        return time.monotonic()

    def now(self) -> datetime:
        """The time of day, aware: only for what people and servers read."""
        return datetime.now(UTC)

    def time_of(self, moment: float) -> datetime:
        """The time of day of a moment of `monotonic`, by what the clock shows now: it may have been set meanwhile."""
        return self.now() - timedelta(seconds=self.monotonic() - moment)

    async def sleep(self, seconds: float) -> None:
        """Let others run for that long."""
        await anyio.sleep(seconds)

    def jitter(self) -> float:
        """Draw a number in [0, 1), so that many clients do not move in step."""
        return random.random()  # noqa: S311 - spread, not secrecy

    def new_id(self) -> str:
        """Make an id that nobody else makes: 32 hexadecimal digits."""
        return os.urandom(16).hex()
