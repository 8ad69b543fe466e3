"""The server said no, or something that cannot be read, or nothing about a create."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from plextera_async.errors.root import PlexteraError, token

__all__ = [
    "APIError",
    "AmbiguousCreateError",
    "AuthenticationError",
    "ConflictError",
    "DecodeError",
    "InvalidRequestError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "RateLimitedError",
    "ServerError",
    "UnsupportedMediaTypeError",
    "ValidationFailedError",
]


class APIError(PlexteraError):
    """The server answered with an error status.

    Attributes:
        status: HTTP status.
        code: The stable code of the error envelope, None when the answer had none.
        message: The server's text, for people. Never in `str()`, because it may quote the request.
        request_id: The id to quote in a support request.
        retryable: Whether the same request may succeed later.
        details: Field-level problems as `(field, issue)` pairs; the texts are the server's.
        retry_after: Seconds the server asked to wait, None when it did not.
        attempts: How often it was tried.
        operation: Operation id, or method and path template.
    """

    def __init__(
        self,
        message: str | None = None,
        /,
        *,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        retryable: bool = False,
        details: Sequence[tuple[str, str]] = (),
        retry_after: float | None = None,
        attempts: int = 1,
        operation: str | None = None,
        may_have_been_applied: bool = False,
    ) -> None:
        super().__init__(message or "", may_have_been_applied=may_have_been_applied)
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.retryable = retryable
        self.details = tuple(details)
        self.retry_after = retry_after
        self.attempts = attempts
        self.operation = operation

    def __str__(self) -> str:
        where = f"{self.operation}: " if self.operation else ""
        code = f" {token(self.code)}" if token(self.code) else ""
        tries = f", {self.attempts} attempts" if self.attempts > 1 else ""
        wait = "" if self.retry_after is None else f", retry after {self.retry_after:g} s"
        tail = f" (request {token(self.request_id)})" if token(self.request_id) else ""
        return f"{where}HTTP {self.status}{code}{tries}{wait}{tail}"

    def to_dict(self) -> dict[str, Any]:
        """Give the error as plain data; `message` is the server's text, `summary` the one line of `str()`."""
        return {**super().to_dict(), "message": self.message, "summary": str(self)}


class InvalidRequestError(APIError):
    """400: unreadable JSON, a bad parameter value or a bad multipart body."""


class ValidationFailedError(APIError):
    """422, or any status with the code VALIDATION_FAILED: `details` names the fields."""


class AuthenticationError(APIError):
    """401: the API key is missing, malformed or revoked."""

    def __str__(self) -> str:
        return f"{super().__str__()}: check the API key"


class PermissionDeniedError(APIError):
    """403: the key is valid, the operation is not allowed to it."""


class NotFoundError(APIError):
    """404: not in this workspace, or a wrong path."""


class ConflictError(APIError):
    """409: conflicts with the state of the resource; look at `retryable`."""


class PayloadTooLargeError(APIError):
    """413: larger than the server takes."""


class UnsupportedMediaTypeError(APIError):
    """415: executables, scripts and other types that the server refuses."""


class RateLimitedError(APIError):
    """429: too many requests; `retry_after` says how long to wait."""


class ServerError(APIError):
    """5xx: the server or something before it failed."""


class AmbiguousCreateError(PlexteraError):
    """A create was sent and its fate is unknown: it may have been applied.

    It was sent once; an extraction with a key was also looked for, and sent twice only if its absence was proven in
    between. Look for the job (an extraction with `client.extractions.find(error.key, since=error.since)`) before sending
    it again, or it may exist, and cost, twice.

    Attributes:
        operation: Operation id of the create.
        key: Value of the tag `plexteraClientKey` that the request carried, None when it carried none.
        tags: All tags that the request carried, the key among them.
        since: When the create began, UTC, by this machine's clock.
        request_id: The `X-Request-Id` that was sent.
        cause: What was seen instead of an answer; also `__cause__`.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        operation: str,
        key: str | None = None,
        tags: Mapping[str, str] | None = None,
        since: datetime,
        request_id: str | None = None,
        cause: PlexteraError | None = None,
    ) -> None:
        super().__init__(message, may_have_been_applied=True)
        self.operation = operation
        self.key = key
        self.tags = dict(tags or {})
        self.since = since
        self.request_id = request_id
        self.cause = cause

    def __str__(self) -> str:
        why = "" if self.cause is None else f"; {self.cause}"
        return f"{self.operation}: {super().__str__()}{why}"


class DecodeError(PlexteraError):
    """The answer does not fit the contract.

    Attributes:
        problems: `(path, expected, found)` triples: JSON path, expected type, found type. Never a value.
        operation: Operation id, None outside a request.
        status: HTTP status of the answer, None outside a request.
        request_id: The id to quote in a support request.
    """

    def __init__(
        self,
        problems: Sequence[tuple[str, str, str]],
        /,
        *,
        operation: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        may_have_been_applied: bool = False,
    ) -> None:
        super().__init__("the answer does not fit the contract", may_have_been_applied=may_have_been_applied)
        self.problems = tuple(problems)
        self.operation = operation
        self.status = status
        self.request_id = request_id

    def __str__(self) -> str:
        where = f"{self.operation}: " if self.operation else ""
        shown = ", ".join(f"{path}: expected {want}, found {got}" for path, want, got in self.problems[:3])
        more = f" and {len(self.problems) - 3} more" if len(self.problems) > 3 else ""  # noqa: PLR2004 - three are shown
        tail = f" (request {token(self.request_id)})" if token(self.request_id) else ""
        return f"{where}{super().__str__()}: {shown}{more}{tail}"
