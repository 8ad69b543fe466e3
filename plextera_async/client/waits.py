"""One wait on one job: looks, pauses and a deadline. `_sansio` decides, this reads, and pauses alone or with a watcher."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from enum import Enum
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import attrs

from plextera_async._aio.clock import Clock
from plextera_async._aio.sender import Answer
from plextera_async._sansio.polling import Job, absorbs, is_final, is_over, seconds_before_look
from plextera_async.client.watcher import Entry, Lister, Told, Watcher
from plextera_async.client.watchers import Watchers
from plextera_async.errors import InvalidInputError, PlexteraError, RequestTimeoutError, WaitTimeoutError
from plextera_async.options import PollPolicy

__all__ = ["DEFAULT", "Default", "Reader", "Subject", "Timeout", "Wait"]

_LOG = logging.getLogger("plextera_async.waits")

JobT = TypeVar("JobT", bound=Job)

_LAST_LOOK = 1.0
"""Seconds that a look may take past the deadline: so that a wait with little time left still learns of the end."""


_ENDLESS = 1e12  # seconds; a larger int does not fit a float


class Default(Enum):
    """Stands for what the client's options say."""

    DEFAULT = "DEFAULT"

    def __repr__(self) -> str:
        return self.value


DEFAULT: Final = Default.DEFAULT
Timeout = float | Default | None


@attrs.frozen
class Reader(Generic[JobT]):
    """How a job is read, in which rhythm, and who watches its kind."""

    read: Callable[[str, bool], Awaitable[Answer[JobT]]]
    """Reads the job with this id; the second argument says whether a failure may be tried again at once."""
    lister: Lister
    watchers: Watchers

    @property
    def policy(self) -> PollPolicy:
        """The rhythm of looks."""
        return self.lister.policy

    @property
    def clock(self) -> Clock:
        """What time is read from."""
        return self.lister.clock


@attrs.frozen(kw_only=True)
class Subject(Generic[JobT]):
    """What a wait has to know of the handle that waits."""

    id: str
    """The job's id."""
    created_at: float | None
    """When the create was answered, by the reader's clock; None if it was not here."""
    is_as_created: bool
    """Whether what is known is the answer of the create."""
    latest: Callable[[], JobT | None]
    """Gives what is known."""
    take: Callable[[Answer[JobT]], JobT]
    """Keeps an answer and gives its model."""


class Wait(Generic[JobT]):
    """Gives models of a job, one look after another, until the deadline. Used with `async with`."""

    __slots__ = (
        "_at_hand",
        "_began",
        "_entry",
        "_failure",
        "_has_read",
        "_is_watched",
        "_limit",
        "_looks",
        "_reader",
        "_subject",
        "_watcher",
    )

    def __init__(
        self, subject: Subject[JobT], reader: Reader[JobT], *, timeout: Timeout, is_watched: bool
    ) -> None:
        """Begin now.

        Args:
            subject: Whose wait; what is known already costs no look.
            reader: Reads the job.
            timeout: Seconds; None is no limit, DEFAULT the policy's.
            is_watched: Whether a watcher says when to look, and may tell of the end; if not, it looks by itself.

        Raises:
            InvalidInputError: If *timeout* is negative or no number.
        """
        self._subject = subject
        self._reader = reader
        self._began = reader.clock.monotonic()
        self._limit = _seconds(timeout, reader.policy)
        self._at_hand = subject.latest()
        self._looks = 0 if self._at_hand is None else 1
        self._has_read = False
        self._failure: PlexteraError | None = None
        self._is_watched = is_watched
        self._entry: Entry | None = None
        self._watcher: Watcher | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None and self._entry is not None:
            await self._reader.watchers.leave(self._watcher, self._reader.lister, self._entry)

    async def next(self) -> JobT:
        """Give the model at hand, or pause and read until a reading works.

        Raises:
            WaitTimeoutError: When the deadline has passed.
            PlexteraError: A failure that does not pass.
        """
        at_hand, self._at_hand = self._at_hand, None
        if at_hand is not None:
            return at_hand
        while True:
            if (rest := self._rest()) is not None and (model := self._told(await rest)) is not None:
                return model
            self._has_read = True
            self._looks += 1
            if (model := await self._look()) is not None:
                return model

    def _elapsed(self) -> float:
        return self._reader.clock.monotonic() - self._began

    def _rest(self) -> Awaitable[Answer[JobT] | Told | None] | None:
        """Begin the pause before the next look, in which somebody else may tell of the end; None if a look is due at once."""
        latest = self._subject.latest()
        is_over_already = latest is not None and is_over(latest)
        if is_over_already and not self._has_read:
            return None  # its output is looked for at once
        left = self._limit - self._elapsed()
        if left <= 0:
            self._check_deadline()
            return None
        pause = self._seconds_before_look()
        if not self._is_watched:
            return self._reader.clock.sleep(min(pause, left)) if pause > 0 else None
        if self._watcher is None or self._entry is None:
            self._entry = self._make_entry()
            self._watcher = self._reader.watchers.join(self._reader.lister, self._entry)
        return self._watcher.rest(self._entry, pause, looks=self._looks, alone=is_over_already)

    def _told(self, told: Answer[JobT] | Told | None) -> JobT | None:
        """Take what a pause ended with; give the model if it told of the end."""
        if isinstance(told, Answer):
            self._failure = None
            return self._subject.take(told)
        if told is Told.TIME_IS_UP and self._watcher is not None:
            self._has_read = True
            self._failure = self._failure or self._watcher.failure
            self._check_deadline()
        return None

    def _check_deadline(self) -> None:
        """Raise when the time is up; but every wait looks at least once, one without any time too."""
        if self._has_read:
            raise WaitTimeoutError(
                id=self._subject.id,
                latest=self._subject.latest(),
                elapsed=self._elapsed(),
                last_error=self._failure,
            )

    def _seconds_before_look(self) -> float:
        if not self._looks:
            return 0.0
        jitter = self._reader.clock.jitter()
        return seconds_before_look(
            self._reader.policy, looks=self._looks, jitter=jitter, failure=self._failure
        )

    def _make_entry(self) -> Entry:
        subject = self._subject
        return Entry(
            id=subject.id,
            began_at=self._began if subject.created_at is None else subject.created_at,
            deadline=self._began + self._limit,
            is_first=subject.is_as_created,
            latest=subject.latest,
            take=subject.take,
        )

    async def _look(self) -> JobT | None:
        """Read the job once; None after a failure that passes, or when it takes too long."""
        allowed = max(_LAST_LOOK, self._limit - self._elapsed())
        bound = asyncio.timeout(None if math.isinf(allowed) else allowed)
        try:
            async with bound:
                model = self._subject.take(await self._reader.read(self._subject.id, False))
        except PlexteraError as failure:
            if is_final(failure) and self._watcher is not None:
                self._watcher.fail(failure)
            if not absorbs(failure, age=self._age()):
                raise
            _LOG.info("%s; waiting on", failure)
            self._failure = failure
            return None
        except TimeoutError:
            if not bound.expired():  # somebody else's
                raise
            self._failure = RequestTimeoutError("not answered before the deadline of the wait")
            return None
        self._failure = None
        return model

    def _age(self) -> float | None:
        created_at = self._subject.created_at
        return None if created_at is None else self._reader.clock.monotonic() - created_at


def _seconds(timeout: object, policy: PollPolicy) -> float:
    wanted = policy.wait_timeout if timeout is DEFAULT else timeout
    if wanted is None:
        return math.inf
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not wanted >= 0:
        raise InvalidInputError("timeout must be a number of seconds, at least 0, or None for no limit")
    return float(min(wanted, _ENDLESS))
