"""Answers as values, and the one shape in which the API refuses."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

import attrs
import msgspec

JSON = "application/json"

CODES: dict[int, str] = {
    400: "INVALID_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    406: "NOT_ACCEPTABLE",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    422: "VALIDATION_FAILED",
    429: "RATE_LIMITED",
    500: "INTERNAL_ERROR",
    502: "BAD_GATEWAY",
    503: "SERVICE_UNAVAILABLE",
    504: "GATEWAY_TIMEOUT",
}
"""Codes by status. 415, 429 and 5xx are this sandbox's own names: the documentation does not tell them."""

_encode = msgspec.json.Encoder().encode


class Download(Protocol):
    """Stored bytes that an answer sends in pieces."""

    @property
    def size(self) -> int:
        """Its bytes."""
        ...

    def chunks(self) -> AsyncGenerator[bytes, None]:
        """Read it from the start."""
        ...


@attrs.frozen
class Answer:
    """What goes back to the client: status, body and headers."""

    status: int
    body: bytes | Download = b""
    content_type: str | None = JSON
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])


def json_answer(status: int, value: Any) -> Answer:
    """Make the answer that carries *value* as JSON."""
    return Answer(status, _encode(value))


@attrs.define(eq=False)
class RefusedError(Exception):
    """The API says no: becomes the error envelope (CONTRACT 8.1)."""

    status: int
    message: str
    details: list[dict[str, str]] | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])


def envelope(
    status: int,
    message: str,
    request_id: str,
    *,
    code: str | None = None,
    retryable: bool | None = None,
    details: list[dict[str, str]] | None = None,
) -> bytes:
    """Write the error envelope.

    Args:
        status: HTTP status, from which the defaults below follow.
        message: Human text.
        request_id: The same as in the header `X-Request-Id`.
        code: None for the code that belongs to the status.
        retryable: None for true at 429 and 5xx, else false.
        details: Field-level problems, with `VALIDATION_FAILED` only.
    """
    error: dict[str, Any] = {
        "code": code or CODES.get(status, f"HTTP_{status}"),
        "message": message,
        "requestId": request_id,
        "retryable": (status == 429 or status >= 500) if retryable is None else retryable,  # noqa: PLR2004 (HTTP)
    }
    if details:
        error["details"] = details
    return _encode({"error": error})
