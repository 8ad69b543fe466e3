"""One item after another out of anything that can be iterated, without holding up the event loop."""

import inspect
import threading
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from typing import Any, Final, Generic, TypeVar, cast

import anyio.to_thread

__all__ = ["END", "Items", "Pulling"]

T = TypeVar("T")
Items = Iterable[T] | AsyncIterable[T]

END: Final = object()
"""What comes after the last item."""

_AT_HAND = (list, tuple, range, set, frozenset, dict, deque)
"""Containers in memory: their next item cannot block, so it costs no thread."""


class Pulling(Generic[T]):
    """Pulls items when they are asked for, by one task at a time.

    Async iterables are pulled on the loop, containers in memory too; every other iterable may block (it may read a disk
    or a queue) and is pulled in a thread, one item at a time.
    """

    def __init__(self, items: Items[T]) -> None:
        """Begin at the first item; nothing is pulled yet.

        Raises:
            TypeError: If it cannot be iterated.
        """
        if not isinstance(items, AsyncIterable | Iterable):
            raise TypeError(f"{type(items).__name__} cannot be iterated")
        self._items = items
        self._iterator: Iterator[T] | AsyncIterator[T] | None = None
        self._turn = threading.Lock()
        self._is_left = False

    async def next(self) -> T | object:
        """Give the next item, `END` after the last.

        Raises:
            Exception: Whatever the source raised, as it is.
        """
        if isinstance(self._items, AsyncIterable):
            self._iterator = iterator = self._iterator or aiter(self._items)
            return await anext(cast("AsyncIterator[T]", iterator), END)
        if isinstance(self._items, _AT_HAND):
            return self._step()
        return await anyio.to_thread.run_sync(self._step, abandon_on_cancel=True)

    async def aclose(self) -> None:
        """Close a generator, of either kind; one that is in the middle of a blocking step is closed after it."""
        self._is_left = True
        close: Any = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()
        elif inspect.isgenerator(self._iterator):
            await anyio.to_thread.run_sync(self._close)

    def _step(self) -> T | object:
        items = cast("Iterable[T]", self._items)
        with self._turn:
            self._iterator = iterator = self._iterator or iter(items)
            item = next(cast("Iterator[T]", iterator), END)
        if self._is_left:  # whoever asked has gone meanwhile
            self._close()
        return item

    def _close(self) -> None:
        if inspect.isgenerator(self._iterator) and self._turn.acquire(blocking=False):
            try:
                self._iterator.close()
            finally:
                self._turn.release()
