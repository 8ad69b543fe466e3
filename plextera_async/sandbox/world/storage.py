"""Keeps file contents: small ones in memory, the rest in temporary files that go with the sandbox."""

import asyncio
import hashlib
import itertools
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

import attrs

_SPOOL_BYTES = 1024 * 1024
"""Contents longer than this go to disk, and are written and read in pieces of this size."""
_HEAD_BYTES = 8 * 1024


class TooLargeError(Exception):
    """The content is longer than the limit."""


@attrs.frozen
class Content:
    """Stored bytes."""

    size: int
    sha256: str
    head: bytes
    """The first 8 KiB, from which the type is told."""
    memory: bytes = attrs.field(repr=False)
    """All of it, unless it is on disk."""
    path: Path | None = None

    def read(self) -> bytes:
        """Read it whole; blocks, so it is for worker threads."""
        return self.memory if self.path is None else self.path.read_bytes()

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Read it piece by piece."""
        if self.path is None:
            yield self.memory
            return
        file = await asyncio.to_thread(self.path.open, "rb")
        try:
            while chunk := await asyncio.to_thread(file.read, _SPOOL_BYTES):
                yield chunk
        finally:
            file.close()


class Storage:
    """Where contents are kept.

    Args:
        max_bytes: Limit of one content.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._names = itertools.count()

    async def keep(self, chunks: AsyncIterator[bytes]) -> Content:
        """Store what *chunks* gives; memory stays at about one piece per call.

        Raises:
            TooLargeError: If it is longer than the limit; nothing is kept then.
        """
        writer = _Writer()
        try:
            async for chunk in chunks:
                writer.take(chunk, self.max_bytes)
                if len(writer.pending) > _SPOOL_BYTES:
                    await asyncio.to_thread(writer.spill, self._new_path)
        except BaseException:
            writer.discard()
            raise
        return await writer.finish(self._new_path)

    def drop(self, content: Content) -> None:
        """Forget a content."""
        if content.path is not None:
            content.path.unlink()

    def keep_bytes(self, content: bytes) -> Content:
        """Store bytes that are in memory already."""
        return Content(len(content), hashlib.sha256(content).hexdigest(), content[:_HEAD_BYTES], content)

    def close(self) -> None:
        """Remove the temporary files."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _new_path(self) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="plextera-sandbox-")
        return Path(self._folder.name, f"{next(self._names)}")


class _Writer:
    """One content while it arrives."""

    def __init__(self) -> None:
        self.size = 0
        self.head = b""
        self.pending = bytearray()
        self._digest = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    def take(self, chunk: bytes, limit: int) -> None:
        self.size += len(chunk)
        if self.size > limit:
            raise TooLargeError
        self._digest.update(chunk)
        if len(self.head) < _HEAD_BYTES:
            self.head = (self.head + chunk)[:_HEAD_BYTES]
        self.pending += chunk

    def spill(self, new_path: Callable[[], Path]) -> None:
        if self._file is None:
            self._path = new_path()
            self._file = self._path.open("xb")
        self._file.write(self.pending)
        self.pending.clear()

    async def finish(self, new_path: Callable[[], Path]) -> Content:
        if self._file is None:
            return Content(self.size, self._digest.hexdigest(), self.head, bytes(self.pending))
        await asyncio.to_thread(self.spill, new_path)
        self._file.close()
        return Content(self.size, self._digest.hexdigest(), self.head, b"", self._path)

    def discard(self) -> None:
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink()
