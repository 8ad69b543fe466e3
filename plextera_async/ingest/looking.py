"""Whether a document that may have been submitted is on the server."""

from datetime import UTC, datetime

from plextera_async._sansio.reconcile import Step
from plextera_async.client.client import AsyncPlextera
from plextera_async.errors import AmbiguousCreateError, PlexteraError
from plextera_async.ingest.rows import Row

__all__ = ["look_up", "older_twin", "unknown"]


async def look_up(client: AsyncPlextera, row: Row) -> str | None:
    """Give the id of its extraction; None if it is proven that there is none.

    Raises:
        AmbiguousCreateError: If neither can be found out. Its cause is what came in the way, if anything did.
    """
    try:
        step, sighting = await client.extractions.lookups.settle(row.key, row.began or datetime.now(UTC))
    except PlexteraError as failure:
        cause = failure
    else:
        if step is Step.TAKE:
            return sighting.matches[0].id
        if step is Step.SEND_AGAIN:
            return None
        raise unknown(row)
    raise unknown(row, cause)


async def older_twin(client: AsyncPlextera, row: Row, id: str) -> str | None:
    """Find the extraction that this one, sent again under the same key and rejected, is the duplicate of."""
    older = await client.extractions.lookups.older(row.key, row.began, than=id)
    return None if older is None else older.matches[0].id


def unknown(row: Row, cause: PlexteraError | None = None) -> AmbiguousCreateError:
    """Make the error of a document of which it is not known whether it was submitted."""
    error = AmbiguousCreateError(
        "it may have been submitted in this run or an earlier one; the next one looks for it again",
        operation="createExtraction",
        key=row.key,
        since=row.began or datetime.now(UTC),
        cause=cause,
    )
    error.__cause__ = cause
    return error
