"""The way of one document without a ledger: submitted, waited for, turned into its line."""

import uuid

import attrs

from plextera_async._sansio.inputs import MOST_TAGS
from plextera_async.cli.ingesting.inputs import Listed
from plextera_async.cli.showing import lines
from plextera_async.cli.showing.lines import Line
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.documents import Outcome
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.submitting import failed, outcome_of, submit
from plextera_async.errors import PlexteraError

__all__ = ["Document"]


@attrs.define
class Document:
    """One document on its way; it knows how far it has come, so that it can say so when it is interrupted."""

    listed: Listed
    key: str | None = attrs.field(init=False)
    handle: ExtractionHandle | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        has_room = len(self.listed.tags or {}) < MOST_TAGS
        self.key = self.listed.key or (uuid.uuid4().hex if has_room else None)

    async def submit(self, client: AsyncPlextera) -> None:
        """Upload and submit it.

        Raises:
            PlexteraError: As `client.extractions.upload` does.
        """
        self.handle = await submit(client.extractions, self.listed, key=self.key)

    async def finish(self) -> Outcome:
        """Wait for the end of its extraction."""
        assert self.handle is not None, "submit comes first"  # noqa: S101 - a slip in this package, not a state
        return await outcome_of(self.handle, index=0, document=self.listed)

    def failed(self, failure: PlexteraError) -> Outcome:
        """Give the outcome of a document that could not be submitted."""
        return failed(0, self.listed, failure)

    def line(self, outcome: Outcome) -> Line:
        """Give the line that tells of an outcome."""
        request_id = None if self.handle is None else self.handle.request_id
        return lines.of(self.listed.shown, outcome, key=self.key, request_id=request_id)

    def interrupted(self) -> Line:
        """Give the line that tells how far it had come."""
        return lines.interrupted(self.listed.shown, handle=self.handle, key=self.key)
