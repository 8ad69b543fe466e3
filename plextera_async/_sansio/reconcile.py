"""Whether a create whose fate is unknown took place: what lists of extractions prove, and what follows from it.

A job is found by the tag that its create carried. That it is not found proves something only if the list was read from
its newest item to past the start of the create, in an order that was seen to hold, and if every item on the way has
shown its tags.
"""

import math
from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from heapq import nsmallest
from itertools import pairwise
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

import attrs

from plextera_async._sansio.inputs import KEY_TAG

__all__ = [
    "GRACE",
    "MOST_READ_SINGLY",
    "Listed",
    "Step",
    "Survey",
    "Verdict",
    "Window",
    "next_step",
    "window",
]

GRACE = 10.0
"""Seconds between the two look-ups that find nothing: how long a job may take to appear in lists."""

MOST_READ_SINGLY = 100
"""Items without tags that are read by their id in one look-up."""

_MARGIN = timedelta(minutes=5)  # for clocks of the server that differ among themselves
_MOST_UNSORTED = 10_000  # items of a list without an order; a sorted one ends at the start of the create


class Listed(Protocol):
    """What a look-up needs to see of an item."""

    @property
    def id(self) -> str:
        """The job's id."""
        ...

    @property
    def created_at(self) -> datetime | None:
        """Time of the create by the server's clock; None if it was not told."""
        ...

    @property
    def tags(self) -> Mapping[str, str] | None:
        """The tags it was created with; None if they are not shown."""
        ...


ListedT = TypeVar("ListedT", bound=Listed)


class Verdict(Enum):
    """What one look-up says about one key."""

    FOUND = "found"
    ABSENT = "not there, if lists show tags at all, and as far as one look can prove that"
    UNKNOWN = "not seen, which proves nothing"


class Step(Enum):
    """What to do next about a create whose fate is unknown."""

    TAKE = "take the job that was found"
    LOOK_AGAIN = "look again after a grace"
    SEND_AGAIN = "send it again"
    GIVE_UP = "leave it to the caller"


def next_step(verdicts: Sequence[Verdict], *, may_send: bool, shows_tags: bool) -> Step:
    """Say what follows from the look-ups so far.

    Args:
        verdicts: Of each look-up since the last send, at least one.
        may_send: It was sent once so far, and can be sent again as it was.
        shows_tags: Items of lists have shown tags by now, in these look-ups or before.
    """
    if verdicts[-1] is Verdict.FOUND:
        return Step.TAKE
    if len(verdicts) == 1:
        return Step.LOOK_AGAIN
    is_proven = shows_tags and all(verdict is Verdict.ABSENT for verdict in verdicts)
    return Step.SEND_AGAIN if may_send and is_proven else Step.GIVE_UP


@attrs.frozen
class Window:
    """From when on a job that carries a key counts, by the time of its create; None is no limit."""

    certain: datetime | None = None
    """From here on it does."""
    possible: datetime | None = None
    """From here on it may be: where the server's clock and ours tell different things."""


def window(since: datetime, *, told: datetime | None, now: datetime) -> Window:
    """Give the window of a create.

    Args:
        since: When the create began, by our clock.
        told: The server's time, None if it told none: then our clock has to do.
        now: Our time when it told that.
    """
    ours = since - _MARGIN
    try:
        theirs = ours if told is None else ours + (told - now)
    except OverflowError:  # a server that tells of the year 1
        theirs = ours
    return Window(theirs, min(ours, theirs))


class Survey(Generic[ListedT]):
    """One look-up: a pass over a list, the newest items first, for any number of keys at a time.

    Attributes:
        shows_tags: Items have shown tags in this pass.
        is_over: Whether what is left of the list can tell nothing any more.
        unread: Items that may be one of those looked for, but do not show tags: to be read singly. Those that were
            created nearest to the start of a create come first; no more than one more than may be read.
    """

    def __init__(self, windows: Mapping[str, Window]) -> None:
        """Begin to look for the keys, with what counts for each."""
        self.shows_tags = False
        self.is_over = False
        self.unread: list[ListedT] = []
        self._windows = windows
        limits = [window.possible for window in windows.values() if window.possible is not None]
        self._oldest = min(limits) if len(limits) == len(windows) else None
        certain = [window.certain for window in windows.values() if window.certain is not None]
        self._starts = sorted(limit.timestamp() + _MARGIN.total_seconds() for limit in certain)
        self._found: dict[str, list[ListedT]] = {key: [] for key in windows}
        self._lookalikes: set[str] = set()
        self._is_sorted: bool | None = None
        self._last: datetime | None = None
        self._count = 0

    def feed(self, items: Sequence[ListedT], *, goes_on: bool = True) -> None:
        """Take a page, or what is new of it, in its order.

        Args:
            items: What is new of it.
            goes_on: It follows the pages before; False for one that was read again, to see what had moved.
        """
        self._count += len(items)
        for item in items:
            self.shows_tags = self.shows_tags or bool(item.tags)
            if item.tags:
                self._match(item)
            elif self._is_recent(item, self._oldest):
                self.unread.append(item)
        self.unread = nsmallest(MOST_READ_SINGLY + 1, self.unread, key=self._distance)
        self._watch_order([item.created_at for item in items if item.created_at is not None], goes_on=goes_on)
        if self._oldest is not None:
            self.is_over = self._is_past(items, self._oldest)

    def feed_single(self, item: ListedT) -> None:
        """Take an item of `unread` that was read by its id."""
        self.unread = [other for other in self.unread if other.id != item.id]
        self._match(item)

    def found(self, key: str) -> list[ListedT]:
        """Give the jobs that carry a key, the oldest first; where times do not tell, the list's order counts."""
        matches = list(reversed(self._found[key]))
        if any(match.created_at is None for match in matches):
            return matches
        return sorted(matches, key=attrgetter("created_at"))

    def verdict(self, key: str) -> Verdict:
        """Say what the pass, now that it is over, tells about a key."""
        if self._found[key]:
            return Verdict.FOUND
        is_whole = self._is_sorted is not False and not self.unread
        is_told_apart = _folded(key) not in self._lookalikes
        return Verdict.ABSENT if is_whole and is_told_apart else Verdict.UNKNOWN

    def _is_past(self, items: Sequence[ListedT], oldest: datetime) -> bool:
        """Say whether a page ends the pass: all of it, not its last item only, which could have strayed there."""
        if self._is_sorted is None or not items:
            return False
        if not self._is_sorted:
            return self._count >= _MOST_UNSORTED
        return not any(self._is_recent(item, oldest) for item in items)

    def _is_recent(self, item: ListedT, limit: datetime | None) -> bool:
        return limit is None or item.created_at is None or item.created_at >= limit

    def _distance(self, item: ListedT) -> float:
        """Give the seconds between an item and the nearest start of a create; unknown ones are the furthest."""
        if item.created_at is None or not self._starts:
            return math.inf
        at = item.created_at.timestamp()
        place = bisect(self._starts, at)
        return min(abs(start - at) for start in self._starts[max(0, place - 1) : place + 1])

    def _match(self, item: ListedT) -> None:
        """Hold an item's tags against the keys.

        Only the very key in the very tag is a match. What a server that folds case or cuts blanks could have made of it
        is none, and keeps anything from being proven; so does a match of a time that only one of the clocks lets pass.
        """
        for name, value in (item.tags or {}).items():
            if name == KEY_TAG and value in self._found:
                if self._is_recent(item, self._windows[value].certain):
                    self._found[value].append(item)
                elif self._is_recent(item, self._windows[value].possible):
                    self._lookalikes.add(_folded(value))
            elif _folded(name) == _folded(KEY_TAG) and self._is_recent(item, self._oldest):
                self._lookalikes.add(_folded(value))

    def _watch_order(self, times: Sequence[datetime], *, goes_on: bool) -> None:
        """Learn from a page whether the list is in the order that was asked for; one step up is enough to say no."""
        if goes_on and times:
            times = times if self._last is None else [self._last, *times]
            self._last = times[-1]
        if any(earlier < later for earlier, later in pairwise(times)):
            self._is_sorted = False
        elif self._is_sorted is None and any(earlier > later for earlier, later in pairwise(times)):
            self._is_sorted = True


def _folded(text: str) -> str:
    return text.strip().casefold()
