"""Silence: an answer of which nothing comes for too long is broken off.

aiohttp would set and move a timer for each request, a twentieth of the CPU of a whole job. Here one timer looks at all that
is under way on a loop, and turns on aiohttp's own where it was silent: never too early, and about an eighth too late at most.
"""

import asyncio
from typing import Any, Final
from weakref import ref

__all__ = ["Silence"]

_LOOKS: Final = 8
_AT_ONCE: Final = 0.001  # seconds; to aiohttp, 0 is no limit
_NO_HEAD: Final = -1  # of an answer has come; without a body of it, 0 bytes
_NOT_SEEN: Final = (-2, 0)


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

    def _sleep(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._every, self._look)

    def _look(self) -> None:
        self._timer = None
        before, self._seen = self._seen, {}
        try:
            for one in self._under_way.copy():  # answers that are garbage leave the set at any moment
                self._look_at(one, *before.get(one, _NOT_SEEN))
        finally:
            if self._under_way:
                self._sleep()

    def _look_at(self, one: ref[Any], had: int, silences: int) -> None:
        answer: Any = one()
        protocol = _protocol(answer)
        if protocol is None:
            self._under_way.discard(one)
            return
        # What an empty body has no count of is 0; bytes that decompress to nothing yet are bytes.
        came = _NO_HEAD if answer.content is None else getattr(answer.content, "total_raw_bytes", 0)
        silences = silences + 1 if came == had and _is_the_peers(protocol.transport) else 0
        self._seen[one] = came, silences
        if silences >= _LOOKS:
            protocol.read_timeout = _AT_ONCE
            protocol.start_timeout()


def _protocol(answer: Any) -> Any:
    """Give the protocol on which an answer comes; None if it is gone or has ended, or if aiohttp watches over it."""
    connection = None if answer is None else answer.connection
    protocol = None if connection is None else connection.protocol
    return protocol if protocol is not None and protocol.read_timeout in (None, _AT_ONCE) else None


def _is_the_peers(transport: Any) -> bool:
    """Say whose the silence is: while whoever takes the answer is slow, reading pauses, and the peer cannot be heard."""
    try:
        return transport is None or transport.is_closing() or bool(transport.is_reading())
    except (AttributeError, NotImplementedError, RuntimeError):  # not all transports tell
        return True
