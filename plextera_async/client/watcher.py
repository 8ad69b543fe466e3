"""The watcher: one loop for all open waits of a kind. The agenda decides; this sleeps, reads lists and tells waits.

Jobs are read singly by the waits themselves, when they are told to: so a wait that is cancelled takes its request with
it, and a slow answer holds up nobody else.
"""

import asyncio
import copy
import enum
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import attrs

from plextera_async._aio.clock import Clock
from plextera_async._aio.sender import Answer
from plextera_async._sansio.agenda import Agenda
from plextera_async._sansio.events import JobEvent
from plextera_async._sansio.listing import Ask, Page
from plextera_async._sansio.lists import WAYS
from plextera_async._sansio.polling import is_final, is_over
from plextera_async._sansio.waiting import Waiting
from plextera_async._sansio.watching import Worth, filled, suffices
from plextera_async.errors import PlexteraError
from plextera_async.options import PollPolicy

__all__ = ["Entry", "Lister", "Told", "Watcher"]

_LOG = logging.getLogger("plextera_async.waits")


@attrs.frozen
class Lister:
    """How lists of one kind of job are read, and in which rhythm."""

    kind: str
    """As events name it: `extraction`, `run` or `job`."""
    read_page: Callable[[Mapping[str, object]], Awaitable[Answer[Any]]] = attrs.field(repr=False)
    """Reads the page with these query parameters, in one attempt."""
    policy: PollPolicy
    clock: Clock


class Told(enum.Enum):
    """What a resting wait is told, where it is not the end itself."""

    LOOK = enum.auto()
    TIME_IS_UP = enum.auto()


@attrs.define(eq=False, kw_only=True)
class Entry(Waiting):
    """One open wait, as its watcher holds it."""

    take: Callable[[Answer[Any]], Any] = attrs.field(repr=False)
    """Keeps what was seen of the job, and gives its model."""
    latest: Callable[[], Any] = attrs.field(repr=False)
    """Gives the model last seen."""
    rest: "asyncio.Future[Answer[Any] | Told] | None" = attrs.field(default=None, repr=False)
    """What the wait awaits; None while it reads its job."""
    event: JobEvent | None = attrs.field(default=None, repr=False)
    """What came while it did."""


class Watcher:
    """Serves the open waits of one kind of job, in one event loop. Lives from the first wait to the last."""

    def __init__(self, lister: Lister, *, events_flow: bool) -> None:
        """Watch by what the first wait brought; *events_flow* says whether events arrived lately."""
        self._lister = lister
        self._clock = lister.clock
        self._agenda: Agenda[Entry] = Agenda(lister.policy, WAYS[lister.kind], events_flow=events_flow)
        self._task: asyncio.Task[None] | None = None
        self._alarm: asyncio.Future[bool] | None = None
        self._alarm_at = -math.inf
        self._is_looking = False

    @property
    def is_idle(self) -> bool:
        """Whether no wait is open."""
        return not self._agenda

    @property
    def events_flow(self) -> bool:
        """Whether events have been arriving."""
        return self._agenda.events_flow

    @property
    def failure(self) -> PlexteraError | None:
        """What the last look at lists failed with, if it did."""
        return self._agenda.failure

    def holds(self, id: str) -> bool:
        """Say whether anyone waits for this job; may be asked from any thread."""
        return bool(self._agenda.of(id))

    def join(self, entry: Entry) -> None:
        """Open a wait."""
        self._agenda.open(entry, now=self._clock.monotonic())
        self._wake()

    async def leave(self, entry: Entry) -> None:
        """Close a wait; the last one ends the loop and waits until it has ended."""
        clock = self._clock
        entry.was_heard = entry.was_heard or entry.event is not None
        self._agenda.close(entry, entry.latest(), now=clock.monotonic(), jitter=clock.jitter())
        entry.take = entry.latest = _nothing  # lest it keeps a result alive
        if self._agenda:
            self._wake()
            return
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait({task})

    async def rest(self, entry: Entry, pause: float, *, looks: int, alone: bool) -> Answer[Any] | Told:
        """Wait until the end of the job is known, or it is to be read.

        Args:
            entry: The wait.
            pause: Seconds before the next single look, where nothing else tells of the job.
            looks: Single looks taken.
            alone: Whether lists cannot tell what is waited for: the job has ended, and its output is not there.
        """
        latest = entry.latest()
        entry.known, entry.status = getattr(latest, "updated_at", None), getattr(latest, "status", None)
        event, entry.event = entry.event, None
        if event is not None and (told := self._told_by(entry, event)) is not None:
            return told
        entry.looks = looks
        entry.is_alone = entry.is_alone or alone
        entry.rest = asyncio.get_running_loop().create_future()
        self._agenda.rest(entry, pause=pause, now=self._clock.monotonic(), jitter=self._clock.jitter())
        self._wake()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="plextera waits")
            self._task.add_done_callback(self._ended)
        try:
            return await entry.rest
        finally:
            self._agenda.rouse(entry)
            entry.rest = None

    def hear(self, event: JobEvent) -> None:
        """Take an event, in the watcher's loop."""
        for entry in self._agenda.of(event.id):
            if entry.rest is None:
                entry.event = event if entry.event is None else max(entry.event, event, key=_moment)
            elif (told := self._told_by(entry, event)) is not None:
                self._tell(entry, told)
        self._wake()

    def fail(self, failure: PlexteraError) -> None:
        """End all waits with a failure that each of them would meet, each with a copy of its own."""
        for entry in self._agenda:
            self._throw(entry, copy.copy(failure))

    def _told_by(self, entry: Entry, event: JobEvent) -> Answer[Any] | Told | None:
        """Say what an event means for a wait; None if nothing."""
        clock = self._clock
        value = self._agenda.hear(entry, event, now=clock.monotonic(), jitter=clock.jitter())
        if value is Worth.NOTHING:
            return None
        if value is Worth.BELIEF and event.model is not None and suffices(event.model):
            return Answer(filled(event.model, entry.latest()))
        return Told.LOOK

    def _tell(self, entry: Entry, told: Answer[Any] | Told) -> None:
        self._agenda.rouse(entry)
        if entry.rest is not None and not entry.rest.done():
            entry.rest.set_result(told)

    def _throw(self, entry: Entry, failure: BaseException) -> None:
        self._agenda.rouse(entry)
        if entry.rest is not None and not entry.rest.done():
            entry.rest.set_exception(failure)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """Leave nobody waiting for a loop that has ended: if somebody cancelled it, the next rest begins it anew."""
        failure = None if task.cancelled() else task.exception()
        if task is not self._task:
            return  # ended by the last wait; others have come since
        for entry in self._agenda:
            if failure is None:
                self._tell(entry, Told.LOOK)
            else:
                self._throw(entry, failure)

    # The loop.

    async def _run(self) -> None:
        looking: asyncio.Task[None] | None = None
        now = self._clock.monotonic()
        try:
            while True:
                if looking is not None and looking.done():
                    looking.result()
                    looking = None
                for entry, is_up in self._agenda.pop_due(now):
                    self._tell(entry, Told.TIME_IS_UP if is_up else Told.LOOK)
                if looking is None and self._agenda.are_lists_due(now):
                    looking = asyncio.create_task(self._look_at_lists(now), name="plextera lists")
                now = await self._pause(looking)
        finally:
            if looking is not None:
                looking.cancel()
                await asyncio.wait({looking})

    async def _pause(self, looking: "asyncio.Task[None] | None") -> float:
        """Pause until something is due, a look at lists is over, or a wake; give the time that it is then."""
        self._is_looking = looking is not None
        until = self._agenda.next_moment(is_looking=self._is_looking)
        seconds = until - self._clock.monotonic()
        is_due = seconds <= 0 or await self._sleep(seconds, until, looking)
        # What was slept for is due, though the timer and the clock may differ by a hair.
        return max(self._clock.monotonic(), until) if is_due else self._clock.monotonic()

    async def _sleep(self, seconds: float, until: float, looking: "asyncio.Task[None] | None") -> bool:
        """Sleep until an alarm, which `_wake` may ring too, or until a look at lists is over; say whether its time has come."""
        loop = asyncio.get_running_loop()
        alarm: asyncio.Future[bool] = loop.create_future()
        self._alarm, self._alarm_at = alarm, until
        # A look is bounded by the loop's own timer, as requests are.
        later = self._clock.call_later if looking is None else loop.call_later
        timer = None if math.isinf(seconds) else later(seconds, partial(_ring, alarm, is_due=True))
        try:
            if looking is None:
                return await alarm
            either: set[asyncio.Future[Any]] = {alarm, looking}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return alarm.done() and alarm.result()
        finally:
            if self._alarm is alarm:  # the next loop may have begun, and set its own
                self._alarm = None
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        """Wake the loop if something has become due before it would wake by itself."""
        if self._alarm is not None and self._agenda.next_moment(is_looking=self._is_looking) < self._alarm_at:
            _ring(self._alarm, is_due=False)

    # Lists.

    async def _look_at_lists(self, began_at: float) -> None:
        scan, clock = self._agenda.begin_look(began_at), self._clock
        while scan.asks:
            answers = await asyncio.gather(*map(self._read_page, scan.asks))
            failed = [
                (ask, each)
                for ask, each in zip(scan.asks, answers, strict=True)
                if isinstance(each, PlexteraError)
            ]
            if failed:
                self._take_failure(*failed[0])
                break
            pages = [each for each in answers if isinstance(each, Answer)]
            scan.feed([Page(page.model.data, _total(page.model.page_info)) for page in pages])
            for page in pages:
                self._tell_news(page)
        self._agenda.end_look(scan, began_at=began_at, now=clock.monotonic(), jitter=clock.jitter())

    async def _read_page(self, ask: Ask) -> Answer[Any] | PlexteraError:
        try:
            return await self._lister.read_page(ask.query())
        except PlexteraError as failure:
            return failure

    def _take_failure(self, ask: Ask, failure: PlexteraError) -> None:
        if is_final(failure):
            self.fail(failure)
            return
        _LOG.info("%s; waiting on", failure)
        self._agenda.fail_look(failure, ask, now=self._clock.monotonic())

    def _tell_news(self, page: Answer[Any]) -> None:
        """Tell waits at once what a page shows of their jobs; what it does not show is for the end of the look."""
        for entry, item in self._agenda.take_page(page.model.data):
            answer = Answer(item, page.request_id)
            if is_over(item):
                self._tell(entry, answer if suffices(item) else Told.LOOK)
            elif getattr(entry.latest(), "status", None) != item.status:
                entry.take(answer)


def _ring(alarm: "asyncio.Future[bool]", *, is_due: bool) -> None:
    if not alarm.done():
        alarm.set_result(is_due)


def _moment(event: JobEvent) -> datetime:
    return event.occurred_at


def _nothing(_: object = None) -> None:
    """Stand for the ways to a handle, when its wait is over."""


def _total(page_info: Any) -> int | None:
    return None if page_info is None else page_info.total_pages
