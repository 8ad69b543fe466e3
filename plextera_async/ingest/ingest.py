"""`Ingest`: many documents, and a ledger that knows how far each has come."""

import os

from plextera_async._aio.pulling import Items
from plextera_async._aio.sources import Source
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.documents import Document
from plextera_async.client.many import check_concurrency, check_documents
from plextera_async.errors import InvalidInputError
from plextera_async.ingest.context import OnAmbiguous
from plextera_async.ingest.run import IngestRun

__all__ = ["Ingest"]


class Ingest:
    """Extracts documents like `client.extract_many`, with a ledger on the disk: kill it at any instant and start it again.

    Nothing is sent before the ledger says so, and what a killed run left behind is picked up by the next one that is
    given the same documents: what was submitted is waited for, what may have been is looked up, the rest is sent.
    """

    def __init__(
        self,
        client: AsyncPlextera,
        *,
        ledger: str | os.PathLike[str],
        on_ambiguous: OnAmbiguous = "resend",
        content_hash: bool = False,
        concurrency: int | None = None,
    ) -> None:
        """Prepare; nothing is opened or sent.

        Args:
            client: Sends and waits. It stays open.
            ledger: An SQLite file, made when it is not there, readable for its owner only. It holds ids, states, paths,
                addresses without their queries, and keys; no contents, no field values. It belongs to one process at a
                time and to one workspace for ever.
            on_ambiguous: What becomes of a document that may have been submitted, once it is proven that it was not:
                "resend" sends it, "hold" leaves it `undecided`, to be settled with `plextera ledger resolve`. While
                neither is proven, it is `undecided` either way, and looked up again at each start.
            content_hash: Whether documents with the bytes of an earlier one are not submitted, and get its extraction
                instead. For paths and bytes; it reads each file once more.
            concurrency: Documents in flight, from being taken out of the input until their outcome is taken; None is
                200.

        Raises:
            InvalidInputError: If one of these can never work.
        """
        if not isinstance(ledger, str | os.PathLike):
            raise InvalidInputError("ledger must be the path of a file")
        if on_ambiguous not in ("resend", "hold"):
            raise InvalidInputError('on_ambiguous must be "resend" or "hold"')
        self._client = client
        self._ledger = ledger
        self._on_ambiguous: OnAmbiguous = on_ambiguous
        self._hashes_content = content_hash
        self._concurrency = check_concurrency(concurrency)

    def run(self, documents: Items[Document | Source]) -> "IngestRun":
        """Begin or go on: `async with ingest.run(documents) as outcomes: async for outcome in outcomes`.

        Args:
            documents: Any iterable or async iterable of `Document` or plain sources. A document is known again by its
                `key`, or else by its path with size and time of change, its address, or its file id; a source that has
                none of these becomes an outcome with an `InvalidInputError`.

        Each document gives one outcome as it ends. None comes of what an earlier run has given and of what comes twice. What
        the ledger knows and *documents* does not hold is waited for or looked up at the end; where it would have to be
        sent, it stays as it is.

        An outcome counts as taken when the next one is asked for, or at `await outcome.ack()`; one that was not taken
        is given again by the next run. An outcome with `AmbiguousCreateError` (its fate is unknown) or
        `WaitTimeoutError` (it goes on), or of a document that was not sent for a reason outside it (no connection, a
        refused key), is no end: the next run takes that document up again.

        Raises:
            InvalidInputError: If *documents* cannot be iterated, or is one document.
        """
        check_documents(documents)
        return IngestRun(
            self._client,
            self._ledger,
            documents,
            on_ambiguous=self._on_ambiguous,
            hashes_content=self._hashes_content,
            concurrency=self._concurrency,
        )
