"""When a job is over, when to look again, and which failures a wait lives through."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from plextera_async import errors
from plextera_async.options import PollPolicy

__all__ = [
    "ENDS",
    "FAILED_ENDS",
    "RUNNING",
    "Job",
    "absorbs",
    "end_error",
    "is_final",
    "is_over",
    "is_unknown",
    "seconds_before_look",
]


class Job(Protocol):
    """What a wait needs to see of an extraction, a run or a first-generation job."""

    @property
    def id(self) -> str:
        """The job's id."""
        ...

    @property
    def status(self) -> str:
        """The status: a known one, or a text that this release does not know."""
        ...

    @property
    def completed_at(self) -> datetime | None:
        """Time of the end; absent while the job goes on."""
        ...


RUNNING = frozenset({"QUEUED", "PROCESSING"})

ENDS: Mapping[str, frozenset[str]] = {
    "Extraction": frozenset({"COMPLETED", "FAILED", "REJECTED"}),
    "ExtractJob": frozenset({"COMPLETED", "FAILED", "REJECTED"}),
    "WorkflowRun": frozenset({"COMPLETED", "FAILED", "CLOSED"}),
}

FAILED_ENDS: Mapping[tuple[str, str], type[errors.JobFailedError]] = {
    ("Extraction", "FAILED"): errors.ExtractionFailedError,
    ("Extraction", "REJECTED"): errors.ExtractionRejectedError,
    ("ExtractJob", "FAILED"): errors.ExtractionFailedError,
    ("ExtractJob", "REJECTED"): errors.ExtractionRejectedError,
    ("WorkflowRun", "FAILED"): errors.RunFailedError,
    ("WorkflowRun", "CLOSED"): errors.RunClosedError,
}

_FINAL = (errors.AuthenticationError, errors.PermissionDeniedError, errors.RedirectError)
"""Failures that the next look would meet as well, whatever else they say: a wrong key, a wrong address."""

_FRESH = 30.0  # seconds after a create during which a 404 means "not yet", not "never"
_GROWTH = 1.5
_SPREAD = 0.2
_LONGEST_ASKED = 600.0  # a server that asks for days must not put a wait without a limit to sleep for days
_SERVER_ERROR = 500


def is_over(job: Job) -> bool:
    """Say whether the job has ended.

    A status that this release does not know is not an end, except with a time of completion: a new end then stops
    the wait, and a new kind of waiting does not.
    """
    if job.status in ENDS[type(job).__name__]:
        return True
    return job.status not in RUNNING and job.completed_at is not None


def is_unknown(job: Job) -> bool:
    """Say whether the status is one that this release does not know."""
    return job.status not in RUNNING and job.status not in ENDS[type(job).__name__]


def end_error(job: Job, *, request_id: str | None) -> errors.JobFailedError | None:
    """Give the error of an end that is not a success; None for COMPLETED and for ends that are not known."""
    kind = FAILED_ENDS.get((type(job).__name__, str(job.status)))
    return None if kind is None else kind(job, request_id=request_id)


def seconds_before_look(
    policy: PollPolicy, *, looks: int, jitter: float, failure: errors.PlexteraError | None = None
) -> float:
    """Give the pause before the next look: growing, spread, and no shorter than the server asked for.

    Args:
        policy: First and longest pause.
        looks: Looks taken so far, the answer of the create among them; at least 1.
        jitter: A number in [0, 1) that the caller drew.
        failure: What the last look failed with, if it did.
    """
    pause = min(policy.max_delay, policy.first_delay * _GROWTH ** min(looks - 1, 60))
    asked = (failure.retry_after if isinstance(failure, errors.APIError) else None) or 0.0
    asked = min(asked, _LONGEST_ASKED)
    return max(pause * (1 - _SPREAD + 2 * _SPREAD * jitter), asked * (1 + _SPREAD * jitter))


def is_final(failure: errors.PlexteraError) -> bool:
    """Say whether every other look would fail in the same way: a wrong key, a wrong address."""
    return isinstance(failure, _FINAL)


def absorbs(failure: errors.PlexteraError, *, age: float | None) -> bool:
    """Say whether a wait goes on after a look that failed.

    Args:
        failure: What the look failed with.
        age: Seconds since the create was answered; None when the job was not created here.
    """
    if isinstance(failure, errors.NotFoundError):
        return age is not None and age < _FRESH
    if is_final(failure):
        return False
    if isinstance(failure, errors.APIError):
        is_passing = failure.status >= _SERVER_ERROR or isinstance(failure, errors.RateLimitedError)
        return is_passing or failure.retryable
    return isinstance(failure, errors.TransportError | errors.DecodeError)
