"""One run of an ingestion: what is iterated."""

import os
from functools import partial
from types import TracebackType
from typing import Self

import anyio.to_thread
import attrs

from plextera_async._aio.fanout import Fanout
from plextera_async._aio.pulling import Items, Pulling
from plextera_async._aio.sources import Source
from plextera_async._sansio.address import service_of
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.documents import Document, Outcome
from plextera_async.errors import LedgerError
from plextera_async.ingest.context import Context, Figures, OnAmbiguous
from plextera_async.ingest.intake import Given, Intake
from plextera_async.ingest.outfile import OutFile
from plextera_async.ingest.records import Records
from plextera_async.ingest.rows import Counts
from plextera_async.ingest.scribe import Scribe

__all__ = ["IngestRun"]

_MOST_UNWAITED = 64


class IngestRun:
    """One run of an ingestion: `async with` begins and ends it, `async for` inside gives the outcomes, to one task.

    Entering raises `LedgerError` when the ledger cannot be used. Iterating raises it when the ledger fails on the way:
    then the run is over, and what it had written is safe. Leaving cancels what is open, which the next run takes up.

    Attributes:
        figures: How the run stands.
    """

    def __init__(
        self,
        client: AsyncPlextera,
        ledger: str | os.PathLike[str],
        documents: Items[Document | Source],
        *,
        on_ambiguous: OnAmbiguous,
        hashes_content: bool,
        concurrency: int,
    ) -> None:
        """Made by `Ingest.run`."""
        self.figures = Figures()
        self._client = client
        self._ledger = ledger
        self._on_ambiguous: OnAmbiguous = on_ambiguous
        self._hashes_content = hashes_content
        self._source = Pulling(documents)
        self._concurrency = concurrency
        self._given: Given | None = None
        self._out: OutFile | None = None
        self._unwaited = 0

    async def __aenter__(self) -> Self:
        """Open the ledger and begin.

        Raises:
            LedgerError: If it is in use, damaged, of a newer release, another service's, or cannot be written.
        """
        scribe = await Scribe.open(self._ledger)
        try:
            service = service_of(self._client.base_url)
            await scribe.do(lambda records: records.belong_to(service))
            run = await scribe.do(lambda records: records.begin_run())
            self._context = Context(
                client=self._client,
                sending=self._client.with_options(reconcile=False).extractions,
                scribe=scribe,
                run=run,
                on_ambiguous=self._on_ambiguous,
                hashes_content=self._hashes_content,
                figures=self.figures,
            )
            intake = Intake(self._context, self._source)
            self._fanout = Fanout(intake.items(), intake.done, concurrency=self._concurrency)
            await self._fanout.__aenter__()
        except BaseException:
            await scribe.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what is open, write down what has happened, and close the ledger.

        Raises:
            LedgerError: If that cannot be written, unless the block itself ended in an error.
        """
        try:
            await self._fanout.__aexit__(kind, error, trace)
        finally:
            try:
                await self._context.scribe.aclose()
            except LedgerError:
                if error is None:
                    raise
            finally:
                if self._out is not None:
                    self._out.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Outcome:
        """Give the next outcome; the one before counts as taken.

        Raises:
            LedgerError: If the ledger has failed.
            Exception: What *documents* raised, after the outcomes of what came before.
        """
        self._take_given()
        self._context.scribe.check()
        try:
            self._given = given = await anext(self._fanout)
        finally:
            self._context.scribe.check()
        if given.row_id is None:
            return given.outcome
        return attrs.evolve(given.outcome, on_ack=partial(self._ack, given.row_id))

    @property
    def is_end(self) -> bool:
        """Whether the outcome that was given last is the last one of its document; if not, the next run takes it up."""
        return self._given is not None and self._given.is_end

    @property
    def request_id(self) -> str | None:
        """Request id of the answer that told of the extraction of the outcome given last; None without one."""
        return None if self._given is None else self._given.request_id

    async def counts(self) -> Counts:
        """Count the documents of the ledger."""
        return await self._context.scribe.do(lambda records: records.counts())

    def stop(self) -> None:
        """Take no more documents and wait for no more ends; what is being sent comes to its own end. Then it is over."""
        self._context.is_stopping = True
        for wait in self._context.waits:
            wait.cancel()

    async def open_out(self, path: str, *, overwrite: bool) -> None:
        """Have the lines of `write` go to a file, which goes on where the ledger says.

        Raises:
            ConfigurationError: As `OutFile.open` says.
            LedgerError: As `OutFile.open` says.
        """
        scribe = self._context.scribe
        mark = await scribe.do(lambda records: records.out_mark())
        self._out = out = await anyio.to_thread.run_sync(
            lambda: OutFile.open(path, mark, overwrite=overwrite)
        )
        scribe.before_commit = out.seal
        await scribe.do(lambda _: None)  # from now on the file is known

    async def out_path(self) -> str | None:
        """Give the file that the ledger's results go to; None if it knows of none."""
        mark = await self._context.scribe.do(lambda records: records.out_mark())
        return None if mark is None else mark.path

    async def write(self, line: bytes) -> None:
        """Write a line about the outcome that was given last, which is taken with that: both, or neither.

        Raises:
            LedgerError: If this or something before it could not be written.
        """
        out, row_id = self._out, None if self._given is None else self._given.row_id
        assert out is not None, "open_out comes first"  # noqa: S101 - a slip in this package, not a state
        assert row_id is not None, "it is about an outcome of the ledger"  # noqa: S101 - as above
        self._given = None

        def work(records: Records) -> None:
            out.append(line)
            records.take(row_id)

        self._context.scribe.post(work)
        self._unwaited += 1
        if self._unwaited >= _MOST_UNWAITED:
            await self._context.scribe.do(lambda _: None)
            self._unwaited = 0

    def _take_given(self) -> None:
        given, self._given = self._given, None
        row_id = None if given is None else given.row_id
        if row_id is not None:
            self._context.scribe.post(lambda records: records.take(row_id))

    async def _ack(self, row_id: int) -> None:
        await self._context.scribe.do(lambda records: records.take(row_id))
