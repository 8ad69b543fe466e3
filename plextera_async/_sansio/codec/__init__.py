"""Bytes to models and back."""

from typing import Any, TypeVar

import cattrs

from plextera_async._sansio.codec.converter import detailed, quick
from plextera_async._sansio.codec.mismatch import MismatchError, problems
from plextera_async._sansio.codec.text import is_array, is_object, parse, to_json
from plextera_async._sansio.codec.written import forget
from plextera_async.errors import DecodeError

__all__ = ["decode", "encode", "is_array", "is_object", "parse", "plain", "to_json"]

T = TypeVar("T")

_MOST_PROBLEMS = 20


def decode(data: bytes | Any, type_: type[T]) -> T:
    """Turn JSON text, or what `parse` gave, into *type_*.

    Unknown properties are kept in `.extra`, unknown enum values as raw values, unknown events as `UnknownEvent`;
    null is taken wherever a property is optional; a wrong primitive type is an error, never coerced.

    Raises:
        DecodeError: If it does not fit; all problems (at most 20) with JSON path, expected and found type.
    """
    if not isinstance(data, bytes):
        return _explained(data, type_)
    value = parse(data)  # ours alone, so that the quick converter may take it apart
    try:
        return quick().structure(value, type_)
    except Exception:  # noqa: BLE001 - whatever it is, the detailed converter decides
        del value
    finally:
        forget()
    return _explained(parse(data), type_)


def _explained(value: Any, type_: type[T]) -> T:
    try:
        return detailed().structure(value, type_)
    except (cattrs.BaseValidationError, MismatchError, RecursionError) as failure:
        found = problems(failure)[:_MOST_PROBLEMS]
    raise DecodeError(found)  # outside the except block: cattrs' own errors hold values


def encode(model: Any) -> bytes:
    """Turn a model into JSON text: what is UNSET, or None where that means absent, is left out; `.extra` comes back."""
    return to_json(plain(model))


def plain(model: Any) -> Any:
    """Turn a model into dicts, lists and scalars under their wire names; as `encode` does, short of the text."""
    return detailed().unstructure(model)
