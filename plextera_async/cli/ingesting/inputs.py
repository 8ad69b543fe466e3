"""What an ingestion is to take: documents, and places where none could be found."""

from collections.abc import Iterator, Mapping
from itertools import islice

import anyio
import anyio.to_thread
import attrs

from plextera_async.cli.ingesting.walk import Found
from plextera_async.cli.showing.text import readable_path
from plextera_async.client.documents import Document

__all__ = ["Input", "Inputs", "from_walk"]

_BATCH = 64


@attrs.frozen
class Input:
    """A document, or a place that holds none."""

    shown: str = attrs.field(repr=False)
    """What people and the results call it."""
    document: Document | None
    problem: str | None = None
    """Why there is none."""


def from_walk(found: Iterator[Found], tags: Mapping[str, str]) -> Iterator[Input]:
    """Make documents of paths.

    Args:
        found: The paths.
        tags: Labels for each.
    """
    for each in found:
        shown, name = readable_path(each.path), readable_path(each.path.name)
        document = None if each.problem is not None else Document(each.path, name=name, tags=tags)
        yield Input(shown, document, each.problem)


class Inputs:
    """Hands out what is to be taken, one by one to whoever asks; the disk is looked at in a thread, a batch ahead."""

    def __init__(self, inputs: Iterator[Input]) -> None:
        """Begin at the first."""
        self._inputs = inputs
        self._ready: list[Input] = []
        self._turn = anyio.Lock()
        self._is_stopped = False

    def __aiter__(self) -> "Inputs":
        return self

    async def __anext__(self) -> Input:
        """Give the next one."""
        async with self._turn:
            if not self._ready:
                self._ready = (await anyio.to_thread.run_sync(self._batch))[::-1]
        if self._is_stopped or not self._ready:
            raise StopAsyncIteration
        return self._ready.pop()

    def stop(self) -> None:
        """Hand out nothing more."""
        self._is_stopped = True

    def left(self, most: int) -> int:
        """Count what was not handed out, as far as *most*."""
        return len(self._ready) + sum(1 for _ in islice(self._inputs, max(0, most - len(self._ready))))

    def _batch(self) -> list[Input]:
        return list(islice(self._inputs, _BATCH))
