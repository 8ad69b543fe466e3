"""Handles: what a create gives, and what waits for its end. They can re-read a job, and do not know who made them."""

import logging
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

from plextera_async._aio.sender import Answer
from plextera_async._sansio.polling import Job, end_error, is_over, is_unknown
from plextera_async.client.waits import DEFAULT, Reader, Subject, Timeout, Wait
from plextera_async.errors import JobFailedError
from plextera_async.errors.root import token
from plextera_async.models import Extraction, ExtractionOutput, ExtractJob, WorkflowRun

__all__ = ["ExtractJobHandle", "ExtractionHandle", "Handle", "RunHandle"]

_LOG = logging.getLogger("plextera_async.waits")

JobT = TypeVar("JobT", bound=Job)
DocumentT = TypeVar("DocumentT", Extraction, ExtractJob)


class Handle(Generic[JobT]):
    """A job on the server: its id, what was last seen of it, and ways to wait for its end.

    A handle holds no connection and no task. The job goes on whether or not anyone waits, and ending a wait, by
    cancellation too, changes nothing for it: the API has no call that cancels a job.

    Attributes:
        id: The job's id.
        latest: The model last seen; None until it is read, on a handle made from an id.
        request_id: Request id of the answer that `latest` came from.
    """

    def __init__(self, id: str, reader: Reader[JobT], *, answer: Answer[JobT] | None = None) -> None:
        """Made by the client: by creates, and by `handle(id)`."""
        self.id = id
        self.latest: JobT | None = None
        self.request_id: str | None = None
        self._reader = reader
        self._created_at = None if answer is None else reader.clock.monotonic()
        self._is_as_created = False
        self._warned = False
        if answer is not None:
            self._take(answer)
            self._is_as_created = True

    def __repr__(self) -> str:
        status = "not read yet" if self.status is None else token(self.status)
        return f"<{type(self).__name__} {token(self.id)} {status}>"

    @property
    def status(self) -> str | None:
        """The status last seen; None until the job is read."""
        return None if self.latest is None else self.latest.status

    async def refresh(self) -> JobT:
        """Read the job now and give its model, which is `latest` from then on.

        Raises:
            NotFoundError: If there is no such job in this workspace.
            PlexteraError: As every call does.
        """
        return self._take(await self._reader.read(self.id, True))

    async def wait(self, timeout: Timeout = DEFAULT, *, check: bool = True) -> JobT:  # noqa: ASYNC109 - a limit for the job
        """Wait until the job has ended, and give its last model.

        Looks at the job with growing pauses (`PollPolicy`); when there are more than four waits of its kind, lists are
        looked at for all of them, and each job once, when it has ended. With `AsyncPlextera(events=...)` an event
        ends the wait too, whichever is first. Failures that pass (no connection, 429, 5xx, an answer
        that cannot be decoded, 404 within 30 s of the create) are lived through until the deadline.

        Args:
            timeout: Seconds, by a clock that never jumps; None is no limit; by default `PollPolicy.wait_timeout`.
            check: Whether FAILED, REJECTED and CLOSED are errors; False gives the model whatever its end. An end that
                this release does not know (`status.is_known` is False, `completed_at` is set) is given back either way.

        Raises:
            JobFailedError: If it ended FAILED, REJECTED or CLOSED; the class says which.
            WaitTimeoutError: If it has not ended in time. The job goes on: wait again whenever you like.
            AuthenticationError: At once, as are 403 and a 404 that is no longer new.
            InvalidInputError: If *timeout* is negative or no number.

        A job whose end was seen before is answered without a request. Several waits may run at one time.
        """
        async with self._begin(timeout) as wait:
            while not is_over(job := await wait.next()):
                pass
        self._raise_for_end(job, check=check)
        return job

    async def watch(self, timeout: Timeout = DEFAULT) -> AsyncIterator[JobT]:  # noqa: ASYNC109 - as in wait
        """Give the job's model now, and after each change of status or progress, until it has ended.

        Args:
            timeout: As for `wait`.

        Raises:
            WaitTimeoutError: If it has not ended in time.
            PlexteraError: As `wait` does; but no end is an error here.
        """
        wait = self._begin(timeout, is_watched=False)
        shown: object = None
        while True:
            job = await wait.next()
            face = (job.status, getattr(job, "progress", None))
            if face != shown:
                shown = face
                yield job
            if is_over(job):
                return

    def _begin(self, timeout: Timeout, *, is_watched: bool = True) -> Wait[JobT]:
        subject = Subject(
            id=self.id,
            created_at=self._created_at,
            is_as_created=self._is_as_created,
            latest=lambda: self.latest,
            take=self._take,
        )
        return Wait(subject, self._reader, timeout=timeout, is_watched=is_watched)

    def _take(self, answer: Answer[JobT]) -> JobT:
        self.latest, self.request_id = answer.model, answer.request_id
        self._is_as_created = False
        if is_unknown(answer.model) and not self._warned:
            self._warned = True
            _LOG.warning(
                "%s %s has a status that this release does not know",
                type(answer.model).__name__,
                token(self.id),
            )
        return answer.model

    def _raise_for_end(self, job: JobT, *, check: bool) -> None:
        error = end_error(job, request_id=self.request_id) if check else None
        if error is not None:
            raise error


class _DocumentHandle(Handle[DocumentT]):
    """A handle on a job whose end is an output."""

    async def result(self, timeout: Timeout = DEFAULT) -> ExtractionOutput:  # noqa: ASYNC109 - as in wait
        """Wait until the job has ended and its output is there, and give the output.

        The output can come later than COMPLETED: then the job is read on, until the deadline.

        Args:
            timeout: As for `wait`.

        Raises:
            JobFailedError: If it ended in any other way than COMPLETED.
            WaitTimeoutError: If there is no output in time.
            PlexteraError: As `wait` does.
        """
        async with self._begin(timeout) as wait:
            while True:
                job = await wait.next()
                if not is_over(job):
                    continue
                self._raise_for_end(job, check=True)
                if job.output is not None:
                    return job.output
                if is_unknown(job):
                    raise JobFailedError(job, request_id=self.request_id)


class ExtractionHandle(_DocumentHandle[Extraction]):
    """An extraction on the server.

    Attributes:
        also_created: Ids of further extractions that carry the same key, the oldest first; known only after a look-up,
            by `client.extractions.find` or for a create whose fate was unknown. This handle is on the oldest of all.
    """

    also_created: tuple[str, ...] = ()


class ExtractJobHandle(_DocumentHandle[ExtractJob]):
    """A job of the first generation on the server."""


class RunHandle(Handle[WorkflowRun]):
    """A workflow run on the server."""
