"""Which events have been handled already: the protocol of a store, and the one that lives in memory."""

import enum
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from plextera_async.errors import ConfigurationError

__all__ = ["Claim", "InMemorySeenEvents", "SeenEvents"]


class Claim(enum.Enum):
    """What came of trying to take an event.

    Attributes:
        NEW: Nobody has it: it is now the caller's, who completes or releases it.
        RUNNING: Another delivery of it is being handled.
        DONE: It has been handled.
    """

    NEW = "new"
    RUNNING = "running"
    DONE = "done"


class SeenEvents(Protocol):
    """Remembers events by id. Several processes that receive for one endpoint need one store between them.

    A claim must expire by itself, some time after the receiver's `handler_timeout`: the process that holds it may die.
    Whatever a method raises is logged, without its message, and makes Plextera deliver again.
    """

    async def claim(self, event_id: str, /) -> Claim:
        """Take an event if it is neither done nor under a claim that holds: in one step, so that only one caller gets NEW."""
        ...

    async def complete(self, event_id: str, /) -> None:
        """Note that an event has been handled, whether or not its claim still holds."""
        ...

    async def release(self, event_id: str, /) -> None:
        """Give a claim back, so that the next delivery is NEW; nothing happens to an event that is done."""
        ...


class InMemorySeenEvents:
    """Remembers events in this process, up to a number of them; for one event loop.

    What is done is forgotten oldest first when there are too many. Claims that hold are never forgotten: when they
    alone are too many, every further event is RUNNING until one ends.
    """

    def __init__(
        self,
        max_events: int = 10_000,
        claim_seconds: float = 60.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an empty store.

        Args:
            max_events: How many events are remembered, done and claimed together; about 200 bytes each.
            claim_seconds: When a claim that is neither completed nor released expires; more than the receiver's
                `handler_timeout`, else a slow event is handled twice at a time.
            clock: Gives seconds that never go back; replace it in tests.

        Raises:
            ConfigurationError: If either number is not positive.
        """
        if not (max_events > 0 and claim_seconds > 0):
            raise ConfigurationError("max_events and claim_seconds must be positive")
        self._max_events = max_events
        self._claim_seconds = claim_seconds
        self._clock = clock
        self._claims: OrderedDict[str, float] = (
            OrderedDict()
        )  # all last equally long: the oldest expires first
        self._done: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._claims) + len(self._done)

    def __repr__(self) -> str:
        return f"<InMemorySeenEvents {len(self._done)} done {len(self._claims)} claimed>"

    async def claim(self, event_id: str, /) -> Claim:
        """Take an event, as `SeenEvents.claim`."""
        now = self._clock()
        self._expire(now)
        if event_id in self._done:
            return Claim.DONE
        if event_id in self._claims or len(self._claims) >= self._max_events:
            return Claim.RUNNING
        self._claims[event_id] = now + self._claim_seconds
        self._forget()
        return Claim.NEW

    async def complete(self, event_id: str, /) -> None:
        """Note that an event has been handled, as `SeenEvents.complete`."""
        self._claims.pop(event_id, None)
        self._done[event_id] = None
        self._forget()

    async def release(self, event_id: str, /) -> None:
        """Give a claim back, as `SeenEvents.release`."""
        self._claims.pop(event_id, None)

    def _expire(self, now: float) -> None:
        while self._claims and next(iter(self._claims.values())) <= now:
            self._claims.popitem(last=False)

    def _forget(self) -> None:
        while len(self) > self._max_events and self._done:
            self._done.popitem(last=False)
