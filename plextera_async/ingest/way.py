"""The way of one document: what the ledger says of it, what is done next, and what is written down before and after."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import anyio
import attrs

from plextera_async._aio.cancelling import is_unsent
from plextera_async._sansio.ledger_states import (
    ENDS,
    Event,
    State,
    Step,
    event_of_create,
    event_of_end,
    step_for,
)
from plextera_async.client.documents import Document, Outcome
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.many import stops_submitting
from plextera_async.client.submitting import failed, outcome_of, submit
from plextera_async.errors import (
    AmbiguousCreateError,
    ExtractionRejectedError,
    JobFailedError,
    LedgerError,
    NotFoundError,
    PlexteraError,
)
from plextera_async.errors.root import token
from plextera_async.ingest.context import Context
from plextera_async.ingest.identity import content_hash
from plextera_async.ingest.looking import look_up, older_twin, unknown
from plextera_async.ingest.rows import MISSING, Row

__all__ = ["Way"]

_MOST_SENDS = 3
"""Times that one run sends one document: each after the first only when it is proven that the one before had no effect."""


_UNSETTLED = frozenset({State.SUBMITTING, State.UNDECIDED})


@attrs.define(eq=False)
class Way:
    """The way of one document through one run."""

    context: Context
    index: int
    document: Document
    row: Row
    is_at_hand: bool = True
    """Whether the document was handed in, so that it can be sent."""
    is_end: bool = attrs.field(default=False, init=False)
    """Whether the outcome that `go` gave is the last one of this document."""
    request_id: str | None = attrs.field(default=None, init=False)
    """Of the answer that told of its extraction last."""

    async def go(self) -> Outcome | None:
        """Bring it to its end, or as far as it comes. None if there is nothing to tell (yet).

        Raises:
            LedgerError: If the ledger fails: then the run is over.
        """
        try:
            with self._being_sent():
                handle = await self._submitted()
        except LedgerError:
            raise
        except PlexteraError as failure:
            is_unknown = failure.may_have_been_applied and self.row.state is not State.FOUND
            if is_unknown and self.context.put_off_for_later(self.index, self.document, self.row.id):
                return None
            self.is_end = self.row.state in ENDS
            return failed(self.index, self.document, failure)
        return None if handle is None else await self._ended(handle)

    @contextmanager
    def _being_sent(self) -> Generator[None, None, None]:
        settled = self.context.being_sent[self.row.id] = anyio.Event()
        self.context.figures.sending += 1
        try:
            yield
        finally:
            self.context.figures.sending -= 1
            del self.context.being_sent[self.row.id]
            settled.set()

    async def _submitted(self) -> ExtractionHandle | None:
        """Have it on the server, and only once. None if that needs a document that was not handed in."""
        row = self.row
        step = step_for(row.state, has_id=row.extraction_id is not None, is_taken=row.is_taken)
        if step is Step.WAIT and row.extraction_id is not None:
            return self._handle(row.extraction_id)
        if step is Step.LOOK_UP and (found := await self._look_up()) is not None:
            return found
        if step is Step.RENEW:
            self.row = await self.context.scribe.do(lambda records: records.renew(row.id))
        if not self.is_at_hand:
            self.context.figures.not_handed_in += 1
            return None
        return await self._send()

    async def _send(self) -> ExtractionHandle:
        """Send it, at most so often, and each time only when it is certain that it is not there."""
        for sends_left in reversed(range(_MOST_SENDS)):
            if (same := await self._intend()) is not None:
                return same
            try:
                handle = await submit(self.context.sending, self.document, key=self.row.key)
            except asyncio.CancelledError as cancelled:
                if is_unsent(cancelled):  # else it may be there, and the next run looks for it
                    self._post(Event.RELEASED, extraction_id=None)
                raise
            except PlexteraError as failure:
                if await self._is_certain(failure) or not sends_left:
                    raise
            else:
                self._post(Event.CREATED, extraction_id=handle.id)
                return handle
            if (found := await self._look_up()) is not None:
                return found
        raise AssertionError("the last sending returns or raises")

    async def _is_certain(self, failure: PlexteraError) -> bool:
        """Write down what a failed create means; False if it may have been applied."""
        if stops_submitting(failure):
            self.context.stopped_by = failure
        event = event_of_create(failure, names_a_file=self.document.file_id is not None)
        await self._move(event, error=_code(failure))
        return event is not Event.LOST

    async def _intend(self) -> ExtractionHandle | None:
        """Write down that it is going to be sent; or find that its bytes are on the server, and give their extraction."""
        context, id = self.context, self.row.id
        hashed = await content_hash(self.document) if context.hashes_content else None
        now = context.client.extractions.lookups.now()
        self._check_that_it_is_sent()
        while (
            row := await context.scribe.do(lambda records: records.send(id, now=now, content_hash=hashed))
        ).id != id:
            if (settled := context.being_sent.get(row.id)) is not None:
                await settled.wait()
                self._check_that_it_is_sent()
            elif (same := await self._same_as(row.id)) is not None:
                return same
        self.row = row
        return None

    async def _same_as(self, id: int) -> ExtractionHandle | None:
        """Give the extraction of a document with the same bytes; None if it turns out to have none.

        Raises:
            AmbiguousCreateError: If it is not known whether it has one.
        """
        row = await self.context.scribe.do(
            lambda records: records.row(id)
        )  # it may have been settled meanwhile
        if row.extraction_id is not None:
            await self._move(Event.CREATED, extraction_id=row.extraction_id)
            return self._handle(row.extraction_id)
        if row.state in _UNSETTLED and id not in self.context.being_sent:
            raise unknown(row)
        return None

    def _check_that_it_is_sent(self) -> None:
        if self.context.stopped_by is not None:
            raise self.context.stopped_by

    async def _look_up(self) -> ExtractionHandle | None:
        """Find out what became of it; None if it is not there, and may be sent.

        Raises:
            AmbiguousCreateError: If that cannot be found out, or it is to be held.
        """
        try:
            found = await look_up(self.context.client, self.row)
        except AmbiguousCreateError as failure:
            await self._move(Event.LOST, error=_code(failure.cause or failure))
            raise
        if found is not None:
            await self._move(Event.CREATED, extraction_id=found)
            return self._handle(found)
        if self.context.on_ambiguous == "hold":
            await self._move(Event.LOST, error="HELD")
            raise unknown(self.row)
        await self._move(Event.ABSENT)
        return None

    def _handle(self, id: str) -> ExtractionHandle:
        return self.context.client.extractions.handle(id)

    async def _ended(self, handle: ExtractionHandle) -> Outcome | None:
        """Wait for its end and write it down; None if the run is stopped before."""
        context = self.context
        if context.is_stopping:
            return None
        context.figures.waiting += 1
        with anyio.CancelScope() as wait:
            context.waits.add(wait)
            try:
                outcome = await self._outcome(handle)
            finally:
                context.waits.discard(wait)
                context.figures.waiting -= 1
            self._write_down(outcome)
            return outcome
        return None

    async def _outcome(self, handle: ExtractionHandle) -> Outcome:
        outcome = await self._outcome_of(handle)
        if self.row.sends <= 1 or not isinstance(outcome.error, ExtractionRejectedError):
            return outcome
        try:
            twin = await older_twin(self.context.client, self.row, handle.id)
        except PlexteraError as failure:  # the end is not known yet: the next run asks again
            return attrs.evolve(outcome, error=failure)
        if twin is None:
            return outcome
        return await self._outcome_of(self._handle(twin))

    async def _outcome_of(self, handle: ExtractionHandle) -> Outcome:
        outcome = await outcome_of(handle, index=self.index, document=self.document)
        self.request_id = handle.request_id
        return outcome

    def _write_down(self, outcome: Outcome) -> None:
        event = _event_of(outcome)
        self.is_end = event is not None
        if self.row.state in ENDS:
            return
        if event is not None:
            self._post(event, extraction_id=outcome.id, error=_code(outcome.error))
        elif isinstance(outcome.error, NotFoundError):
            self._post(Event.MISSING, extraction_id=None, error=MISSING)

    async def _move(
        self, event: Event, *, extraction_id: str | None = None, error: str | None = None
    ) -> None:
        id = self.row.id
        self.row = await self.context.scribe.do(
            lambda records: records.move(id, event, extraction_id=extraction_id, error=error)
        )

    def _post(self, event: Event, *, extraction_id: str | None, error: str | None = None) -> None:
        """Write down what is the same when it is found out again: nobody waits for that."""
        id = self.row.id
        self.context.scribe.post(
            lambda records: records.move(id, event, extraction_id=extraction_id, error=error)
        )


def _event_of(outcome: Outcome) -> Event | None:
    """Say how it ended; None if it goes on, and only the wait has ended."""
    if outcome.error is None:
        return Event.COMPLETED
    if isinstance(outcome.error, JobFailedError):
        return event_of_end(str(outcome.error.job.status))
    return None


def _code(failure: PlexteraError | None) -> str | None:
    """Give what may be written down of an error: a code, or its kind."""
    own = failure.error if isinstance(failure, JobFailedError) else failure
    code = token(getattr(own, "code", None))
    return code or (None if failure is None else type(failure).__name__)
