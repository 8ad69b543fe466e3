"""What an upload is made of: each kind of source as a part that knows its size and whether it can be sent again."""

import io
import os
import stat
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import anyio.to_thread
import attrs

from plextera_async._aio import turns
from plextera_async._aio.files import OwnedFile
from plextera_async.errors import InvalidInputError

__all__ = [
    "CHUNK",
    "MAX_BYTES",
    "BytesPart",
    "Chunks",
    "FilePart",
    "Part",
    "PathPart",
    "StreamPart",
    "changed",
    "too_large",
    "version_of",
    "version_of_file",
]

MAX_BYTES = 50 * 1024 * 1024
"""The API's limit for a file: 50 MB. That it counts in 2**20 is not documented."""

CHUNK = 256 * 1024
"""Bytes read at a time: a thread hop costs as much as copying some 64 KB, and 1 MB buys little for four times the memory."""


Chunks = AsyncGenerator[bytes | memoryview, None]


class Part(Protocol):
    """The content of one file part."""

    @property
    def size(self) -> int | None:
        """Bytes that will be sent; None when that is not known before the end."""
        ...

    @property
    def can_be_sent(self) -> bool:
        """Whether sending now would send all of it."""
        ...

    @property
    def may_change(self) -> bool:
        """Whether a second sending could give other bytes unnoticed."""
        ...

    def chunks(self) -> Chunks:
        """Give the content from the start."""
        ...


def too_large() -> InvalidInputError:
    """Make the error for a source over the limit."""
    return InvalidInputError(
        f"the source is larger than {MAX_BYTES // 2**20} MB, the most that the API takes"
    )


def changed() -> InvalidInputError:
    """Make the error for a source that would be sent again and is not what it was."""
    return InvalidInputError("the source changed between two attempts to upload it")


def _shrunk() -> InvalidInputError:
    return InvalidInputError("the file became shorter while it was sent: it must not change during an upload")


@attrs.frozen
class BytesPart:
    """Content in memory."""

    content: bytes = attrs.field(repr=False)
    can_be_sent: bool = attrs.field(default=True, init=False)
    may_change: bool = attrs.field(default=False, init=False)

    @property
    def size(self) -> int:
        """Length of the content."""
        return len(self.content)

    async def chunks(self) -> Chunks:
        """Give views of it, so that nothing is copied before it is sent."""
        view = memoryview(self.content)
        for start in range(0, len(view), CHUNK):
            yield view[start : start + CHUNK]


def version_of(status: os.stat_result) -> tuple[int, ...]:
    """Give what changes when a file is written to or replaced."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def version_of_file(file: Any) -> tuple[int, ...] | None:
    """Give the same of an open file; None where that would not tell of every change.

    Of a file that is open for writing a change may be in its buffer only, or in a map of it; Windows may note the time of
    a change when the file is closed; and a kind of file of its own may give something else than its file.
    """
    raw = file.raw if type(file) is io.BufferedReader else file
    if os.name == "nt" or type(raw) is not io.FileIO or raw.writable():
        return None
    status = os.fstat(raw.fileno())
    return version_of(status) if stat.S_ISREG(status.st_mode) else None


@attrs.frozen
class PathPart:
    """A file on disk, opened anew for each sending."""

    path: Path = attrs.field(repr=False)
    size: int
    version: tuple[int, ...]
    """What `version_of` gave when it was looked at: a second sending must send what the first did."""
    can_be_sent: bool = attrs.field(default=True, init=False)
    may_change: bool = attrs.field(default=False, init=False)

    async def chunks(self) -> Chunks:
        """Read in a thread; exactly as many bytes as were announced.

        Raises:
            InvalidInputError: If it cannot be read any more, or was changed since it was looked at. What was sent of
                it then is no whole form, and nothing that a server takes.
        """
        await self._check_unchanged()
        file = OwnedFile(self.path)
        left = self.size
        try:
            while left:
                chunk = await _read(file, min(CHUNK, left))
                left -= len(chunk)
                yield chunk
        finally:
            file.close()
        await self._check_unchanged()

    async def _check_unchanged(self) -> None:
        try:
            version = version_of(await anyio.to_thread.run_sync(self.path.stat))
        except OSError:
            version = None
        if version != self.version:
            raise InvalidInputError("the file was changed or removed while it was uploaded")


async def _read(file: OwnedFile, size: int) -> bytes:
    try:
        chunk = await file.read(size)
    except OSError as failure:
        reason = failure.strerror  # and not its name, which is private
    else:
        if chunk:
            return chunk
        raise _shrunk()
    raise InvalidInputError(f"the file cannot be read any more: {reason}")


@attrs.define(eq=False)
class FilePart:
    """The caller's own binary file, from where it stood; left open, and at the end of what was sent."""

    file: BinaryIO = attrs.field(repr=False)
    start: int
    size: int
    may_change: bool
    """False for a file that tells by its version: that costs nothing, and a checksum a quarter of everything."""
    can_be_sent: bool = attrs.field(default=True, init=False)
    _version: tuple[int, ...] | None = attrs.field(default=None, init=False, repr=False)
    """Of the file when its first byte was read."""

    async def chunks(self) -> Chunks:
        """Read in a thread, each time from a stated position.

        A read that outlived a cancelled sending may move the file's position at any time, so it is never relied on.

        Raises:
            InvalidInputError: If it ends too early, or was changed since it was first sent.
        """
        sent, known = 0, self._version
        with turns.sending(self.file):
            while sent < self.size:
                size = min(CHUNK, self.size - sent)
                chunk = await anyio.to_thread.run_sync(self._read_at, self.start + sent, size, known)
                if not chunk:
                    raise _shrunk()
                sent += len(chunk)
                yield chunk

    def _read_at(self, position: int, size: int, known: tuple[int, ...] | None) -> bytes:
        with turns.of(self.file):
            if self._version is None and not self.may_change:
                self._version = version_of_file(self.file)
            self.file.seek(position, io.SEEK_SET)
            chunk = self.file.read(size)
        if known is not None and known != version_of_file(self.file):
            raise changed()
        return chunk


@attrs.define
class StreamPart:
    """A source that can be read once, whose length nobody knows."""

    head: list[bytes] = attrs.field(repr=False)
    rest: AsyncIterator[bytes] = attrs.field(repr=False)
    size: int | None = attrs.field(default=None, init=False)
    can_be_sent: bool = attrs.field(default=True, init=False)
    may_change: bool = attrs.field(default=False, init=False)

    async def chunks(self) -> Chunks:
        """Give what was read ahead and then the rest; from the first piece on it cannot be sent again.

        Raises:
            InvalidInputError: If it goes over the limit, which breaks the request off.
        """
        self.can_be_sent = False
        sent = 0
        async for chunk in self._pieces():
            sent += len(chunk)
            if sent > MAX_BYTES:
                raise too_large()
            view = memoryview(chunk)
            for start in range(0, len(view), CHUNK):
                yield view[start : start + CHUNK]

    async def _pieces(self) -> AsyncIterator[bytes]:
        while self.head:
            yield self.head.pop(0)  # not kept while the rest is sent
        async for chunk in self.rest:
            yield chunk
