"""The error tree: what went wrong and what the caller can do about it. Plain values only, no I/O, no models.

    PlexteraError
    ├─ ConfigurationError          settings that can never work (also ValueError)
    ├─ InvalidInputError           an argument or source that can never be sent (also ValueError); nothing was sent
    ├─ TransportError              no usable answer
    │   ├─ ConnectError                it never left: safe to repeat
    │   ├─ ConnectionLostError         the connection broke after it was made
    │   ├─ RequestTimeoutError         a limit of ours ran out (also TimeoutError)
    │   └─ RedirectError               a redirect that is not followed
    ├─ APIError                    the server said no
    │   ├─ InvalidRequestError 400     ├─ ValidationFailedError 422    ├─ AuthenticationError 401
    │   ├─ PermissionDeniedError 403   ├─ NotFoundError 404            ├─ ConflictError 409
    │   ├─ PayloadTooLargeError 413    ├─ UnsupportedMediaTypeError 415
    │   └─ RateLimitedError 429        └─ ServerError 5xx
    ├─ AmbiguousCreateError        a create may have been applied
    ├─ DecodeError                 the answer does not fit the contract
    ├─ JobFailedError              a job ended, not well
    │   ├─ ExtractionFailedError       ├─ ExtractionRejectedError
    │   └─ RunFailedError              └─ RunClosedError
    ├─ WaitTimeoutError            a wait ran out; the job goes on (also TimeoutError)
    ├─ WebhookVerificationError    a delivery that cannot be trusted
    └─ LedgerError                 the ingestion journal cannot be used

Every error pickles and copies whole. `str()` is one line and holds neither secrets nor anything the server or a document said.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

__all__ = [
    "APIError",
    "AmbiguousCreateError",
    "AuthenticationError",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "ExtractionFailedError",
    "ExtractionRejectedError",
    "InvalidInputError",
    "InvalidRequestError",
    "JobFailedError",
    "LedgerError",
    "NotFoundError",
    "PayloadTooLargeError",
    "PermissionDeniedError",
    "PlexteraError",
    "RateLimitedError",
    "RedirectError",
    "RequestTimeoutError",
    "RunClosedError",
    "RunFailedError",
    "ServerError",
    "TransportError",
    "UnsupportedMediaTypeError",
    "ValidationFailedError",
    "WaitTimeoutError",
    "WebhookVerificationError",
]

_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")


def _rebuild(cls: type["PlexteraError"], args: tuple[Any, ...], state: dict[str, Any]) -> "PlexteraError":
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def _token(value: object) -> str | None:
    """Keep a code or id that is plainly one; drop anything that could carry text, control characters or line breaks."""
    return value if isinstance(value, str) and _TOKEN.fullmatch(value) else None


class PlexteraError(Exception):
    """Base of every error that this library raises on purpose.

    Attributes:
        may_have_been_applied: True when the server may have acted on the request although no usable answer came.
    """

    may_have_been_applied: bool = False

    def __init__(self, message: str, /, *, may_have_been_applied: bool = False) -> None:
        super().__init__(message)
        self.may_have_been_applied = may_have_been_applied

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.args, dict(self.__dict__)))

    def to_dict(self) -> dict[str, Any]:
        """Give the error as plain data, fit for JSON: a model in it as kind, id, status and error code.

        Server messages and tags are included, because they are attributes; leave them out before logging.
        """
        public = {name: _plain(value) for name, value in self.__dict__.items() if not name.startswith("_")}
        return {"type": type(self).__name__, "message": str(self), **public}


def _plain(value: Any) -> Any:
    if _is_mapping(value):
        return {str(key): _plain(item) for key, item in value.items()}
    if _is_listing(value):
        return [_plain(item) for item in value]
    for kinds, to_plain in _TO_PLAIN:
        if isinstance(value, kinds):
            return to_plain(value)
    return describe(value)


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_listing(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str)


def describe(model: Any) -> dict[str, Any]:
    """Reduce a job model to kind, id, status and error code: what may be shown of it anywhere."""
    code = _token(getattr(getattr(model, "error", None), "code", None))
    status = getattr(model, "status", None)
    return {
        "kind": type(model).__name__,
        "id": getattr(model, "id", None),
        "status": None if status is None else str(getattr(status, "value", status)),
        "error_code": code,
    }


_TO_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (bool | int | float | None, lambda value: value),
    (str, lambda value: str(getattr(value, "value", value))),
    (datetime, datetime.isoformat),
    (PlexteraError, PlexteraError.to_dict),
)


class ConfigurationError(PlexteraError, ValueError):
    """Settings that can never work: raised when they are given, before anything is sent."""


class InvalidInputError(PlexteraError, ValueError):
    """An argument or source that can never be sent; nothing was sent."""


class LedgerError(PlexteraError):
    """The ingestion journal cannot be used; nothing in it was lost."""


class WebhookVerificationError(PlexteraError):
    """A delivery that cannot be trusted: wrong signature, too old, too new, too large or not an event."""


class TransportError(PlexteraError):
    """No usable answer came.

    Attributes:
        operation: What was asked for: an operation id of the API, or a method and path template.
        request_id: The `X-Request-Id` that was sent; the same for every attempt.
        attempts: How often it was tried.
    """

    def __init__(
        self,
        message: str,
        /,
        *,
        operation: str | None = None,
        request_id: str | None = None,
        attempts: int = 1,
        may_have_been_applied: bool = False,
    ) -> None:
        super().__init__(message, may_have_been_applied=may_have_been_applied)
        self.operation = operation
        self.request_id = request_id
        self.attempts = attempts

    def __str__(self) -> str:
        where = f"{self.operation}: " if self.operation else ""
        tries = f" after {self.attempts} attempts" if self.attempts > 1 else ""
        tail = f" (request {_token(self.request_id)})" if _token(self.request_id) else ""
        return f"{where}{super().__str__()}{tries}{tail}"


class ConnectError(TransportError):
    """No connection came about: refused, unknown host, TLS, proxy or connect timeout. The request never left."""


class ConnectionLostError(TransportError):
    """The connection broke after it was made, before the whole answer was read."""


class RequestTimeoutError(TransportError, TimeoutError):
    """The server stayed silent, or stopped taking the upload, for longer than `Timeouts` allows."""


class RedirectError(TransportError):
    """A redirect that is not followed: of a request that changes something, to plain http, or one too many.

    Attributes:
        status: The HTTP status of the redirect.
    """

    def __init__(self, message: str, /, *, status: int | None = None, **rest: Any) -> None:
        super().__init__(message, **rest)
        self.status = status


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
        code = f" {_token(self.code)}" if _token(self.code) else ""
        tries = f", {self.attempts} attempts" if self.attempts > 1 else ""
        wait = "" if self.retry_after is None else f", retry after {self.retry_after:g} s"
        tail = f" (request {_token(self.request_id)})" if _token(self.request_id) else ""
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
    """A create was sent and its fate is unknown: it may have been applied. It was sent exactly once.

    Look for the job (by `tags`, newer than `since`) before sending it again, or it may exist, and cost, twice.

    Attributes:
        operation: Operation id of the create.
        key: Value of the tag `plexteraClientKey` that the request carried, None when it carried none.
        tags: All tags that the request carried, the key among them.
        since: When the create began, UTC.
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
        since: datetime | None = None,
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
        tail = f" (request {_token(self.request_id)})" if _token(self.request_id) else ""
        return f"{where}{super().__str__()}: {shown}{more}{tail}"


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
        tail = f" (request {_token(request_id)})" if _token(request_id) else ""
        name, status = _token(seen["id"]) or "of unknown id", _token(seen["status"]) or "in an unknown status"
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
        status = _token(describe(latest)["status"]) if latest is not None else None
        seen = f"last seen {status}" if status else "never seen"
        why = f"; last failure: {last_error}" if last_error is not None else ""
        super().__init__(f"{_token(id) or 'the job'} has not ended after {elapsed:.1f} s, {seen}{why}")
        self.id = id
        self.latest = latest
        self.elapsed = elapsed
        self.last_error = last_error
