"""Callers' own open files: one thread at a time moves a file's position, and nobody takes it for where a file stands."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["is_sending", "of", "sending"]

_LOCKS: WeakKeyDictionary[Any, threading.Lock] = WeakKeyDictionary()
_SENDING: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
_OWN = threading.Lock()


def of(file: Any) -> threading.Lock:
    """Give the one lock of a file: to be held from a seek to the read that relies on it."""
    with _OWN:
        try:
            return _LOCKS.setdefault(file, threading.Lock())
        except TypeError:  # of a kind that cannot be remembered without keeping it alive
            return threading.Lock()


def is_sending(file: Any) -> bool:
    """Say whether a file is being sent, so that its position is not where its owner left it."""
    with _OWN:
        try:
            return _SENDING.get(file, 0) > 0
        except TypeError:
            return False


@contextmanager
def sending(file: Any) -> Generator[None, None, None]:
    """Note that a file is being sent, for as long as the block lasts."""
    _count(file, 1)
    try:
        yield
    finally:
        _count(file, -1)


def _count(file: Any, change: int) -> None:
    with _OWN:
        try:
            _SENDING[file] = _SENDING.get(file, 0) + change
        except TypeError:
            return
