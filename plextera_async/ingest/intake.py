"""From what is handed in, and what the ledger remembers, to the ways of documents."""

import uuid
from collections.abc import AsyncIterator
from typing import cast

import anyio
import attrs

from plextera_async._aio.pulling import END, Pulling
from plextera_async._aio.sources import Source
from plextera_async.client.documents import Document, Outcome, as_document
from plextera_async.client.submitting import failed
from plextera_async.errors import InvalidInputError
from plextera_async.ingest.context import Context, PutOff
from plextera_async.ingest.identity import identify
from plextera_async.ingest.rows import Row
from plextera_async.ingest.way import Way

__all__ = ["Given", "Intake", "Item"]

Item = Document | Source | Row | PutOff


@attrs.frozen
class Given:
    """An outcome, and what the ledger has of it."""

    outcome: Outcome
    row_id: int | None = None
    """None if the ledger knows nothing of the document."""
    is_end: bool = True
    """Whether it is the last one of its document."""
    request_id: str | None = None
    """Of the answer that told of its extraction."""


class Intake:
    """Decides which documents a run deals with, and in which order."""

    def __init__(self, context: Context, source: Pulling[Document | Source]) -> None:
        """Begin at the first item of *source*, which is closed at the end."""
        self._context = context
        self._source = source
        self._entering = self._open = 0
        self._changed = anyio.Event()

    async def items(self) -> AsyncIterator[Item]:
        """Give what was handed in; then what only the ledger knows of; then once more what stayed unknown."""
        context = self._context
        try:
            while not context.is_stopping and (item := await self._source.next()) is not END:
                yield self._begun(cast("Item", item))
        finally:
            await self._source.aclose()
        while self._entering:  # until then, what was handed in looks as if only the ledger knew of it
            await self._changed.wait()
        while rows := await context.scribe.do(lambda records: records.left_over(run=context.run)):
            for row in rows:
                if not context.is_stopping:
                    yield self._begun(row)
        while self._open:  # until then, it is not known what stays unknown
            await self._changed.wait()
        context.may_put_off = False
        while context.put_off and not context.is_stopping:
            yield self._begun(context.put_off.pop())

    async def done(self, index: int, item: Item) -> Given | None:
        """Bring a document as far as it comes, and give its outcome; None if it has none (yet).

        Raises:
            LedgerError: If the ledger fails.
        """
        try:
            way = await self._entered(index, item)
        except InvalidInputError as refused:
            return Given(failed(index, as_document(cast("Document | Source", item)), refused))
        else:
            return await self._follow(way)
        finally:
            self._open -= 1
            self._tell()

    def _begun(self, item: Item) -> Item:
        """Count an item from here on, because its task may not run before the next one is asked for."""
        self._open += 1
        self._entering += 1
        return item

    def _tell(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def _entered(self, index: int, item: Item) -> Way | None:
        try:
            return await self._way(index, item)
        finally:
            self._entering -= 1
            self._tell()

    async def _follow(self, way: Way | None) -> Given | None:
        if way is None:
            self._context.figures.skipped += 1
            return None
        outcome = await way.go()
        return None if outcome is None else Given(outcome, way.row.id, way.is_end, way.request_id)

    async def _way(self, index: int, item: Item) -> Way | None:
        """Find out where a document stands; None if it is done with.

        Raises:
            InvalidInputError: If it would not be known again.
        """
        context = self._context
        if isinstance(item, Row):
            return Way(context, index, _left_over(item), item, is_at_hand=False)
        if isinstance(item, PutOff):
            put_off = item
            seen = await context.scribe.do(lambda records: records.row(put_off.row_id))
            return Way(context, put_off.index, put_off.document, seen)
        document = as_document(item)
        entry = await identify(document, lambda: uuid.uuid4().hex)
        row = await context.scribe.do(lambda records: records.enter(entry, run=context.run))
        return None if row is None or row.is_taken else Way(context, index, document, row)


def _left_over(row: Row) -> Document:
    """Stand for a document that was not handed in: all that is known of it are its name and its key."""
    return Document(_not_there, name=row.source, key=row.key)


def _not_there() -> bytes:
    raise InvalidInputError("the document was not handed in")
