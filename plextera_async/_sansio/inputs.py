"""What users hand in, checked before anything is sent."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard

from plextera_async._sansio.codec import to_json
from plextera_async.errors import InvalidInputError

__all__ = ["KEY_TAG", "MOST_TAGS", "checked", "json_bytes", "keyed_tags"]

KEY_TAG = "plexteraClientKey"
MOST_TAGS = 50

_NOT_UNICODE = "a text is not valid Unicode"


class _Checked:
    """Holds nothing, so one of it serves every call; a generator would be made anew for each."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, refused: BaseException | None, trace: object) -> None:
        if isinstance(refused, ValueError | TypeError) and not isinstance(refused, InvalidInputError):
            # A UnicodeError quotes a character, which may be one of a secret.
            raise InvalidInputError(
                _NOT_UNICODE if isinstance(refused, UnicodeError) else str(refused)
            ) from None


_CHECKED: Final = _Checked()


def checked() -> _Checked:
    """Turn what a generated request model refuses into `InvalidInputError`, in a `with` block."""
    return _CHECKED


def keyed_tags(
    tags: Mapping[str, str] | None, key: str | None, new_key: Callable[[], str] | None
) -> tuple[str | None, dict[str, str]]:
    """Put the key among the tags.

    Args:
        tags: The caller's tags; not changed.
        key: The caller's key, None when there is none.
        new_key: Makes a key; None when no key of our own is wanted.

    Returns:
        The key that travels, None for none, and the tags to send.

    Raises:
        InvalidInputError: If a key was given that has no place, beside 50 tags or beside another key in the tags.
    """
    if tags is not None and not isinstance(tags, Mapping):
        raise InvalidInputError(f"tags must be a mapping of str to str, not {type(tags).__name__}")
    own = dict(tags or {})
    held = own.get(KEY_TAG)
    if held is not None:
        if key is not None and key != held:
            raise InvalidInputError(f"key= and the tag {KEY_TAG} differ: give one of them")
        return held, own
    if key is None and new_key is not None and len(own) < MOST_TAGS:
        key = new_key()
    if key is None:
        return None, own
    if len(own) >= MOST_TAGS:
        raise InvalidInputError(f"key= travels as a tag, and there are {MOST_TAGS} tags already: remove one")
    return key, {**own, KEY_TAG: key}


def json_bytes(value: Any, *, what: str) -> bytes:
    """Turn any JSON value into JSON text.

    Raises:
        InvalidInputError: If it holds anything that JSON cannot say: NaN, Infinity, keys that are not text, text that
            is not Unicode, other types, or itself.
    """
    try:
        return to_json(_as_json(value, "$"))
    except _NotJsonError as refused:
        problem = str(refused)
    except RecursionError:
        problem = "is nested too deeply, or holds itself"
    except UnicodeEncodeError:
        problem = "holds text that is not valid Unicode"
    raise InvalidInputError(f"{what} {problem}")


class _NotJsonError(Exception):
    """Says what is not JSON, and where; keys are data, so the path names positions only."""


def _as_json(value: Any, path: str) -> Any:
    """Copy a value into JSON's own types, of which it may hold subclasses (enums, read-only mappings, NumPy's floats)."""
    if _is_mapping(value):
        return {_key(key, path): _as_json(item, f"{path}.*") for key, item in value.items()}
    if _is_listing(value):
        return [_as_json(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise _NotJsonError(f"holds NaN or Infinity at {path}, which JSON cannot say")
    for kind, to_plain in _SCALARS:
        if isinstance(value, kind):
            return to_plain(value)
    raise _NotJsonError(f"holds a {type(value).__name__} at {path}, which is not a JSON type")


def _is_mapping(value: Any) -> TypeGuard[Mapping[Any, Any]]:
    return isinstance(value, Mapping)


def _is_listing(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, list | tuple)


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise _NotJsonError(f"holds a key of type {type(key).__name__} at {path}: JSON keys are text")
    return str.__str__(key)


_SCALARS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (bool | None, lambda value: value),
    (str, str.__str__),
    (int, int),
    (float, float),
)
