"""Strings, numbers, enum values and date-times, each taken only as what it is."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from plextera_async._sansio.codec.mismatch import MismatchError
from plextera_async._schema import OpenStrEnum

__all__ = ["PRIMITIVES", "moment", "strict", "structure_enum", "unstructure_datetime"]

PRIMITIVES: Final[dict[type, tuple[str, tuple[type, ...]]]] = {
    str: ("string", (str,)),
    int: ("integer", (int,)),
    bool: ("boolean", (bool,)),
    float: ("number", (float, int)),
}
"""JSON's name of each, and the Python types that are taken for it: an integer is a number too, a boolean is not."""

_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})?", re.ASCII)
_SEPARATORS = slice(4, 20, 3)
_WHOLE_SECONDS = len("2026-01-02T03:04:05Z")
_WITH_FRACTION = frozenset(range(len("2026-01-02T03:04:05.6Z"), len("2026-01-02T03:04:05.678901Z") + 1))


def strict(expected: str, accepted: tuple[type, ...]) -> Callable[[Any, Any], Any]:
    """Make the hook of a primitive."""

    def structure(value: Any, _: Any) -> Any:
        if type(value) not in accepted:
            raise MismatchError(expected, value)
        return value

    return structure


def structure_enum(value: Any, kind: type[OpenStrEnum]) -> OpenStrEnum:
    """Make a member, known or not."""
    if type(value) is not str:
        raise MismatchError("string", value)
    return kind(value)


def moment(value: Any, _: Any = None) -> datetime:
    """Make an aware datetime, in UTC when the text names no zone."""
    if type(value) is not str:
        raise MismatchError("date-time", value)
    # The usual form is told by its separators, at half the price of the pattern: of what Python takes for a date-time,
    # these two let nothing through that the pattern does not. (Python takes odd things behind a sixth decimal.)
    separators = value[_SEPARATORS]
    is_usual = separators == "--T::." and value[-1] == "Z" and len(value) in _WITH_FRACTION
    try:
        if is_usual or (separators == "--T::Z" and len(value) == _WHOLE_SECONDS):
            return datetime.fromisoformat(value)
        if _DATE_TIME.fullmatch(value):
            found = datetime.fromisoformat(value.upper())
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    except ValueError:
        pass
    raise MismatchError("date-time", value)


def unstructure_datetime(value: datetime) -> str:
    """Write a date-time as the API does."""
    return value.isoformat().replace("+00:00", "Z")
