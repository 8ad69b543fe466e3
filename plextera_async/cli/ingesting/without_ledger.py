"""Many documents at a time, without a ledger: their lines written as each one ends, or is cut short."""

import anyio
import attrs

from plextera_async._aio.fanout import Fanout
from plextera_async.cli.ingesting.document import Document
from plextera_async.cli.ingesting.ending import Ending
from plextera_async.cli.ingesting.inputs import Input, Inputs, Problem
from plextera_async.cli.ingesting.results import Results
from plextera_async.cli.showing.failures import stops_everything
from plextera_async.cli.showing.lines import Line, failed
from plextera_async.cli.showing.progress import Progress
from plextera_async.cli.showing.tally import Tally
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.documents import Outcome
from plextera_async.errors import InvalidInputError, PlexteraError

__all__ = ["Ingesting"]


@attrs.define
class Ingesting:
    """One ingestion: so many documents at one time."""

    client: AsyncPlextera
    inputs: Inputs
    results: Results
    progress: Progress
    tally: Tally
    ending: Ending = attrs.field(factory=Ending, init=False)
    _waits: set[anyio.CancelScope] = attrs.field(factory=set[anyio.CancelScope], init=False, repr=False)

    async def run(self, concurrency: int) -> Ending:
        """Work until there is nothing left, or nothing more can work.

        Args:
            concurrency: Documents in flight.
        """
        self.progress.show()
        try:
            # Each line is written by the work itself, also when it is cut short: there is nothing to take.
            work: Fanout[Input, None] = Fanout(self.inputs, self._one, concurrency=concurrency)
            async with work:
                async for _ in work:
                    pass
        except OSError as failure:  # a line could not be written: no other can be
            self.ending.output_failure = failure
        return self.ending

    async def _one(self, _index: int, given: Input) -> None:
        if self.ending.stopped_by is not None:
            return
        self.tally.begun += 1
        self.progress.show()
        if isinstance(given, Problem):
            await self._put(failed(given.shown, InvalidInputError(given.why)))
            return
        document = Document(given)
        try:
            line = await self._line(document)
        except anyio.get_cancelled_exc_class():
            await self._put(document.interrupted(), document)
            raise
        await self._put(line, document)

    async def _line(self, document: Document) -> Line:
        outcome = await self._submit(document) or await self._finish(document)
        if outcome is None:
            return document.interrupted()
        error = outcome.error
        names_something = document.handle is not None or document.listed.file_id is not None
        if error is not None and stops_everything(error, names_something=names_something):
            self._stop(error)
        return document.line(outcome)

    async def _submit(self, document: Document) -> Outcome | None:
        """Submit it; gives an outcome if that fails."""
        self.tally.figures.sending += 1
        try:
            await document.submit(self.client)
        except PlexteraError as failure:
            return document.failed(failure)
        finally:
            self.tally.figures.sending -= 1
        return None

    async def _finish(self, document: Document) -> Outcome | None:
        """Wait for the end; None if that is given up."""
        if self.ending.stopped_by is not None:
            return None
        self.tally.figures.waiting += 1
        with anyio.CancelScope() as wait:
            self._waits.add(wait)
            try:
                return await document.finish()
            finally:
                self._waits.discard(wait)
                self.tally.figures.waiting -= 1
        return None

    def _stop(self, failure: PlexteraError) -> None:
        """Begin nothing more and end the waits; what is being submitted comes to its own end, to be known."""
        self.ending.stopped_by = self.ending.stopped_by or failure
        self.inputs.stop()
        for wait in self._waits:
            wait.cancel()

    async def _put(self, line: Line, document: Document | None = None) -> None:
        is_told_at_the_end = line.is_interrupted or self.ending.stopped_by is not None
        if line.error is not None and not is_told_at_the_end:
            self.progress.say(line.trouble())
        try:
            await self.results.put(line)
        except OSError:
            if document is not None and (document.handle is not None or line.is_interrupted):
                self.tally.add(document.interrupted())  # nobody has its result, and its id must not be lost
            raise
        self.tally.add(line)  # only now: what could not be written was not finished for anyone
        self.progress.show()
