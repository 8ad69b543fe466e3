"""What is remembered from one look at lists to the next: which way of reading them works, and how far the last one came."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from plextera_async._sansio.listing import Ask, Scan, Verdict, Way
from plextera_async._sansio.polling import absorbs
from plextera_async._sansio.waiting import Waiting
from plextera_async.errors import APIError, PlexteraError

__all__ = ["WAYS", "Lists", "Ways"]

Ways = Mapping[Way, Sequence[str | None]]

WAYS: Mapping[str, Ways] = {
    "extraction": {Way.BY_CHANGE: (None,), Way.BY_STATUS: ("QUEUED", "PROCESSING")},
    "run": {Way.BY_STATUS: ("QUEUED", "PROCESSING")},
    "job": {Way.BY_STATUS: ("QUEUED", "PROCESSING")},
}
"""By kind of job, how its lists can be read, the best way first. QUEUED before PROCESSING: jobs move in that order, and
are not missed between the two."""

_SWEEP = 60.0  # seconds between looks that read all the way back, whatever the last one saw
_MANY = 2
_MOST_USELESS = 3
_MOST_FAILURES = 2
_FORGIVEN = 300.0  # seconds after which what did not work is tried once more


class Lists:
    """The lists of one kind of job."""

    def __init__(self, ways: Ways) -> None:
        """Begin with the first of *ways*."""
        self._ways = ways
        self._given_up_at = 0.0
        self._start()

    def _start(self) -> None:
        self._left = list(self._ways.items())
        self.failures = 0
        self.failure: PlexteraError | None = None
        self._take_way()

    def _take_way(self) -> None:
        self._statuses = list(self._left[0][1]) if self._left else []
        self._mark: datetime | None = None
        self._head: Sequence[Any] = ()
        self._sweep_at = 0.0
        self._useless = 0
        self.is_proven = False

    def are_usable(self, now: float) -> bool:
        """Say whether lists are worth reading; some time after nothing was, all ways are tried again."""
        if not self._left and now >= self._given_up_at + _FORGIVEN:
            self._start()
        return bool(self._left)

    @property
    def are_failing(self) -> bool:
        """Whether looks at lists have failed so often that jobs should be read singly meanwhile."""
        return self.failures >= _MOST_FAILURES

    def begin(self, waits: Collection[Waiting], *, now: float) -> Scan:
        """Begin a look for the jobs that are waited for; lists must be usable."""
        way = self._left[0][0]
        # What was missing may have moved to the head meanwhile: no reason to read further back.
        unplaced = [one for one in waits if not (one.is_located or one.is_alone or one.misses)]
        is_sweep = self._mark is None or not self.is_proven or now >= self._sweep_at
        times = [one.known for one in (waits if is_sweep else unplaced)]
        reach = None
        if None not in times:
            reach = min([time for time in (*times, self._mark) if time is not None], default=None)
        return Scan(
            way,
            self._statuses if way is Way.BY_CHANGE else _still_possible(self._statuses, waits),
            wanted={one.id for one in waits},
            budget=max(2, len(waits)),
            reach=reach,
            head=() if is_sweep or unplaced else self._head,
        )

    def end(self, scan: Scan, verdicts: Collection[Verdict], *, now: float) -> None:
        """Take a look that is over, and what it told of each job."""
        self.failures, self.failure = 0, None
        if not scan.is_sorted:
            self._next_way(now)
            return
        told = sum(one not in (Verdict.MISSING, Verdict.UNTOLD) for one in verdicts)
        self._useless = self._useless + 1 if told < scan.pages else 0
        if self._useless >= _MOST_USELESS:
            self._next_way(now)
            return
        if not (scan.is_complete or scan.is_spent):
            return
        is_sweep = self._mark is None or not self.is_proven or now >= self._sweep_at
        if sum(one is Verdict.MISSING for one in verdicts) * _MANY > len(verdicts):
            self._sweep_at = now  # so many cannot have moved while the list was read
        elif is_sweep:
            self._sweep_at = now + _SWEEP
        self._mark, self._head = scan.newest or self._mark, scan.head

    def learn(self, scan: Scan) -> None:
        """Take what a look showed of the order of the list."""
        self.is_proven = self.is_proven or (scan.is_proof and scan.is_sorted)

    def failed(self, failure: PlexteraError, ask: Ask, *, now: float) -> None:
        """Take the failure of a look: what is refused is not asked for again, what passes is."""
        self._sweep_at = now
        if isinstance(failure, APIError) and not absorbs(failure, age=None):
            if ask.status in self._statuses:
                self._statuses.remove(ask.status)
            if not self._statuses:
                self._next_way(now)
            return
        self.failures, self.failure = self.failures + 1, failure

    def _next_way(self, now: float) -> None:
        self._left = self._left[1:]
        self._given_up_at = now
        self._take_way()


def _still_possible(statuses: Sequence[str | None], waits: Collection[Waiting]) -> Sequence[str | None]:
    """Give the statuses from the earliest on in which a job was last seen; one that went back is read singly."""
    seen = {one.status for one in waits}
    if not seen <= set(statuses):  # of some job it is not known
        return statuses
    return statuses[min(map(statuses.index, seen), default=0) :]
