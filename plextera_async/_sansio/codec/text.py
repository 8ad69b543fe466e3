"""JSON text to plain data and back."""

from typing import Any, TypeGuard

import msgspec

from plextera_async.errors import DecodeError

__all__ = ["is_array", "is_object", "parse", "to_json"]

_read = msgspec.json.Decoder().decode
_write = msgspec.json.Encoder().encode


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Say whether a value from `parse` is a JSON object."""
    return type(value) is dict


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Say whether a value from `parse` is a JSON array."""
    return type(value) is list


def parse(content: bytes) -> Any:
    """Read JSON text into dicts, lists and scalars.

    Raises:
        DecodeError: If it is empty, not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return _read(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        found = "something else" if content else "nothing"
    raise DecodeError([("$", "JSON", found)])


def to_json(value: Any) -> bytes:
    """Turn plain data into JSON text. NaN and text that is not Unicode must have been refused before."""
    return _write(value)
