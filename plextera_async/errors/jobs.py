"""The job, not the call: it ended badly, or has not ended in time."""

from typing import Any

from plextera_async.errors.root import PlexteraError, describe, token

__all__ = [
    "ExtractionFailedError",
    "ExtractionRejectedError",
    "JobFailedError",
    "RunClosedError",
    "RunFailedError",
    "WaitTimeoutError",
]


class JobFailedError(PlexteraError):
    """A job reached an end that is not COMPLETED.

    Attributes:
        job: The last model seen: an `Extraction`, `WorkflowRun` or `ExtractJob`.
        error: The job's own error (`code`, `message`), None when the server gave none.
        request_id: Request id of the answer that told of the end, None when it came otherwise.
    """

    def __init__(self, job: Any, /, *, request_id: str | None = None) -> None:
        seen = describe(job)
        code = f" with {seen['error_code']}" if seen["error_code"] else ""
        tail = f" (request {token(request_id)})" if token(request_id) else ""
        name, status = token(seen["id"]) or "of unknown id", token(seen["status"]) or "in an unknown status"
        super().__init__(f"{seen['kind']} {name} ended {status}{code}{tail}")
        self.job = job
        self.error = getattr(job, "error", None)
        self.request_id = request_id

    def to_dict(self) -> dict[str, Any]:
        """Give the error as plain data: the job as kind, id, status and error code."""
        return {**super().to_dict(), "error": describe(self.job)["error_code"]}


class ExtractionFailedError(JobFailedError):
    """FAILED: processing began and could not finish."""


class ExtractionRejectedError(JobFailedError):
    """REJECTED: the document was refused: broken, empty, duplicate or unsupported."""


class RunFailedError(JobFailedError):
    """FAILED: the workflow run failed; its steps show where."""


class RunClosedError(JobFailedError):
    """CLOSED: the run was closed in Plextera Studio."""


class WaitTimeoutError(PlexteraError, TimeoutError):
    """A wait ran out. The job goes on: `handle(id).wait()` in any process continues the same wait.

    Attributes:
        id: The job's id.
        latest: The last model seen, None when none was.
        elapsed: Seconds waited.
        last_error: The last failure to read the job, None when the last reading worked.
    """

    def __init__(
        self,
        *,
        id: str,
        latest: Any = None,
        elapsed: float,
        last_error: PlexteraError | None = None,
    ) -> None:
        status = token(describe(latest)["status"]) if latest is not None else None
        seen = f"last seen {status}" if status else "never seen"
        why = f"; last failure: {last_error}" if last_error is not None else ""
        super().__init__(f"{token(id) or 'the job'} has not ended after {elapsed:.1f} s, {seen}{why}")
        self.id = id
        self.latest = latest
        self.elapsed = elapsed
        self.last_error = last_error
