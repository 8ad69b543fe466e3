"""The way of one document through a pipeline: submitted, waited for, turned into its outcome."""

import asyncio
from datetime import datetime

import attrs

from plextera_async._aio.cancelling import is_being_cancelled
from plextera_async._sansio.reconcile import Step
from plextera_async.client.documents import Document, Outcome
from plextera_async.client.extractions import Extractions
from plextera_async.client.handles import ExtractionHandle
from plextera_async.client.waits import DEFAULT, Timeout
from plextera_async.errors import InvalidInputError, PlexteraError

__all__ = ["Fate", "failed", "fate_of", "outcome_of", "submit"]


@attrs.frozen
class Fate:
    """What is known of a create whose fate was unknown."""

    handle: ExtractionHandle | None = None
    """On the extraction that was found; the oldest, if there are several."""
    is_absent: bool = False
    """It is proven that there is none: it may be sent again. False without a handle is: not known."""


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


async def fate_of(extractions: Extractions, key: str, *, since: datetime) -> Fate:
    """Look for a submission whose fate is unknown: twice, with a grace of 10 s between, unless it is found at once.

    Args:
        extractions: `client.extractions`.
        key: The key that it carried.
        since: When it began, by this machine's clock, aware.

    Raises:
        PlexteraError: If looking failed, after the retries that the policy allows.
    """
    step, sighting = await extractions.lookups.settle(key, since)
    if step is not Step.TAKE:
        return Fate(is_absent=step is Step.SEND_AGAIN)
    handle = extractions.handle(sighting.matches[0].id)
    handle.also_created = sighting.others
    return Fate(handle)


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
