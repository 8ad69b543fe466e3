"""The watchers of a client and its views: one for each event loop, kind of job and rhythm, while it has an open wait."""

import asyncio
import math
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakKeyDictionary

from plextera_async._sansio.events import EventSource, JobEvent
from plextera_async._sansio.recent import RecentEvents
from plextera_async.client.watcher import Entry, Lister, Watcher
from plextera_async.options import PollPolicy

__all__ = ["Watchers"]

_Name = tuple[str, PollPolicy]

_FLOW_LASTS = 300.0
"""Seconds after the last wait for which events are believed to go on arriving."""


class Watchers:
    """Hands out watchers, and brings them events, which may come in any thread.

    The source of events is subscribed to from the first request or wait on, so that no event of a job that is created
    here is missed, until `stop`; and it does not keep a client alive that is dropped.
    """

    def __init__(self, events: EventSource | None = None) -> None:
        """Begin with none.

        Args:
            events: Tells of jobs that have ended; None tells of none.
        """
        self._events = events
        self._recent = RecentEvents()
        self._lock = threading.Lock()
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Name, Watcher]] = (
            WeakKeyDictionary()
        )
        self._flow_until: dict[str, float] = {}
        self._unsubscribe: Callable[[], object] | None = None

    def listen(self) -> None:
        """Subscribe to the source of events; does nothing if there is none, or it is subscribed to."""
        if self._events is None or self._unsubscribe is not None:
            return
        hear = weakref.WeakMethod(self._hear)

        def listener(event: JobEvent) -> None:
            if (method := hear()) is not None:
                method(event)

        unsubscribe = self._events.subscribe(listener)
        self._unsubscribe = ended = weakref.finalize(self, unsubscribe)
        ended.atexit = False

    def stop(self) -> None:
        """Unsubscribe, unless waits of another event loop are open; the next request subscribes again."""
        here = asyncio.get_running_loop()
        with self._lock:
            others = [loop for loop, watchers in self._by_loop.items() if watchers and loop is not here]
        unsubscribe = self._unsubscribe
        if unsubscribe is not None and not others:
            self._unsubscribe = None
            unsubscribe()

    def join(self, lister: Lister, entry: Entry) -> Watcher:
        """Open a wait at the watcher of the running loop that looks in the same rhythm."""
        self.listen()
        loop, name = asyncio.get_running_loop(), (lister.kind, lister.policy)
        with self._lock:
            watchers = self._by_loop.setdefault(loop, {})
            watcher = watchers.get(name)
            if watcher is None:
                flows = lister.clock.monotonic() < self._flow_until.get(lister.kind, -math.inf)
                watcher = watchers[name] = Watcher(lister, events_flow=flows)
            watcher.join(entry)
            event = self._recent.of(lister.kind, entry.id)
        if event is not None and entry.latest() is not None:  # what was never read is read at once
            watcher.hear(event)
        return watcher

    async def leave(self, watcher: Watcher, lister: Lister, entry: Entry) -> None:
        """Close a wait."""
        try:
            await watcher.leave(entry)
        finally:
            if watcher.is_idle:
                self._forget(watcher, lister)

    def _forget(self, watcher: Watcher, lister: Lister) -> None:
        with self._lock:
            watchers = self._by_loop.get(asyncio.get_running_loop(), {})
            name = (lister.kind, lister.policy)
            if watchers.get(name) is watcher and watcher.is_idle:
                del watchers[name]
                lasts = _FLOW_LASTS if watcher.events_flow else 0.0
                self._flow_until[lister.kind] = lister.clock.monotonic() + lasts

    def _hear(self, event: JobEvent) -> None:
        with self._lock:
            self._recent.add(event)
            holders = [
                (loop, watcher)
                for loop, watchers in self._by_loop.items()
                for (kind, _), watcher in watchers.items()
                if kind == event.kind and watcher.holds(event.id)
            ]
        for loop, watcher in holders:
            with suppress(RuntimeError):  # that loop was closed meanwhile
                loop.call_soon_threadsafe(watcher.hear, event)
