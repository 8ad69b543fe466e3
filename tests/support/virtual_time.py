"""An event loop whose time passes only when there is nothing to do: hours of waiting in no time, the same in each run."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from plextera_async._aio.clock import Clock

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Where others would sleep, time moves on. Nothing outside of the loop can wake it: then waiting for ever is a failure."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout is None:
            raise AssertionError("everything waits, and nothing is going to happen")
        if not ready:
            self.passed += timeout or 0.0
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that begins at a time of its own."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.passed


class LoopClock(Clock):
    """A client's clock that goes by the running loop; its dice show what they are told."""

    dice = 0.5

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def jitter(self) -> float:
        return self.dice


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run in a virtual loop, and check that it leaves no task behind."""

    async def watched() -> T:
        result = await main
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(watched())
