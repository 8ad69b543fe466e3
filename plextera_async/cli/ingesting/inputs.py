"""What an ingestion is to take: documents, and places where none could be found."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import anyio
import anyio.to_thread
import attrs

from plextera_async.cli.ingesting.walk import Found
from plextera_async.cli.showing.tally import Tally
from plextera_async.cli.showing.text import readable_path
from plextera_async.client.documents import Document
from plextera_async.errors import PlexteraError

__all__ = ["Input", "Inputs", "Listed", "Problem", "count", "from_path", "from_walk"]

_BATCH = 64


@attrs.frozen(repr=False)
class Listed(Document):
    """A document that knows what people and the results call it."""

    shown: str = attrs.field(default="", kw_only=True)


@attrs.frozen
class Problem:
    """A place that should have held a document and does not."""

    shown: str = attrs.field(repr=False)
    """What people and the results call it."""
    why: str


Input = Listed | Problem


def from_walk(found: Iterator[Found], tags: Mapping[str, str]) -> Iterator[Input]:
    """Make documents of paths.

    Args:
        found: The paths.
        tags: Labels for each.
    """
    for each in found:
        if each.problem is None:
            yield from_path(each.path, tags)
        else:
            yield Problem(readable_path(each.path), each.problem)


def from_path(path: Path, tags: Mapping[str, str]) -> Listed:
    """Make a document of a path."""
    return Listed(path, name=readable_path(path.name), tags=tags, shown=readable_path(path))


class Inputs:
    """Hands out what is to be taken, one by one to whoever asks; the disk is looked at in a thread, a batch ahead."""

    def __init__(self, inputs: Iterator[Input]) -> None:
        """Begin at the first."""
        self._inputs = inputs
        self._ready: list[Input] = []
        self._turn = anyio.Lock()
        self._is_stopped = False
        self._given = 0

    def __aiter__(self) -> "Inputs":
        return self

    async def __anext__(self) -> Input:
        """Give the next one."""
        async with self._turn:
            if not self._ready:
                await anyio.to_thread.run_sync(self._look)
        if self._is_stopped or not self._ready:
            raise StopAsyncIteration
        self._given += 1
        return self._ready.pop()

    def stop(self) -> None:
        """Hand out nothing more."""
        self._is_stopped = True

    def not_begun(self, begun: int, *, most: int) -> int:
        """Count what was not begun.

        Args:
            begun: How many were.
            most: Where to stop counting.
        """
        at_hand = self._given - begun + len(self._ready)
        return at_hand + sum(1 for _ in islice(self._inputs, max(0, most - at_hand)))

    def _look(self) -> None:
        self._ready = list(islice(self._inputs, _BATCH))[::-1]


async def count(inputs: Inputs, tally: Tally) -> None:
    """Count documents ahead of the work, so that progress knows its end."""
    total = 0
    with suppress(PlexteraError):  # the work meets it too, and tells it
        async for _ in inputs:
            total += 1
        tally.total = total
