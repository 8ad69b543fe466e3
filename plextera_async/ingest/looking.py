"""Whether a document that may have been submitted is on the server."""

from datetime import UTC, datetime

from plextera_async.client.client import AsyncPlextera
from plextera_async.client.handles import ExtractionHandle
from plextera_async.errors import AmbiguousCreateError

__all__ = ["look_up", "unknown"]


async def look_up(client: AsyncPlextera, key: str, *, since: datetime | None) -> ExtractionHandle | None:
    raise unknown(key, since=since)


def unknown(key: str, *, since: datetime | None) -> AmbiguousCreateError:
    """Make the error of a document whose fate is not known."""
    return AmbiguousCreateError(
        "it may have been submitted, and whether it was could not be found out",
        operation="uploadExtraction",
        key=key,
        since=since or datetime.now(UTC),
    )
