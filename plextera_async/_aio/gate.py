"""The one gate before a client's connections: who may leave, and when. `_sansio.pacing` decides, this queues and sleeps.

Nobody waits while there is room and no rate. Else requests of a kind leave in the order in which their calls were made,
a repeated attempt at its old place. Of those that wait for a moment, one sleeps until it comes; the others wait to be let
through by it, or by a request that ends. So there is no task of the gate's own, and nothing is left when all have gone.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from weakref import WeakKeyDictionary, ref

from plextera_async._aio.clock import Clock
from plextera_async._sansio.pacing import (
    KEPT,
    KINDS,
    Flight,
    Kind,
    Pace,
    Paces,
    Rate,
    Told,
    answered,
    is_due,
    paused,
    per_second,
    refused,
    sent,
    took_late,
)

__all__ = ["Gate", "Lessons", "Turn"]

_POLL_EVERY = 4  # while others wait too: a poll leaves after three of them


class _Lesson:
    """What one kind of request has taught; shared by all gates of a client."""

    __slots__ = ("cuts", "rate", "taken")

    def __init__(self) -> None:
        self.rate: Rate | None = None
        self.cuts = 0  # how often a refusal has changed the rate
        self.taken: deque[float] = deque(maxlen=KEPT)

    def refusal(self, cuts: int, now: float, pause: float) -> None:
        """Learn from the refusal of a request that left at the rate after so many *cuts*."""
        if cuts == self.cuts or self.rate is None:
            self.rate = refused(self.rate, now, pause=pause, taken=self.taken)
            self.cuts += 1
        elif pause:  # it left before the rate was cut, and says nothing about the new one
            self.rate = paused(self.rate, now, pause)


class _Lane:
    """The requests of one kind."""

    __slots__ = ("asked", "flight", "in_flight", "lesson", "polls", "room", "sleeper", "waiting")

    def __init__(self, lesson: _Lesson, limit: int) -> None:
        self.lesson = lesson
        self.flight = Flight.first(limit)
        self.room = self.flight.room
        self.in_flight = 0
        self.waiting = 0
        self.asked: list[tuple[int, Turn]] = []
        self.polls: list[tuple[int, Turn]] = []
        self.sleeper: Turn | None = None

    def is_open(self, now: float) -> bool:
        rate = self.lesson.rate
        return self.in_flight < self.room and (rate is None or is_due(rate, now))

    def seconds_left(self, now: float) -> float | None:
        """Give the time until the next may leave; None if it is not time that is waited for."""
        rate = self.lesson.rate
        if rate is None or self.in_flight >= self.room or is_due(rate, now):
            return None
        return rate.next_at - now

    def learn(self, told: Told, cuts: int, now: float, pause: float) -> None:
        lesson = self.lesson
        if told is Told.REFUSED:
            lesson.refusal(cuts, now, pause)
        else:
            lesson.taken.append(now)
            if lesson.rate is not None and cuts != lesson.cuts:
                lesson.rate = took_late(lesson.rate)
        flight = answered(self.flight, failed=told is not Told.TAKEN)
        if flight is not self.flight:
            self.flight, self.room = flight, flight.room

    def head(self) -> "Turn":
        """Give the one that is to sleep for all that wait; one does."""
        return (_waiting(self.asked) or _waiting(self.polls))[0][1]

    def pace(self, now: float) -> Pace:
        rate = self.lesson.rate
        return Pace(
            per_second=None if rate is None else per_second(rate),
            paused_for=0.0 if rate is None else max(0.0, rate.resumes_at - now),
            in_flight=self.in_flight,
            most_in_flight=self.room,
            waiting=self.waiting,
        )


class _Here:
    """The gate of one event loop."""

    __slots__ = ("first", "in_flight", "lanes", "limit", "passed_polls", "places", "waiting")

    def __init__(self, limit: int, lessons: dict[Kind, _Lesson]) -> None:
        self.limit = self.first = Flight.first(limit).room
        self.in_flight = 0
        self.waiting = 0
        self.passed_polls = 0  # how many have left since a poll could not
        self.lanes = {kind: _Lane(lessons[kind], limit) for kind in KINDS}
        self.places: Iterator[int] = count()

    def let_through(self, now: float) -> None:
        """Let everybody leave who may, and call one of those that wait for a moment if nobody sleeps for them."""
        while self.waiting and self.in_flight < self.limit and (queue := self._next(now)):
            queue[0][1].leave(queue, now)
        for lane in self.lanes.values():
            if lane.waiting and lane.sleeper is None and lane.seconds_left(now) is not None:
                lane.head().call()

    def _next(self, now: float) -> "list[tuple[int, Turn]] | None":
        """Give the queue whose head leaves next: of the open lanes the one with the oldest call, polls last."""
        asked: list[tuple[int, Turn]] | None = None
        polls: list[tuple[int, Turn]] | None = None
        for lane in self.lanes.values():
            if lane.waiting and lane.is_open(now):
                asked = _older(asked, _waiting(lane.asked))
                polls = _older(polls, _waiting(lane.polls))
        if asked is None or (polls is not None and self.passed_polls >= _POLL_EVERY - 1):
            self.passed_polls = 0
            return polls
        self.passed_polls += polls is not None
        return asked


def _waiting(queue: "list[tuple[int, Turn]]") -> "list[tuple[int, Turn]]":
    """Give a queue without those at its head who went away; taking each out at once would cost more, the more wait."""
    while queue and queue[0][1].is_gone:
        heappop(queue)
    return queue


def _older(
    one: "list[tuple[int, Turn]] | None", other: "list[tuple[int, Turn]]"
) -> "list[tuple[int, Turn]] | None":
    if not other:
        return one
    return other if one is None or other[0][0] < one[0][0] else one


class Turn:
    """A call's place at the gate, for all its attempts."""

    __slots__ = ("_call", "_clock", "_cuts", "_has_left", "_here", "_lane", "_place", "_poll", "is_gone")

    def __init__(self, here: _Here, kind: Kind, clock: Clock, *, poll: bool) -> None:
        self._here = here
        self._lane = here.lanes[kind]
        self._clock = clock
        self._poll = poll
        self._place = next(here.places)
        self._call: asyncio.Future[None] | None = None
        self.is_gone = False

    def begins(self) -> bool:
        """Begin an attempt if that is possible without waiting; if not, `wait`. Each is ended by `ends`."""
        here, lane = self._here, self._lane
        if here.waiting or here.in_flight >= here.limit or lane.in_flight >= lane.room:
            return False
        if lane.lesson.rate is not None:
            now = self._clock.monotonic()
            if not is_due(lane.lesson.rate, now):
                return False
            lane.lesson.rate = sent(lane.lesson.rate, now, crowded=False)
        self._cuts = lane.lesson.cuts
        here.in_flight += 1
        lane.in_flight += 1
        return True

    async def wait(self) -> None:
        """Wait for the turn and begin an attempt. Cancelled, it leaves no trace."""
        queue = self._lane.polls if self._poll else self._lane.asked
        heappush(queue, (self._place, self))
        self._here.waiting += 1
        self._lane.waiting += 1
        self._has_left = False
        try:
            self._here.let_through(self._clock.monotonic())
            while not self._has_left:
                await self._rest()
        except BaseException:
            if self._has_left:
                self.ends(Told.NOTHING)
            else:
                self.is_gone = True
                self._here.waiting -= 1
                self._lane.waiting -= 1
                self._here.let_through(self._clock.monotonic())
            raise

    async def _rest(self) -> None:
        """Sleep until the lane's moment if nobody else does, or else wait to be called."""
        lane = self._lane
        seconds = None if lane.sleeper else lane.seconds_left(self._clock.monotonic())
        if seconds is not None:
            lane.sleeper = self
            try:
                await self._clock.sleep(seconds)
            finally:
                lane.sleeper = None
            self._here.let_through(
                self._clock.monotonic()
            )  # this one may have left already: another sleeps then
            return
        self._call = asyncio.get_running_loop().create_future()
        try:
            await self._call
        finally:
            self._call = None

    def call(self) -> None:
        """Wake it up, if it waits for that."""
        if self._call is not None and not self._call.done():
            self._call.set_result(None)

    def leave(self, queue: "list[tuple[int, Turn]]", now: float) -> None:
        """Leave, as the first of *queue*."""
        heappop(queue)
        here, lane = self._here, self._lane
        here.waiting -= 1
        lane.waiting -= 1
        here.in_flight += 1
        lane.in_flight += 1
        if lane.lesson.rate is not None:
            lane.lesson.rate = sent(lane.lesson.rate, now, crowded=lane.waiting > 0)
        self._cuts = lane.lesson.cuts
        self._has_left = True
        self.call()

    def ends(self, told: Told, pause: float = 0.0) -> None:
        """End an attempt: make room, and learn from it.

        Args:
            told: What it says.
            pause: Seconds for which a refusal asks.
        """
        here, lane = self._here, self._lane
        here.in_flight -= 1
        lane.in_flight -= 1
        now = self._clock.monotonic()
        if told is not Told.NOTHING:
            room = lane.room
            lane.learn(told, self._cuts, now, pause)
            if lane.room != room:
                here.limit = max(here.first, *(each.room for each in here.lanes.values()))
        if here.waiting:
            here.let_through(now)


class Lessons:
    """What the requests of a client have taught, per event loop."""

    def __init__(self) -> None:
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Kind, _Lesson]] = WeakKeyDictionary()

    def of(self, loop: asyncio.AbstractEventLoop) -> dict[Kind, _Lesson]:
        """Give those of a loop."""
        return self._by_loop.setdefault(loop, {kind: _Lesson() for kind in KINDS})


class Gate:
    """The gate of a client and its views; what it holds is per event loop."""

    def __init__(self, limit: int, lessons: Lessons | None = None) -> None:
        """Make one.

        Args:
            limit: Requests in flight, per event loop.
            lessons: Those of another gate: both keep one pace, each has its own requests in flight.
        """
        self._limit = limit
        self.lessons = Lessons() if lessons is None else lessons
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, _Here] = WeakKeyDictionary()
        self._latest: tuple[ref[asyncio.AbstractEventLoop], _Here] | None = None  # quicker than a look-up

    def turn(self, kind: Kind, clock: Clock, *, poll: bool = False) -> Turn:
        """Give a call its place.

        Args:
            kind: Of its request.
            clock: Tells the time, and sleeps.
            poll: Whether others go first: looks of waits do not hold up work.
        """
        return Turn(self._here(), kind, clock, poll=poll)

    def paces(self, now: float) -> Paces:
        """Tell how things go on the running loop."""
        return Paces(**{kind: lane.pace(now) for kind, lane in self._here().lanes.items()})

    def _here(self) -> _Here:
        loop = asyncio.get_running_loop()
        if self._latest is not None and self._latest[0]() is loop:
            return self._latest[1]
        here = self._by_loop.get(loop)
        if here is None:
            here = self._by_loop[loop] = _Here(self._limit, self.lessons.of(loop))
        self._latest = ref(loop), here
        return here
