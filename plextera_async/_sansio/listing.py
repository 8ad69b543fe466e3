"""What pages of a list tell of jobs that are waited for, and how far a list is read.

A list by time of change, the newest first, is read back to where the last look began, and a page further: what it does
not show has not changed. That is believed only after the list has shown that it is in that order, and not merely in
that of creation, which looks the same while nothing changes. A list by status is read to its end: what it does not
show has left it.
"""

import enum
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count, pairwise
from typing import Any

import attrs

from plextera_async._sansio.polling import is_over
from plextera_async._sansio.waiting import Waiting

__all__ = ["SIZE", "Ask", "Page", "Scan", "Verdict", "Way", "is_older", "verdict"]

SIZE = 100

_MOST_STALE = 3
_AT_ONCE = 50
"""Pages of a list by status that are asked for at one time: what leaves it between two rounds pulls others over the seam,
which then have to be read singly."""

_STEPS = 3
"""Steps down in time, between items made at one time, that are no accident in a list that never steps up."""


class Way(enum.Enum):
    """How a list is read, with the statuses that are asked for."""

    BY_CHANGE = enum.auto()
    BY_STATUS = enum.auto()


@attrs.frozen
class Ask:
    """One page to ask for."""

    way: Way
    status: str | None
    page: int

    def query(self) -> Mapping[str, object]:
        """Give its query parameters."""
        order = {"sortBy": "updatedAt", "sort": "desc"} if self.way is Way.BY_CHANGE else {}
        return {"page": self.page, "size": SIZE, "status": self.status, **order}


class Verdict(enum.Enum):
    """What a look at lists told of one job."""

    RUNS = enum.auto()
    """A list shows it, and it goes on."""
    HAS_ENDED = enum.auto()
    """A list shows that it has ended."""
    UNCHANGED = enum.auto()
    """It is not among what has changed."""
    MISSING = enum.auto()
    """It should be shown, and is not."""
    UNTOLD = enum.auto()
    """Nothing."""


@attrs.frozen
class Page:
    """One page of a list: its items, and how many pages there are, if the list said so."""

    items: Sequence[Any]
    total_pages: int | None


_Steps = Generator[Sequence[Ask], Sequence[Page], None]


class Scan:
    """One look at lists: read `asks`, tell `feed`, until there are none.

    Attributes:
        asks: The pages to read next, all at one time.
        seen: The wanted jobs that were shown, by id.
        pages: How many pages were read.
        is_complete: Whether all was read that had to be.
        is_spent: Whether it ended because it had cost as much as reading each job.
        is_sorted: False once a page was not in the order that was asked for, or told no times.
        is_proof: Whether the order was seen to differ from that of creation.
        newest: Time of the latest change on the first page, from which the next look reads back to here.
        oldest: Time of the earliest change that was read; None if the list was read to its end.
        head: What stood on the first page.
    """

    def __init__(
        self,
        way: Way,
        statuses: Sequence[str | None],
        *,
        wanted: Collection[str],
        budget: int,
        reach: datetime | None = None,
        head: Sequence[Any] = (),
    ) -> None:
        """Begin.

        Args:
            way: Which lists.
            statuses: One list for each, read in this order; None is no filter.
            wanted: Ids of the jobs that are waited for.
            budget: Most pages to read: more than there are jobs, and reading each singly costs less.
            reach: By time of change: read back to this time and a page further; None reads on.
            head: By time of change: the first page as the last look saw it, at which nothing has changed since.
        """
        self.way = way
        self.seen: dict[str, Any] = {}
        self.pages = 0
        self.is_complete = False
        self.is_spent = False
        self.is_sorted = True
        self.is_proof = False
        self.newest: datetime | None = None
        self.oldest: datetime | None = None
        self.head: list[Any] = []
        self._statuses = statuses
        self._wanted = wanted
        self._budget = budget
        self._reach = reach
        self._last_head = head
        self._known: set[str] = set()
        self._steps_down = 0
        self._behind = 0
        self._stale = 0
        self._steps = self._plan()
        self.asks: Sequence[Ask] = next(self._steps, ())

    @property
    def forgives(self) -> int:
        """How often a job may be missing: it may have moved to the head while the list was read by time of change."""
        return 1 if self.way is Way.BY_CHANGE and not self.is_spent else 0

    def is_for(self, id: str) -> bool:
        """Say whether a job was looked for: one that was made while the list was read is not missing there."""
        return id in self._wanted

    def feed(self, pages: Sequence[Page]) -> None:
        """Take the pages that were asked for, in that order."""
        self.pages += len(pages)
        try:
            self.asks = self._steps.send(pages)
        except StopIteration:
            self.asks = ()

    def _plan(self) -> _Steps:
        for status in self._statuses:
            self._known.clear()
            self._stale = 0
            yield from self._by_change(status) if self.way is Way.BY_CHANGE else self._by_status(status)
            if self.is_spent or not self.is_sorted or self._is_torn:
                return
        self.is_complete = True

    def _read(
        self, status: str | None, pages: Iterable[int]
    ) -> Generator[Sequence[Ask], Sequence[Page], Page]:
        """Read pages, and give the last one."""
        told = yield [Ask(self.way, status, page) for page in pages]
        fresh = sum([self._take(page.items) for page in told])
        self._stale = 0 if fresh else self._stale + 1
        return told[-1]

    def _by_change(self, status: str | None) -> _Steps:
        """Read from the newest change back, until what had to be read is behind by a page."""
        for number in count():
            if self._is_over_budget(1):
                return
            page = yield from self._read(status, [number])
            if not page.items or number + 1 == page.total_pages:
                self.oldest = None  # nothing can be further back
                return
            if self._behind >= SIZE or self._is_known_head() or self._has_all:
                return
            if self._is_torn or not self.is_sorted:
                return

    def _by_status(self, status: str | None) -> _Steps:
        """Read all pages, many at one time: while they are read, jobs leave the list, and pull others over the seams."""
        page = yield from self._read(status, [0])
        if page.total_pages is None or (page.items and page.total_pages < 1):
            yield from self._to_the_end(status, page)
            return
        total = page.total_pages
        if self._has_all or self._is_over_budget(max(0, total - 1)):
            return
        for first in range(1, total, _AT_ONCE):
            yield from self._read(status, range(first, min(first + _AT_ONCE, total)))

    def _to_the_end(self, status: str | None, page: Page) -> _Steps:
        """Read on from the first page, where a list does not say how many there are."""
        for number in count(1):
            if not page.items or self._has_all or self._is_torn or self._is_over_budget(1):
                return
            page = yield from self._read(status, [number])

    @property
    def _is_torn(self) -> bool:
        """Whether page after page shows what was shown before: the list grows faster than it is read, or has one page."""
        return self._stale >= _MOST_STALE

    @property
    def _has_all(self) -> bool:
        return len(self.seen) == len(self._wanted)

    def _is_over_budget(self, pages: int) -> bool:
        self.is_spent = self.is_spent or self.pages + pages > self._budget
        return self.is_spent

    def _take(self, items: Sequence[Any]) -> int:
        """Note what a page shows; count the items that the list had not shown before."""
        before = len(self._known)
        self._known.update(item.id for item in items)
        self.seen.update((item.id, item) for item in items if item.id in self._wanted)
        if self.way is Way.BY_CHANGE:
            self._check_order(items)
            if self._reach is not None and self.is_sorted:
                self._behind += sum(item.updated_at < self._reach for item in items)
        return len(self._known) - before

    def _check_order(self, items: Sequence[Any]) -> None:
        """Check the order inside of a page: between pages it can be torn by changes."""
        times = [item.updated_at for item in items]
        if None in times:
            self.is_sorted = False
            return
        if any(later < earlier for later, earlier in pairwise(times)):
            self.is_sorted = False
        for newer, older in pairwise(items):
            self._weigh(newer, older)
        if times and not self.head:
            self.newest = times[0]
            self.head = [(item.id, item.updated_at, item.status) for item in items]
        if times:
            self.oldest = times[-1]

    def _weigh(self, newer: Any, older: Any) -> None:
        """Note whether two neighbours are in the order of their change and not in that of their creation."""
        if newer.updated_at == older.updated_at or None in (newer.created_at, older.created_at):
            return
        if newer.created_at < older.created_at:
            self.is_proof = True
        elif newer.created_at == older.created_at:
            self._steps_down += 1
            self.is_proof = self.is_proof or self._steps_down >= _STEPS

    def _is_known_head(self) -> bool:
        return bool(self._last_head) and self.pages == 1 and self.head == self._last_head


def is_older(item: Any, waiting: Waiting) -> bool:
    """Say whether an item of a list shows its job as it was before what is known."""
    return waiting.known is not None and item.updated_at is not None and item.updated_at < waiting.known


def verdict(scan: Scan, waiting: Waiting, *, is_proven: bool) -> Verdict:
    """Say what a look at lists told of one job.

    Args:
        scan: The look, when it is over.
        waiting: The job's wait.
        is_proven: Whether the list is known to be in the order that was asked for.
    """
    item = scan.seen.get(waiting.id)
    if item is not None:
        if is_older(item, waiting):
            return Verdict.UNTOLD
        return Verdict.HAS_ENDED if is_over(item) else Verdict.RUNS
    if not scan.is_for(waiting.id) or not (scan.is_complete or scan.is_spent):
        return Verdict.UNTOLD
    if scan.way is Way.BY_STATUS or scan.is_spent:
        return Verdict.MISSING
    lies_further_back = scan.oldest is not None and waiting.known is not None and waiting.known <= scan.oldest
    if is_proven and waiting.is_located and lies_further_back:
        return Verdict.UNCHANGED
    return Verdict.MISSING
