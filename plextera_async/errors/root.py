"""What every error has: one safe line, plain data, and the way through a pickle."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeGuard

__all__ = [
    "ConfigurationError",
    "InvalidInputError",
    "LedgerError",
    "PlexteraError",
    "WebhookVerificationError",
    "describe",
    "token",
]

_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")


def _rebuild(cls: type["PlexteraError"], args: tuple[Any, ...], state: dict[str, Any]) -> "PlexteraError":
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    if "cause" in state:  # which a pickle loses, unlike attributes
        error.__cause__ = state["cause"]
    return error


def token(value: object) -> str | None:
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
    code = token(getattr(getattr(model, "error", None), "code", None))
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
