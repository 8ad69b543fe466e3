"""No usable answer came."""

from typing import Any

from plextera_async.errors.root import PlexteraError, token

__all__ = ["ConnectError", "ConnectionLostError", "RedirectError", "RequestTimeoutError", "TransportError"]


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
        tail = f" (request {token(self.request_id)})" if token(self.request_id) else ""
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
