"""The way of one document through a pipeline: submitted, waited for, turned into its outcome."""

import asyncio

from plextera_async._aio.cancelling import is_being_cancelled
from plextera_async.client.documents import Document, Outcome
from plextera_async.client.extractions import Extractions
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.waits import DEFAULT, Timeout
from plextera_async.errors import InvalidInputError, PlexteraError

__all__ = ["failed", "outcome_of", "submit"]


async def submit(extractions: Extractions, document: Document, *, key: str | None = None) -> ExtractionHandle:
    """Submit a document.

    Args:
        extractions: `client.extractions`.
        document: What to submit.
        key: Name of this submission; None takes the document's own, or makes one.

    Raises:
        InvalidInputError: If it can never be sent, or its source failed (the source's own error is its cause).
        AmbiguousCreateError: If it may have been submitted.
        PlexteraError: As every call does.

    Cancelling may leave an extraction behind, which is found by its key.
    """
    key = document.key if key is None else key
    if document.source is None:
        return await extractions.create(
            file_id=document.file_id, url=document.url, tags=document.tags, key=key
        )
    try:
        return await extractions.upload(
            document.source,
            name=document.name,
            content_type=document.content_type,
            tags=document.tags,
            key=key,
        )
    except PlexteraError:
        raise
    except (Exception, asyncio.CancelledError) as failure:  # of the caller's own source, whatever it is
        if isinstance(failure, asyncio.CancelledError) and is_being_cancelled():
            raise
        raise InvalidInputError(f"the source failed while it was read: {type(failure).__name__}") from failure


async def outcome_of(
    handle: ExtractionHandle,
    *,
    index: int,
    document: Document,
    timeout: Timeout = DEFAULT,  # noqa: ASYNC109 - a limit for the job
) -> Outcome:
    """Wait for the end of a submitted document, and give it as an outcome, whatever it is.

    Args:
        handle: What submitting gave, or `client.extractions.handle(id)`.
        index: Place of the document in the input.
        document: What was submitted.
        timeout: As for `ExtractionHandle.wait`.
    """
    try:
        await handle.result(timeout)
    except PlexteraError as failure:
        return Outcome(index, document, handle.id, handle.latest, _lasting(failure))
    return Outcome(index, document, handle.id, handle.latest)


def failed(index: int, document: Document, failure: PlexteraError) -> Outcome:
    """Give the outcome of a document that could not be submitted, or of which that is not known."""
    return Outcome(index, document, error=_lasting(failure))


def _lasting(failure: PlexteraError) -> PlexteraError:
    """Let go of the frames that an error came through: outcomes are kept, and sources are in those frames."""
    link: BaseException | None = failure
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return failure
