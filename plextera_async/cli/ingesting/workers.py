"""Many documents at a time: taken from a walk, sent, waited for, their lines written as each one ends."""

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

import anyio
import anyio.to_thread
import attrs

from plextera_async.cli.ingesting.document import Document
from plextera_async.cli.ingesting.results import Results
from plextera_async.cli.ingesting.walk import Found
from plextera_async.cli.showing.failures import stops_everything
from plextera_async.cli.showing.lines import Line, failed
from plextera_async.cli.showing.progress import Progress
from plextera_async.cli.showing.tally import Tally
from plextera_async.cli.showing.text import readable_path
from plextera_async.client.client import AsyncPlextera
from plextera_async.errors import InvalidInputError, PlexteraError

__all__ = ["Ingesting", "Paths", "count"]

_BATCH = 64


class Paths:
    """Hands out what a walk finds, one by one to whoever asks; the disk is looked at in a thread, a batch ahead."""

    def __init__(self, found: Iterator[Found]) -> None:
        self._found = found
        self._ready: deque[Found] = deque()
        self._turn = anyio.Lock()

    async def next(self) -> Found | None:
        """Give the next one; None at the end."""
        async with self._turn:
            if not self._ready:
                self._ready.extend(await anyio.to_thread.run_sync(self._batch))
        return self._ready.popleft() if self._ready else None

    def left(self, most: int) -> int:
        """Count what was not handed out, as far as *most*."""
        return len(self._ready) + sum(1 for _ in islice(self._found, max(0, most - len(self._ready))))

    def _batch(self) -> list[Found]:
        return list(islice(self._found, _BATCH))


async def count(paths: Paths, tally: Tally) -> None:
    """Count documents ahead of the work, so that a bar knows its end."""
    total = 0
    while await paths.next() is not None:
        total += 1
    tally.total = total


@attrs.define
class Ingesting:
    """One ingestion: so many workers, each with one document at a time."""

    client: AsyncPlextera
    paths: Paths
    results: Results
    progress: Progress
    tally: Tally
    tags: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    stopped_by: PlexteraError | None = attrs.field(default=None, init=False)
    """What every other document would meet as well; None while all goes on."""
    output_failure: OSError | None = attrs.field(default=None, init=False)
    """Why a line could not be written; None while they can be."""
    _waits: set[anyio.CancelScope] = attrs.field(factory=set[anyio.CancelScope], init=False, repr=False)

    async def run(self, concurrency: int) -> None:
        """Work until there is nothing left, or nothing more can work.

        Args:
            concurrency: Documents in flight.
        """
        self.progress.show()
        async with anyio.create_task_group() as workers:
            for _ in range(concurrency):
                workers.start_soon(self._work, workers.cancel_scope)

    async def _work(self, all_workers: anyio.CancelScope) -> None:
        while self.stopped_by is None and (found := await self.paths.next()) is not None:
            self.tally.begun += 1
            self.progress.show()
            try:
                await self._one(found)
            except OSError as failure:  # the line could not be written: no other can be
                self.output_failure = failure
                all_workers.cancel()

    async def _one(self, found: Found) -> None:
        if found.problem is not None:
            await self._put(failed(readable_path(found.path), InvalidInputError(found.problem)))
            return
        document = Document(found.path, self.tags)
        try:
            line = await self._line(document)
        except anyio.get_cancelled_exc_class():
            await self._put(document.interrupted())
            raise
        await self._put(line)

    async def _line(self, document: Document) -> Line:
        try:
            await document.submit(self.client)
            line = await self._finish(document)
        except (PlexteraError, OSError) as failure:
            if stops_everything(failure, is_submitted=document.handle is not None):
                self._stop(failure)
            return document.failed(failure)
        return line or document.interrupted()

    async def _finish(self, document: Document) -> Line | None:
        """Wait for the end; None if that is given up."""
        if self.stopped_by is not None:
            return None
        with anyio.CancelScope() as wait:
            self._waits.add(wait)
            try:
                return await document.finish()
            finally:
                self._waits.discard(wait)
        return None

    def _stop(self, failure: PlexteraError) -> None:
        """Begin nothing more and end the waits; what is being submitted comes to its own end, to be known."""
        self.stopped_by = self.stopped_by or failure
        for wait in self._waits:
            wait.cancel()

    async def _put(self, line: Line) -> None:
        is_told_at_the_end = line.is_interrupted or self.stopped_by is not None
        if line.error is not None and not is_told_at_the_end:
            self.progress.say(line.trouble())
        await self.results.put(line)
        self.tally.add(line)  # only now: what could not be written was not finished for anyone
        self.progress.show()
