"""Lists: which part of them is asked for, and the envelope they come in."""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import Any, TypeVar

import attrs

from plextera_async.sandbox.wire.answers import Answer, RefusedError, json_answer

_DEFAULT_SIZE, _MAX_SIZE = 50, 100
_MAX_DIGITS = 1000

T = TypeVar("T")


@attrs.frozen
class Span:
    """Which part of a list."""

    page: int
    size: int


def span_of(query: Mapping[str, str]) -> Span:
    """Read `page` (zero-based, default 0) and `size` (1 to 100, default 50).

    Raises:
        RefusedError: 400 if one is no such number.
    """
    page = _whole(query, "page", default=0, lowest=0, highest=None)
    return Span(page, _whole(query, "size", default=_DEFAULT_SIZE, lowest=1, highest=_MAX_SIZE))


def chosen(query: Mapping[str, str], name: str, allowed: Collection[str]) -> str | None:
    """Read a parameter that takes one of a few values; None when it is absent.

    Raises:
        RefusedError: 400 if it has another value.
    """
    value = query.get(name)
    if value is not None and value not in allowed:
        raise RefusedError(400, f"parameter {name} must be one of {', '.join(allowed)}")
    return value


def page_answer(span: Span, items: Iterable[T], total: int, show: Callable[[T], Any]) -> Answer:
    """Answer with one page of *items*, of which there are *total*."""
    start = span.page * span.size
    data = [show(item) for item in islice(items, start, start + span.size)] if start < total else []
    info = {"page": span.page, "size": span.size, "totalItems": total, "totalPages": -(-total // span.size)}
    return json_answer(200, {"data": data, "pageInfo": info})


def _whole(query: Mapping[str, str], name: str, *, default: int, lowest: int, highest: int | None) -> int:
    text = query.get(name)
    if text is None:
        return default
    # int() would read signs, spaces and underscores too.
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else -1
    if number < lowest or (highest is not None and number > highest):
        limits = f"from {lowest} on" if highest is None else f"from {lowest} to {highest}"
        raise RefusedError(400, f"parameter {name} must be a whole number {limits}")
    return number
