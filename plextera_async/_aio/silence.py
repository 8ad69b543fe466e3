"""Silence: an answer of which nothing comes for too long is broken off.

aiohttp would set and move a timer for each request, a twentieth of the CPU of a whole job. Here one timer looks at all that
is under way on a loop, and turns on aiohttp's own where it was silent: never too early, and an eighth too late at most.
"""

import asyncio
from typing import Any, Final
from weakref import ref

__all__ = ["Silence"]

_LOOKS: Final = 8
_AT_ONCE: Final = 0.001  # seconds; to aiohttp, 0 is no limit


class Silence:
    """Watches over the answers of one loop."""

    def __init__(self, seconds: float) -> None:
        """Allow so many seconds of it."""
        self._every = seconds / _LOOKS
        self._under_way: set[ref[Any]] = set()
        # How much had come at the latest look, and for how many looks it has not become more.
        self._seen: dict[ref[Any], tuple[int, int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, answer: Any) -> None:
        """Watch over an answer, from when its request leaves until it ends or nobody waits for it any more."""
        self._under_way.add(ref(answer, self._under_way.discard))
        if self._timer is None:
            self._sleep()

    def close(self) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
        self._under_way.clear()

    def _sleep(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._look)

    def _look(self) -> None:
        self._timer = None
        before, self._seen = self._seen, {}
        for one in self._under_way.copy():  # answers that are garbage leave the set at any moment
            answer = one()
            protocol = None if answer is None else _watched(answer)
            if answer is None or protocol is None:
                self._under_way.discard(one)
                continue
            came = 0 if answer.content is None else answer.content.total_bytes
            had, silences = before.get(one, (-1, 0))
            silences = silences + 1 if came == had and _is_reading(protocol.transport) else 0
            self._seen[one] = came, silences
            if silences == _LOOKS:
                protocol.read_timeout = _AT_ONCE
                protocol.start_timeout()
        if self._under_way:
            self._sleep()


def _watched(answer: Any) -> Any:
    """Give the protocol on which an answer comes; None if it has ended, or if aiohttp watches over it."""
    protocol = answer.connection and answer.connection.protocol
    return protocol if protocol is not None and protocol.read_timeout is None else None


def _is_reading(transport: Any) -> bool:
    """Say whether it is the peer that is silent: if whoever takes the answer is slow, reading pauses."""
    return transport is None or bool(transport.is_reading())
