"""`client.extract_many`: documents in, one outcome for each out."""

import io
import os
from collections.abc import AsyncIterable, Iterable
from typing import Any

import attrs

from plextera_async._aio.fanout import Fanout
from plextera_async._aio.pulling import Items
from plextera_async._aio.sources import Source
from plextera_async.client.documents import Document, Outcome, as_document
from plextera_async.client.extractions import Extractions
from plextera_async.client.submitting import failed, outcome_of, submit
from plextera_async.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidInputError,
    PermissionDeniedError,
    PlexteraError,
)

__all__ = [
    "CONCURRENCY",
    "Outcomes",
    "check_concurrency",
    "check_documents",
    "extract_many",
    "stops_submitting",
]

CONCURRENCY = 200
"""Documents in flight at one time: enough for a server that takes seconds for each, and little memory while they wait."""

Outcomes = Fanout[Document | Source, Outcome]

_SAME_FOR_ALL = (AuthenticationError, ConfigurationError, PermissionDeniedError)
_ONE_DOCUMENT = (str, bytes, bytearray, memoryview, os.PathLike, io.IOBase, Document)


def extract_many(
    extractions: Extractions,
    documents: Items[Document | Source],
    *,
    concurrency: int | None = None,
    ordered: bool = False,
) -> Outcomes:
    """Make the pipeline of `client.extract_many`."""
    check_documents(documents)
    work = _Pipeline(extractions).work
    return Fanout(documents, work, concurrency=check_concurrency(concurrency), ordered=ordered)


def check_documents(documents: Any) -> None:
    """Refuse what is no collection of documents.

    Raises:
        InvalidInputError: If it cannot be iterated, or is one document.
    """
    if isinstance(documents, _ONE_DOCUMENT):
        raise InvalidInputError("documents must be an iterable of documents: put a single one into a list")
    if not isinstance(documents, Iterable | AsyncIterable):
        raise InvalidInputError(f"documents must be an iterable, not {type(documents).__name__}")


def check_concurrency(concurrency: int | None) -> int:
    """Give the number of documents in flight.

    Raises:
        InvalidInputError: If it is no whole number of at least 1.
    """
    wanted = CONCURRENCY if concurrency is None else concurrency
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        raise InvalidInputError("concurrency must be a whole number of at least 1")
    return wanted


def stops_submitting(failure: PlexteraError) -> bool:
    """Say whether every other create would be refused for the same reason: the key, or settings."""
    return isinstance(failure, _SAME_FOR_ALL)


@attrs.define
class _Pipeline:
    """What the documents of one call share."""

    extractions: Extractions
    stopped_by: PlexteraError | None = None
    """Why nothing more is submitted; None while all goes on."""

    async def work(self, index: int, item: Document | Source) -> Outcome:
        """Bring one document to its end."""
        document = as_document(item)
        if self.stopped_by is not None:
            return failed(index, document, self.stopped_by)
        try:
            handle = await submit(self.extractions, document)
        except PlexteraError as failure:
            if stops_submitting(failure):
                self.stopped_by = failure
            return failed(index, document, failure)
        return await outcome_of(handle, index=index, document=document)
