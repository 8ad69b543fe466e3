"""What pages of a list tell of jobs that are waited for, and how far a list is read.

A list by time of change, the newest first, is read back to where the last look began, and a page further: what it does
not show has not changed. That is believed only after the list has shown that it is in that order, and not merely in
that of creation, which looks the same while nothing changes. A list by status is read to its end: what it does not
show has left it.
"""

import enum
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import attrs

from plextera_async._sansio.polling import is_over
from plextera_async._sansio.waiting import Waiting

__all__ = ["SIZE", "Ask", "Scan", "Verdict", "Way", "verdict"]

SIZE = 100


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


class Scan:
    """One look at lists: read `ask`, tell `feed`, until `ask` is None.

    Attributes:
        ask: The page to read next.
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
        self._steps = self._plan()
        self.ask: Ask | None = next(self._steps, None)

    def feed(self, items: Sequence[Any], *, is_last: bool) -> None:
        """Take a page: its items, and whether the list itself said that it is the last."""
        self.pages += 1
        try:
            self.ask = self._steps.send((items, is_last))
        except StopIteration:
            self.ask = None

    def _plan(self) -> Generator[Ask, tuple[Sequence[Any], bool], None]:
        for status in self._statuses:
            page = behind = 0
            self._known.clear()
            while True:
                if self.pages >= self._budget:
                    self.is_spent = True
                    return
                items, is_last = yield Ask(self.way, status, page)
                fresh = self._take(items)
                if not self.is_sorted:
                    return
                behind += self._behind(items)
                if is_last or not fresh:
                    self.oldest = None  # nothing can be further back
                    break
                if behind >= SIZE or self._is_known_head() or len(self.seen) == len(self._wanted):
                    break
                page += 1
        self.is_complete = True

    def _take(self, items: Iterable[Any]) -> bool:
        """Note what a page shows; say whether there is anything that the list had not shown before."""
        items = list(items)
        before = len(self._known)
        for item in items:
            self._known.add(item.id)
            if item.id in self._wanted:
                self.seen[item.id] = item
        if self.way is Way.BY_CHANGE:
            self._check_order(items)
        return len(self._known) > before

    def _check_order(self, items: list[Any]) -> None:
        """Check the order inside of a page: between pages it can be torn by changes."""
        times = [item.updated_at for item in items]
        if None in times:
            self.is_sorted = False
            return
        if any(later < earlier for later, earlier in pairwise(times)):
            self.is_sorted = False
        created = [item.created_at for item in items if item.created_at is not None]
        if len(created) == len(items) and any(
            (before < after and newer > older)
            for (newer, older), (before, after) in zip(pairwise(times), pairwise(created), strict=True)
        ):
            self.is_proof = True
        if times and not self.head:
            self.newest = times[0]
            self.head = [(item.id, item.updated_at, item.status) for item in items]
        if times:
            self.oldest = times[-1]

    def _behind(self, items: Iterable[Any]) -> int:
        """Count what is older than had to be read."""
        if self.way is not Way.BY_CHANGE or self._reach is None:
            return 0
        return sum(item.updated_at < self._reach for item in items)

    def _is_known_head(self) -> bool:
        return bool(self._last_head) and self.pages == 1 and self.head == self._last_head


def verdict(scan: Scan, waiting: Waiting, *, is_proven: bool) -> Verdict:
    """Say what a look at lists told of one job.

    Args:
        scan: The look, when it is over.
        waiting: The job's wait.
        is_proven: Whether the list is known to be in the order that was asked for.
    """
    item = scan.seen.get(waiting.id)
    if item is not None:
        if waiting.known is not None and item.updated_at is not None and item.updated_at < waiting.known:
            return Verdict.UNTOLD  # older than what is known
        return Verdict.HAS_ENDED if is_over(item) else Verdict.RUNS
    if not scan.is_complete and not scan.is_spent:
        return Verdict.UNTOLD
    if scan.way is Way.BY_STATUS or scan.is_spent:
        return Verdict.MISSING
    lies_further_back = scan.oldest is not None and waiting.known is not None and waiting.known <= scan.oldest
    if is_proven and waiting.is_located and lies_further_back:
        return Verdict.UNCHANGED
    return Verdict.MISSING
