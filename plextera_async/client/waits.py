"""One wait on one job: looks, pauses and a deadline. `_sansio.polling` decides, this sleeps and reads."""

import logging
import math
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Final, Generic, TypeVar

import anyio
import attrs

from plextera_async._aio.clock import Clock
from plextera_async._aio.sender import Answer
from plextera_async._sansio.polling import Job, absorbs, is_over, seconds_before_look
from plextera_async.errors import InvalidInputError, PlexteraError, RequestTimeoutError, WaitTimeoutError
from plextera_async.options import PollPolicy

__all__ = ["DEFAULT", "Default", "Reader", "Timeout", "Wait"]

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
    """How a job is read, and in which rhythm."""

    read: Callable[[str, bool], Awaitable[Answer[JobT]]]
    """Reads the job with this id; the second argument says whether a failure may be tried again at once."""
    policy: PollPolicy
    clock: Clock


class Wait(Generic[JobT]):
    """Gives models of a job, one look after another, until the deadline."""

    def __init__(
        self,
        id: str,
        reader: Reader[JobT],
        *,
        timeout: Timeout,
        latest: JobT | None,
        created_at: float | None,
        take: Callable[[Answer[JobT]], JobT],
    ) -> None:
        """Begin now.

        Args:
            id: The job's id.
            reader: Reads it.
            timeout: Seconds; None is no limit, DEFAULT the policy's.
            latest: What is known already: the first look costs nothing then.
            created_at: When the create was answered, by the reader's clock; None if it was not here.
            take: Keeps an answer and gives its model.

        Raises:
            InvalidInputError: If *timeout* is negative or no number.
        """
        self._id = id
        self._reader = reader
        self._latest = latest
        self._created_at = created_at
        self._take = take
        self._began = reader.clock.monotonic()
        self._limit = _seconds(timeout, reader.policy)
        self._looks = 0 if latest is None else 1
        self._at_hand = latest
        self._has_read = False
        self._failure: PlexteraError | None = None

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
            if self._has_read or (self._latest is not None and not is_over(self._latest)):
                await self._pause()
            self._has_read = True
            self._looks += 1
            if (model := await self._look()) is not None:
                return model

    def _elapsed(self) -> float:
        return self._reader.clock.monotonic() - self._began

    async def _pause(self) -> None:
        left = self._limit - self._elapsed()
        if left <= 0 and not self._has_read:
            return  # every wait looks at least once, one without any time too
        if left <= 0:
            raise WaitTimeoutError(
                id=self._id, latest=self._latest, elapsed=self._elapsed(), last_error=self._failure
            )
        clock = self._reader.clock
        pause = seconds_before_look(
            self._reader.policy, looks=max(1, self._looks), jitter=clock.jitter(), failure=self._failure
        )
        await clock.sleep(min(pause, left))

    async def _look(self) -> JobT | None:
        """Read the job once; None after a failure that passes, or when it takes too long."""
        allowed = max(_LAST_LOOK, self._limit - self._elapsed())
        with anyio.move_on_after(None if math.isinf(allowed) else allowed):
            try:
                model = self._take(await self._reader.read(self._id, False))
            except PlexteraError as failure:
                if not absorbs(failure, age=self._age()):
                    raise
                _LOG.info("%s; waiting on", failure)
                self._failure = failure
                return None
            else:
                self._latest, self._failure = model, None
                return model
        self._failure = RequestTimeoutError("not answered before the deadline of the wait")
        return None

    def _age(self) -> float | None:
        return None if self._created_at is None else self._reader.clock.monotonic() - self._created_at


def _seconds(timeout: object, policy: PollPolicy) -> float:
    wanted = policy.wait_timeout if timeout is DEFAULT else timeout
    if wanted is None:
        return math.inf
    if isinstance(wanted, bool) or not isinstance(wanted, int | float) or not wanted >= 0:
        raise InvalidInputError("timeout must be a number of seconds, at least 0, or None for no limit")
    return float(min(wanted, _ENDLESS))
