"""What goes into a pipeline of documents, and what comes out of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

import attrs

from plextera_async._aio.sources import Source
from plextera_async.errors import InvalidInputError, PlexteraError
from plextera_async.errors.root import token
from plextera_async.models import Extraction

__all__ = ["Document", "Outcome", "as_document"]


def _copied(tags: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return dict(tags) if isinstance(tags, Mapping) else tags  # anything else is refused when it is submitted


@attrs.frozen(repr=False)
class Document:
    """One document to extract: a source to upload, a public address, or a file that is on the server.

    What can be said of it without looking at its content is checked when it is made; everything else (whether the source
    can be read, whether the tags keep the rules) when it is submitted.

    Args:
        source: As for `client.extractions.upload`. Exactly one of this, *url* and *file_id*.
        url: As for `client.extractions.create`.
        file_id: As for `client.extractions.create`.
        name: File name to tell, with a source only; None is the source's own.
        content_type: Media type to tell, with a source only; None is guessed from the name.
        tags: As for `client.extractions.create`; None is none.
        key: Your name for this submission, as for `client.extractions.create`; None makes one.

    Raises:
        InvalidInputError: If not exactly one of the three is given, or a name or type without a source.
    """

    source: Source | None = attrs.field(default=None, hash=False)
    url: str | None = attrs.field(default=None, kw_only=True)
    file_id: str | None = attrs.field(default=None, kw_only=True)
    name: str | None = attrs.field(default=None, kw_only=True)
    content_type: str | None = attrs.field(default=None, kw_only=True)
    tags: Mapping[str, str] | None = attrs.field(default=None, kw_only=True, converter=_copied, hash=False)
    key: str | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if sum(given is not None for given in (self.source, self.url, self.file_id)) != 1:
            raise InvalidInputError("give exactly one of a source, url= and file_id=")
        if self.source is None and (self.name is not None or self.content_type is not None):
            raise InvalidInputError("name= and content_type= go with a source only")

    def __repr__(self) -> str:
        """Say what kind it is; names, addresses and tags are private."""
        if self.file_id is not None:
            return f"<Document file {token(self.file_id)}>"
        return f"<Document {'url' if self.source is None else 'source'}>"


@attrs.frozen(repr=False)
class Outcome:
    """What became of one document.

    Attributes:
        index: Its place in the input, from 0.
        document: What was handed in; plain sources as a `Document`.
        id: The extraction's id; None if it was not submitted, or its fate is unknown.
        extraction: The model last seen; with its output when it is COMPLETED. None if none was seen.
        error: Why it is not COMPLETED; None when it is. `InvalidInputError` and refusals: it was not submitted.
            `AmbiguousCreateError`: it may have been. `JobFailedError`: it ended, not well. `WaitTimeoutError` and
            failures of reading: it was submitted and goes on.
    """

    index: int
    document: Document
    id: str | None = None
    extraction: Extraction | None = None
    error: PlexteraError | None = None
    on_ack: Callable[[], Awaitable[None]] | None = attrs.field(default=None, kw_only=True, eq=False)
    """What `ack` calls; None without a journal."""

    def __repr__(self) -> str:
        what = "COMPLETED" if self.error is None else type(self.error).__name__
        return f"<Outcome {self.index} {token(self.id) or 'not submitted'} {what}>"

    def unwrap(self) -> Extraction:
        """Give the completed extraction.

        Raises:
            PlexteraError: `error`, if it is not COMPLETED.
        """
        if self.error is not None:
            raise self.error
        assert self.extraction is not None, "an outcome has one of both"  # noqa: S101 - its makers see to that
        return self.extraction

    async def ack(self) -> None:
        """Tell the journal that this outcome has been dealt with and need not be delivered again.

        Does nothing without a journal. Safe to call twice.

        Raises:
            LedgerError: If it cannot be noted.
        """
        if self.on_ack is not None:
            await self.on_ack()


def as_document(item: Document | Source) -> Document:
    """Take a plain source for a document; what can be none becomes one that is refused when it is submitted."""
    if isinstance(item, Document):
        return item
    return Document(cast("Source", _nothing) if cast("object", item) is None else item)


def _nothing() -> None:
    """Be a source that makes nothing."""
