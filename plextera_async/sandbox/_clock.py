"""Sandbox time: the real clock, and a virtual one that moves only when it is told to."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

import attrs

_DEFAULT_START = datetime(2026, 1, 1, tzinfo=UTC)


class Timer(Protocol):
    """Something scheduled that can be called off."""

    def cancel(self) -> None:
        """Call it off; a second call does nothing."""


class SystemClock:
    """The real clock: wall time when made, monotonic from then on, so steps of the wall clock do no harm."""

    is_virtual = False

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        """Say what time it is."""
        return self._offset + time.monotonic()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Run *callback* in the running event loop once *when* has come."""
        return asyncio.get_running_loop().call_later(max(0.0, when - self.now()), callback)


@attrs.define(eq=False)
class _Alarm:
    """One entry of the virtual clock's agenda."""

    callback: Callable[[], object] | None

    def cancel(self) -> None:
        """Call it off; the entry stays in the heap and does nothing."""
        self.callback = None


class VirtualClock:
    """A clock that stands still until `advance` is called.

    With it the phases of jobs, fault delays and every timestamp, the `Date` header included, follow the test's
    own time. A request waits until the work that is due by now is really done, so what a test reads after
    `advance` does not depend on how fast the machine is.

    Args:
        start: The moment at which the clock stands at first, timezone-aware; 2026-01-01T00:00:00Z by default.
    """

    is_virtual = True

    def __init__(self, start: datetime = _DEFAULT_START) -> None:
        self._now = start.timestamp()
        self._agenda: list[tuple[float, int, _Alarm]] = []
        self._numbers = itertools.count()

    def now(self) -> float:
        """Say what time it is."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Run *callback* during the `advance` that reaches *when*."""
        alarm = _Alarm(callback)
        # The number keeps alarms of the same moment in the order in which they were set.
        heapq.heappush(self._agenda, (when, next(self._numbers), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Move on by *seconds*, running what falls due in order, each thing at its own moment.

        Call it from the thread of the sandbox's event loop. `advance(0)` runs what is due already.

        Raises:
            ValueError: If *seconds* is negative.
        """
        if seconds < 0:
            raise ValueError("time does not run backwards: seconds must not be negative")
        target = self._now + seconds
        while self._agenda and self._agenda[0][0] <= target:
            when, _, alarm = heapq.heappop(self._agenda)
            self._now = max(self._now, when)
            if alarm.callback is not None:
                alarm.callback()
        self._now = target


Clock = SystemClock | VirtualClock
"""What sandbox time is read from; moments are seconds since the epoch, UTC."""


@attrs.frozen(kw_only=True)
class Timing:
    """How long the phases of a job take, in sandbox seconds."""

    queued: float = 0.05
    """From acceptance until work begins."""
    processing: float = 0.2
    """From there to the end of an extraction; for a workflow run, of each step."""
    output: float = 0.0
    """From COMPLETED until `outputAvailable` is true; above zero a client meets COMPLETED without output."""
    jitter: float = attrs.field(default=0.0, validator=[attrs.validators.ge(0), attrs.validators.lt(1)])
    """Spread of every phase, as a share of it: 0.5 means between half and one and a half times. It follows
    from the number of the job, so the same sequence of jobs takes the same times again."""

    def spread(self, seconds: float, number: int) -> float:
        """Say what a phase of *seconds* takes for the job of this *number*."""
        # Multiples of the golden ratio fall evenly over [0, 1) without a random number generator.
        return seconds * (1 + self.jitter * (2 * (number * 0.6180339887498949 % 1) - 1))
