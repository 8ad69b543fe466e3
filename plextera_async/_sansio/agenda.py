"""The open waits of one kind of job, and what is due for them: one heap, with a look at lists beside it."""

import heapq
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any, Generic, TypeVar

from plextera_async._sansio.events import JobEvent
from plextera_async._sansio.listing import Ask, Scan, Verdict, is_older, verdict
from plextera_async._sansio.lists import Lists, Ways
from plextera_async._sansio.polling import is_over
from plextera_async._sansio.waiting import Waiting
from plextera_async._sansio.watching import (
    MOST_SINGLE,
    Worth,
    guard_pause,
    is_told_by_events,
    look_at,
    seconds_apart,
    seconds_before_list,
    was_told_lately,
    worth,
)
from plextera_async.errors import PlexteraError
from plextera_async.options import PollPolicy

__all__ = ["Agenda"]

WaitT = TypeVar("WaitT", bound=Waiting)

_MOST_STALE = 50
_MOST_SILENCES = 5


class Agenda(Generic[WaitT]):
    """What a watcher goes by. Moments are seconds of the monotonic clock; *jitter* is a number in [0, 1) drawn by the caller.

    Attributes:
        by_lists: Whether lists are read; if not, every job is read singly.
        events_flow: Whether events have been arriving: then all looks are rarer.
    """

    def __init__(self, policy: PollPolicy, ways: Ways, *, events_flow: bool = False) -> None:
        """Begin with no wait.

        Args:
            policy: The rhythm of looks.
            ways: How lists of this kind of job can be read.
            events_flow: Whether events have been arriving.
        """
        self._policy = policy
        self._lists = Lists(ways)
        self._waits: dict[str, list[WaitT]] = {}
        self._open = 0
        self._heap: list[tuple[float, int, WaitT]] = []
        self._numbers = count()
        self._lists_at = math.inf
        self._lists_not_before = -math.inf
        self._pages = 1
        self.by_lists = False
        self.events_flow = events_flow

    def __len__(self) -> int:
        return self._open

    def __iter__(self) -> Iterator[WaitT]:
        return (wait for waits in tuple(self._waits.values()) for wait in tuple(waits))

    def of(self, id: str) -> Sequence[WaitT]:
        """Give the waits on one job; may be asked from any thread."""
        return tuple(self._waits.get(id, ()))

    @property
    def failure(self) -> PlexteraError | None:
        """What the last look at lists failed with, if it did."""
        return self._lists.failure

    # The life of a wait.

    def open(self, wait: WaitT, *, now: float) -> None:
        """Take in a wait."""
        self._waits.setdefault(wait.id, []).append(wait)
        self._open += 1
        self._choose_mode(now)

    def close(self, wait: WaitT, job: Any, *, now: float, jitter: float) -> None:
        """Let a wait go, whose job was last seen as *job*; None if never."""
        self.rouse(wait)
        self._waits[wait.id].remove(wait)
        if not self._waits[wait.id]:
            del self._waits[wait.id]
        self._open -= 1
        if len(self._heap) > 2 * self._open + _MOST_STALE:  # waits that are over, and all that hangs on them
            self._heap = [each for each in self._heap if each[2].due == each[0]]
            heapq.heapify(self._heap)
        was_missed = not wait.was_heard and job is not None and is_over(job) and is_told_by_events(job)
        if was_missed and self.events_flow:
            self._set_flow(flows=False, now=now, jitter=jitter)
        self._choose_mode(now)

    def rest(self, wait: WaitT, *, pause: float, now: float, jitter: float) -> None:
        """Have a wait rest until something is due, with *pause* before its next single look."""
        wait.rested_at = wait.told_at = now
        wait.pause = pause
        wait.guard = guard_pause(now - wait.began_at, jitter=jitter)
        wait.is_resting = True
        is_unknown = self.events_flow and not wait.looks  # lists are rare now, and nothing is known of it
        if is_unknown or self._lists.are_failing:  # and the next look at them may be far
            wait.is_alone = True
        self._schedule(wait, now)

    def rouse(self, wait: WaitT) -> None:
        """End the rest of a wait; does nothing if it does not rest."""
        wait.is_resting, wait.due = False, math.inf

    def hear(self, wait: WaitT, event: JobEvent, *, now: float, jitter: float) -> Worth:
        """Take an event of a wait's job, and say what it is worth."""
        value = worth(event, wait)
        if value is not Worth.NOTHING:
            wait.was_heard = wait.is_alone = True
            if not self.events_flow:
                self._set_flow(flows=True, now=now, jitter=jitter)
        return value

    # What is due.

    def next_moment(self, *, is_looking: bool) -> float:
        """Give the moment at which something is due next; infinity for never.

        Args:
            is_looking: Whether a look at lists is under way, so that none is due.
        """
        while self._heap and self._heap[0][2].due != self._heap[0][0]:
            heapq.heappop(self._heap)  # scheduled anew since, or roused
        due = self._heap[0][0] if self._heap else math.inf
        return min(due, self._lists_at) if self.by_lists and self._heap and not is_looking else due

    def pop_due(self, now: float) -> Iterator[tuple[WaitT, bool]]:
        """Rouse the waits that are due, and say of each whether its time is up and a look would bring nothing."""
        self._choose_mode(now)  # lists that told nothing are tried again some time
        while self.next_moment(is_looking=True) <= now:
            wait = heapq.heappop(self._heap)[2]
            self.rouse(wait)
            yield wait, wait.deadline <= now and self.by_lists and was_told_lately(wait, now=now)

    def are_lists_due(self, now: float) -> bool:
        """Say whether lists are to be looked at."""
        return self.by_lists and self._lists_at <= now and self.next_moment(is_looking=True) < math.inf

    # Looks at lists.

    def begin_look(self, now: float) -> Scan:
        """Begin a look at lists, if they are due."""
        return self._lists.begin(tuple(self), now=now)

    def fail_look(self, failure: PlexteraError, ask: Ask, *, now: float) -> None:
        """Take the failure of a look that passes, before the look is ended."""
        self._lists.failed(failure, ask, now=now)

    def take_page(self, items: Iterable[Any]) -> Sequence[tuple[WaitT, Any]]:
        """Give the waits that are to be told at once of what a page shows of their job, with its item."""
        shown = [(wait, item) for item in items for wait in self.of(item.id)]
        return [(wait, item) for wait, item in shown if _is_news(wait, item)]

    def end_look(self, scan: Scan, *, began_at: float, now: float, jitter: float) -> None:
        """End a look at lists, and take what it told of each job."""
        self._lists.learn(scan)
        told = [(wait, verdict(scan, wait, is_proven=self._lists.is_proven)) for wait in self]
        if not scan.asks:
            self._lists.end(scan, [each for _, each in told], now=now)
        for wait, each in told:
            self._take(wait, each, scan, now)
        self._pages = 1 if self._lists.is_proven else scan.pages
        pause = self._list_pause(now, jitter) if scan.is_sorted else 0.0  # unsorted: there may be another way
        self._lists_at = self._lists_not_before = max(began_at + pause, now + pause / 2)
        self._choose_mode(now)

    def _take(self, wait: WaitT, told: Verdict, scan: Scan, now: float) -> None:
        is_failing = self._lists.are_failing
        if told in (Verdict.RUNS, Verdict.UNCHANGED):
            wait.told_at, wait.misses, wait.silences = now, 0, 0
        if told is Verdict.RUNS:
            item = scan.seen[wait.id]
            wait.is_located, wait.status = True, item.status
            wait.known = item.updated_at or wait.known
        if told is Verdict.MISSING:
            wait.is_located, wait.misses = False, wait.misses + 1
        if told is Verdict.UNTOLD and scan.is_for(wait.id):
            wait.silences += 1
        if wait.misses > scan.forgives or wait.silences > _MOST_SILENCES or is_failing:
            self._let_alone(wait, now, alone=True)
        elif told is Verdict.RUNS:
            self._let_alone(wait, now, alone=False)

    def _let_alone(self, wait: WaitT, now: float, *, alone: bool) -> None:
        if wait.is_alone != alone:
            wait.is_alone = alone
            if wait.is_resting:
                self._schedule(wait, now)

    # Moments.

    def _choose_mode(self, now: float) -> None:
        by_lists = self._open > MOST_SINGLE and self._lists.are_usable(now)
        if by_lists != self.by_lists:
            self.by_lists = by_lists
            self._lists_at = math.inf
            self._reschedule(now)

    def _set_flow(self, *, flows: bool, now: float, jitter: float) -> None:
        self.events_flow = flows
        self._lists_at = self._lists_not_before = now + self._list_pause(now, jitter)
        self._reschedule(now)

    def _reschedule(self, now: float) -> None:
        """Reckon all moments anew, after something changed that all of them depend on."""
        self._heap.clear()
        for wait in self:
            if wait.is_resting:
                self._schedule(wait, now)

    def _schedule(self, wait: WaitT, now: float) -> None:
        at = self._look_at(wait, now, by_lists=self.by_lists)
        wait.due = min(wait.deadline, max(at, now))
        heapq.heappush(self._heap, (wait.due, next(self._numbers), wait))
        if self.by_lists and (not wait.is_alone or self._lists.are_failing):
            # Lists are looked at when it would be read singly.
            single = self._look_at(wait, now, by_lists=False)
            self._lists_at = min(self._lists_at, max(single, self._lists_not_before))

    def _look_at(self, wait: WaitT, now: float, *, by_lists: bool) -> float:
        are_lists_dumb = not self.by_lists or self._lists.are_failing
        crowd = self._open if are_lists_dumb and self._open > MOST_SINGLE else 0
        apart = seconds_apart(self._policy, crowd)
        return look_at(wait, by_lists=by_lists, events_flow=self.events_flow, apart=apart, now=now)

    def _list_pause(self, now: float, jitter: float) -> float:
        youngest = max((wait.began_at for wait in self), default=now)
        return seconds_before_list(
            self._policy,
            youngest=now - youngest,
            pages=self._pages,
            jitter=jitter,
            events_flow=self.events_flow,
            failures=self._lists.failures,
            failure=self._lists.failure,
        )


def _is_news(wait: Waiting, item: Any) -> bool:
    """Say whether an item tells something new; not an end that the wait was told of before, and did not find."""
    if is_older(item, wait):
        return False
    if is_over(item):
        is_new = wait.is_resting and not wait.is_alone
        wait.is_alone = wait.is_alone or is_new
        return is_new
    return True
