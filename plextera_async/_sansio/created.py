"""The answer to a request that makes something: it has to say what was made."""

from typing import TypeVar

from plextera_async._sansio.codec import decode
from plextera_async.errors import DecodeError

__all__ = ["decode_created"]

T = TypeVar("T")


def decode_created(data: bytes, type_: type[T]) -> T:
    """Decode an answer, of which the `id` must not be empty: nothing could be asked, waited for or told about it.

    Raises:
        DecodeError: If it does not fit, or its `id` is empty.
    """
    model = decode(data, type_)
    if getattr(model, "id", None) == "":
        raise DecodeError([("$.id", "text that is not empty", "empty text")])
    return model
