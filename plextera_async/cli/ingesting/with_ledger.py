"""Many documents with a ledger: only what has ended gets a line, and gets it once."""

from collections.abc import AsyncIterator

import attrs

from plextera_async.cli.ingesting.ending import Ending
from plextera_async.cli.ingesting.inputs import Inputs, Listed, Problem
from plextera_async.cli.ingesting.results import Results
from plextera_async.cli.showing.failures import stops_everything
from plextera_async.cli.showing.lines import failed, of
from plextera_async.cli.showing.progress import Progress
from plextera_async.cli.showing.tally import Tally
from plextera_async.client.documents import Outcome
from plextera_async.errors import AmbiguousCreateError, ConfigurationError, InvalidInputError, PlexteraError
from plextera_async.ingest import Ingest, IngestRun

__all__ = ["Ledgered"]


@attrs.define
class Ledgered:
    """One run of an ingestion with a ledger."""

    ingest: Ingest
    inputs: Inputs
    progress: Progress
    tally: Tally
    ending: Ending = attrs.field(factory=Ending, init=False)

    async def run(self, out: str | None, *, overwrite: bool) -> Ending:
        """Go on where the ledger says, until there is nothing left, or nothing more can work.

        Args:
            out: The file for the lines; None for stdout.
            overwrite: Whether the file may replace one that is there and that the ledger does not know.

        Raises:
            ConfigurationError: If the file cannot be used.
            LedgerError: If the ledger or the file cannot be gone on with.
        """
        self.progress.show()
        async with self.ingest.run(self._documents()) as outcomes:
            self.tally.figures = outcomes.figures
            if out is not None:
                await outcomes.open_out(out, overwrite=overwrite)
            elif (path := await outcomes.out_path()) is not None:
                raise ConfigurationError(f"the results of this ledger are in {path}: give it with --out")
            results = Results(self.progress, None if out is None else outcomes.write)
            try:
                async for outcome in outcomes:
                    await self._put(outcomes, outcome, results)
            except OSError as failure:
                self.ending.output_failure = failure
            self.ending.counts = await outcomes.counts()
        return self.ending

    async def _documents(self) -> AsyncIterator[Listed]:
        async for given in self.inputs:
            self.tally.begun += 1
            if isinstance(given, Listed):
                yield given
            else:
                self._tell(given)

    def _tell(self, problem: Problem) -> None:
        """Tell of what is no document: the ledger could not know it again, so it gets no line among the results."""
        line = failed(problem.shown, InvalidInputError(problem.why))
        self.progress.say(line.trouble())
        self.tally.add(line)

    async def _put(self, outcomes: IngestRun, outcome: Outcome, results: Results) -> None:
        document = outcome.document
        shown = document.shown if isinstance(document, Listed) else document.name or document.key or "-"
        key = getattr(outcome.error, "key", None)
        line = of(shown, outcome, key=key, request_id=outcomes.request_id)
        error = outcome.error
        if error is not None and self.ending.stopped_by is None:
            self.progress.say(line.trouble())
            names_something = outcome.id is not None or document.file_id is not None
            self._stop_if_all_would_fail(outcomes, error, names_something=names_something)
        if outcomes.is_end:
            await results.put(line)
        self.tally.add(line)
        self.progress.show()

    def _stop_if_all_would_fail(
        self, outcomes: IngestRun, error: PlexteraError, *, names_something: bool
    ) -> None:
        met = error.cause if isinstance(error, AmbiguousCreateError) and error.cause is not None else error
        if stops_everything(met, names_something=names_something or met is not error):
            self.ending.stopped_by = met
            self.inputs.stop()
            outcomes.stop()
