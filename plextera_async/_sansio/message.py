"""A request and a response as values."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Protocol, TypeGuard
from urllib.parse import quote, urlencode

import attrs

from plextera_async._generated.operations import Operation
from plextera_async.errors import InvalidInputError

__all__ = ["NO_INTENT", "Body", "Intent", "Request", "Response", "check_path", "fill", "query_string"]


class Body(Protocol):
    """What a request carries; how it is written is the transport's business."""

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header."""
        ...

    @property
    def can_be_sent(self) -> bool:
        """Whether sending it now would send all of it: False once a one-shot source has been touched."""
        ...


_AS_IT_IS = re.compile(r"[A-Za-z0-9_~-]+")
_PATH = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+")


@attrs.frozen(kw_only=True)
class Intent:
    """What a create meant to make, so that an error can say what to look for."""

    key: str | None = None
    tags: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)


NO_INTENT = Intent()
"""Of a request that creates nothing."""


@attrs.define(kw_only=True)
class Request:
    """One logical call, before it has been tried. Not to be changed; a frozen class costs twice as much to make."""

    operation: Operation
    path: str
    query: str = attrs.field(default="", repr=False)
    body: Body | None = attrs.field(default=None, repr=False)
    accept: str | None = None
    """Media type of the answer; None is the usual one, JSON."""
    intent: Intent = attrs.field(default=NO_INTENT, repr=False)
    repeats: bool = True
    """Whether it may be sent again after the server may have acted on it."""

    changes: bool = attrs.field(init=False)
    """Whether the server would do something about it."""

    def __attrs_post_init__(self) -> None:
        self.changes = self.operation.method not in ("GET", "HEAD")


@attrs.define(kw_only=True)
class Response:
    """One whole answer, not to be changed either. Headers are looked up in their canonical spelling."""

    status: int
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(default=b"", repr=False)
    request_id: str | None = None
    attempts: int = 1


def fill(operation: Operation, **values: str) -> str:
    """Put path parameters into the template, each percent-encoded as one segment.

    Raises:
        InvalidInputError: If a value is not text, is empty or cannot be encoded.
    """
    path = operation.path
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", _segment(name, value))
    return path


def check_path(path: object) -> str:
    """Give a path that stays below the base URL.

    Raises:
        InvalidInputError: If it could lead anywhere else, or holds what a path cannot.
    """
    usable = isinstance(path, str) and path.startswith("/") and not path.startswith("//")
    if not usable or not isinstance(path, str) or not _PATH.fullmatch(path):
        raise InvalidInputError(
            "path must begin with one slash and be percent-encoded, without a query or fragment"
        )
    if any(segment in (".", "..") for segment in path.replace("%2e", ".").replace("%2E", ".").split("/")):
        raise InvalidInputError("path must not hold dot segments")
    return path


def _segment(name: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInputError(f"{name} must be a non-empty str")
    if _AS_IT_IS.fullmatch(value):  # ids, nearly always
        return value
    if value in (".", ".."):  # quote() leaves dots, and a dot segment would walk to another path
        return value.replace(".", "%2E")
    try:
        return quote(value, safe="")
    except UnicodeEncodeError:
        raise InvalidInputError(f"{name} is not valid Unicode text") from None


def query_string(parameters: Mapping[str, object]) -> str:
    """Encode query parameters; None is left out, booleans are `true` and `false`, a list repeats its name.

    Raises:
        InvalidInputError: If a name is no text, or a value is neither text, finite number nor boolean.
    """
    pairs: list[tuple[str, str]] = []
    for name, value in parameters.items():
        items = value if _is_listing(value) else [value]
        pairs += [(name, _query_value(name, item)) for item in items if item is not None]
    try:
        return urlencode(pairs, quote_via=quote)
    except UnicodeEncodeError:
        raise InvalidInputError("a query parameter is not valid Unicode text") from None


def _is_listing(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _query_value(name: object, value: object) -> str:
    if not isinstance(name, str):
        raise InvalidInputError(f"the name of a query parameter must be a str, not {type(name).__name__}")
    if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
        raise InvalidInputError(f"query parameter {name!r} must be text, a finite number or a boolean")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(getattr(value, "value", value))
