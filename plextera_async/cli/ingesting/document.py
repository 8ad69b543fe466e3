"""The way of one document: submitted, waited for, turned into its line."""

import uuid
from collections.abc import Mapping
from pathlib import Path

import attrs

from plextera_async._sansio.inputs import MOST_TAGS
from plextera_async.cli.showing import lines
from plextera_async.cli.showing.lines import Line
from plextera_async.cli.showing.text import readable_path
from plextera_async.client.client import AsyncPlextera
from plextera_async.client.handles import ExtractionHandle
from plextera_async.errors import PlexteraError

__all__ = ["Document"]


@attrs.define
class Document:
    """One document on its way; it knows how far it has come, so that it can say so when it is interrupted."""

    path: Path
    tags: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    source: str = attrs.field(init=False, repr=False)
    key: str | None = attrs.field(init=False)
    handle: ExtractionHandle | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.source = readable_path(self.path)
        self.key = uuid.uuid4().hex if len(self.tags) < MOST_TAGS else None

    async def submit(self, client: AsyncPlextera) -> None:
        """Upload and submit it.

        Raises:
            PlexteraError: As `client.extractions.upload` does.
            OSError: If the file cannot be read to its end.
        """
        name = readable_path(self.path.name)
        self.handle = await client.extractions.upload(self.path, name=name, tags=self.tags, key=self.key)

    async def finish(self) -> Line:
        """Wait for the end of its extraction, and give the line of a good one.

        Raises:
            PlexteraError: As `ExtractionHandle.result` does.
        """
        assert self.handle is not None, "submit comes first"  # noqa: S101 - a slip in this package, not a state
        return lines.ended(self.source, self.handle, await self.handle.result())

    def failed(self, failure: PlexteraError | OSError) -> Line:
        """Give the line that tells of a failure."""
        return lines.failed(self.source, failure, handle=self.handle, key=self.key)

    def interrupted(self) -> Line:
        """Give the line that tells how far it had come."""
        return lines.interrupted(self.source, handle=self.handle, key=self.key)
