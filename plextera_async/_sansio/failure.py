"""What an error status means: one table from status to error class, and the reading of the error envelope."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plextera_async import errors
from plextera_async._sansio.codec import is_array, is_object, parse
from plextera_async._sansio.message import Request, Response
from plextera_async._sansio.retry import http_date, seconds_to_wait

__all__ = ["ERROR_BY_STATUS", "api_error", "is_success", "server_time"]

ERROR_BY_STATUS: Mapping[int, type[errors.APIError]] = {
    400: errors.InvalidRequestError,
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    413: errors.PayloadTooLargeError,
    415: errors.UnsupportedMediaTypeError,
    422: errors.ValidationFailedError,
    429: errors.RateLimitedError,
}

_VALIDATION_FAILED = "VALIDATION_FAILED"  # contract: expected with 422, possible with 400
_SERVER_ERROR = 500
_CLIENT_ERROR = 400
_PARTIAL = 206
_TOO_MANY = 429
_SNIPPET = 200
_MARKUP = re.compile(r"<[^>]*(>|$)")
_SECRET = re.compile(r"(?i)(api-key|bearer|basic)[\s:=]+\S+|([?&][^=\s]+)=[^&\s]*")


def is_success(status: int) -> bool:
    """Say whether a status is a success: any 2xx, because several success codes are not documented.

    But for 206: it is a part of what was asked for, nobody here asks for parts, and half a file must not pass for one.
    """
    return 200 <= status < 300 and status != _PARTIAL  # noqa: PLR2004 - the class of 2xx


def server_time(response: Response) -> datetime | None:
    """Read the server's own clock from its Date header; None when it has none or an unreadable one."""
    return http_date(response.headers.get("Date", ""))


def api_error(request: Request, response: Response, *, now: datetime) -> errors.APIError:
    """Turn an answer with an error status into its error.

    Args:
        request: What was sent.
        response: The answer; its body may be anything, an HTML page and nothing included.
        now: Our own time, for a Retry-After date of a server that tells no time.
    """
    envelope = _envelope(response.content)
    code = _text(envelope.get("code"))
    told = envelope.get("retryable")
    passing = response.status == _TOO_MANY or response.status >= _SERVER_ERROR
    return _class_for(response.status, code)(
        _text(envelope.get("message")) if envelope else _snippet(response),
        status=response.status,
        code=code,
        request_id=_text(envelope.get("requestId")) or response.request_id,
        retryable=told if isinstance(told, bool) else passing,
        details=_details(envelope.get("details")),
        retry_after=seconds_to_wait(response.headers.get("Retry-After"), server_time(response) or now),
        attempts=response.attempts,
        operation=request.operation.id,
        # Only a plain no says that nothing was done; a status of any other class is no usable answer.
        may_have_been_applied=request.changes and not _CLIENT_ERROR <= response.status < _SERVER_ERROR,
    )


def _class_for(status: int, code: str | None) -> type[errors.APIError]:
    if code == _VALIDATION_FAILED and status < _SERVER_ERROR:
        return errors.ValidationFailedError
    return ERROR_BY_STATUS.get(status, errors.ServerError if status >= _SERVER_ERROR else errors.APIError)


def _envelope(content: bytes) -> dict[str, Any]:
    try:
        return _object(_object(parse(content)).get("error"))
    except errors.DecodeError:  # a proxy's page, or nothing: the status alone has to do
        return {}


def _object(value: Any) -> dict[str, Any]:
    return value if is_object(value) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _details(value: Any) -> list[tuple[str, str]]:
    rows = value if is_array(value) else []
    return [
        (_text(row.get("field")) or "", _text(row.get("issue")) or "") for row in map(_object, rows) if row
    ]


def _snippet(response: Response) -> str | None:
    """Give the beginning of a text that is not our envelope, without markup and what could be a secret."""
    if not response.headers.get("Content-Type", "").lower().startswith("text/"):
        return None
    text = _MARKUP.sub(" ", response.content[:4096].decode("utf-8", "replace"))
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(_SECRET.sub(r"\1\2 ***", printable).split())[:_SNIPPET] or None
