"""An event loop whose time passes only when nobody has anything to do: hours in a moment, the same every time."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from plextera_async._aio.clock import Clock

T = TypeVar("T")


class _Skipping(selectors.SelectSelector):
    """Waits for nothing: what would have been waited for is put on the clock."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("everybody waits for somebody else")
        self.now += max(0.0, timeout)
        return super().select(0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now


class Dice:
    """Numbers that fall evenly over [0, 1), the same ones every time."""

    def __init__(self) -> None:
        self._thrown = 0

    def throw(self) -> float:
        self._thrown += 1
        return self._thrown * 0.6180339887498949 % 1  # multiples of the golden ratio


class VirtualClock(Clock):
    """The clock of such a loop."""

    def __init__(self) -> None:
        self._dice = Dice()
        self._ids = 0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return datetime(2026, 1, 2, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def jitter(self) -> float:
        return self._dice.throw()

    def new_id(self) -> str:
        self._ids += 1
        return f"{self._ids:032x}"


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
