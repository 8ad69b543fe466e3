"""Request bodies: JSON, and multipart streamed from its sources; the only writer of upload bytes."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, cast

import aiohttp
import anyio
import attrs
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter

from plextera_async._aio.cancelling import is_being_cancelled
from plextera_async._aio.parts import CHUNK, BytesPart, Chunks, Part
from plextera_async._aio.witness import Witness
from plextera_async._sansio import multipart
from plextera_async.errors import RequestTimeoutError

__all__ = ["JsonBody", "MultipartBody", "Piece", "Sending", "sending"]

_WRITE_AT_ONCE = 64 * 1024
"""Bodies up to this size go out in one write: they fit the transport's own buffer, so they cannot stall unseen."""


@attrs.frozen(kw_only=True)
class Piece:
    """One part of a form: small content, or a file."""

    name: str
    content: bytes | Part = attrs.field(repr=False)
    content_type: str | None = None
    file_name: str | None = attrs.field(default=None, repr=False)


@attrs.frozen
class JsonBody:
    """JSON text."""

    content: bytes = attrs.field(repr=False)
    content_type: str = attrs.field(default="application/json", init=False)
    can_be_sent: bool = attrs.field(default=True, init=False)

    @property
    def size(self) -> int:
        """Length in bytes."""
        return len(self.content)

    def at_hand(self, most: int) -> bytes | None:
        """Give all of it, when it is no longer than that."""
        return self.content if len(self.content) <= most else None

    async def chunks(self) -> Chunks:
        """Give views of it."""
        view = memoryview(self.content)
        for start in range(0, len(view), CHUNK):
            yield view[start : start + CHUNK]


class MultipartBody:
    """A form with files, streamed; its length is known when all its parts know theirs."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        """Take the parts in the order in which they travel."""
        boundary = os.urandom(16).hex()
        self.content_type = f"multipart/form-data; boundary={boundary}"
        self._segments: list[bytes | Part] = []
        for piece in pieces:
            head = multipart.part_head(boundary, piece.name, piece.content_type, piece.file_name)
            self._segments += [head, piece.content, b"\r\n"]
        self._segments.append(multipart.tail(boundary))
        self._witnesses: list[Witness] = []

    @property
    def can_be_sent(self) -> bool:
        """Whether every part can be read from its start."""
        return all(isinstance(segment, bytes) or segment.can_be_sent for segment in self._segments)

    @property
    def size(self) -> int | None:
        """Length in bytes; None when a part does not know its own."""
        total = 0
        for segment in self._segments:
            size = len(segment) if isinstance(segment, bytes) else segment.size
            if size is None:
                return None
            total += size
        return total

    def at_hand(self, most: int) -> bytes | None:
        """Give all of it, when all is in memory and no longer than that."""
        found: list[bytes] = []
        left = most
        for segment in self._segments:
            content = segment.content if isinstance(segment, BytesPart) else segment
            if not isinstance(content, bytes) or len(content) > left:
                return None
            left -= len(content)
            found.append(content)
        return b"".join(found)

    async def chunks(self) -> Chunks:
        """Give head, content and tail in turn."""
        self._witnesses = self._witnesses or [Witness() for _ in self._segments]
        for segment, witness in zip(self._segments, self._witnesses, strict=True):
            if isinstance(segment, bytes):
                yield segment
                continue
            content = segment.chunks()
            async with aclosing(witness.watch(content) if segment.may_change else content) as chunks:
                async for chunk in chunks:
                    yield chunk


class Sending(aiohttp.Payload):
    """One sending of a body: one attempt. Knows afterwards why it broke off, when it did.

    aiohttp writes bodies in a task of its own; `finished` tells when that task has let go of the source.
    """

    def __init__(self, body: JsonBody | MultipartBody, *, stall: float) -> None:
        """Prepare to send.

        Args:
            body: What to send.
            stall: Seconds for which the server may take nothing of it.
        """
        super().__init__(body, content_type=body.content_type)
        self._body = body
        self._stall = stall
        self._size = body.size
        self._begun = False
        self._over = anyio.Event()
        self.failure: BaseException | None = None

    @property
    def begun(self) -> bool:
        """Whether any of it was handed to a connection."""
        return self._begun

    async def finished(self) -> None:
        """Wait until nothing reads the source any more."""
        if self._begun:
            with anyio.CancelScope(shield=True):
                await self._over.wait()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002 - aiohttp's signature
        """Refuse: aiohttp asks this only to show a body, and ours are not for showing."""
        raise TypeError("an upload body is not shown")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:  # noqa: ARG002 - as above
        """Write all of it; a failure of the source is kept, so that it is not taken for one of the network."""
        self._begun = True
        try:
            async with aclosing(self._body.chunks()) as chunks:
                while (chunk := await self._next(chunks)) is not None:
                    await self._put(writer, chunk)
        finally:
            self._over.set()

    async def _next(self, chunks: Chunks) -> bytes | memoryview | None:
        try:
            return await anext(chunks, None)
        except asyncio.CancelledError as failure:
            if is_being_cancelled():
                raise
            self.failure = failure
        except Exception as failure:
            self.failure = failure
            raise
        # aiohttp would take a CancelledError for one of its own task.
        raise RuntimeError("the source was cancelled")

    async def _put(self, writer: AbstractStreamWriter, chunk: bytes | memoryview) -> None:
        """Hand a chunk over and wait until there is room for more, for as long as the server takes some of it."""
        out = cast("StreamWriter", writer)  # the only writer that aiohttp's client has
        await out.write(chunk, drain=False)
        left = _unsent(out)
        while not await self._drained(out):
            before, left = left, _unsent(out)
            if left >= before:
                self.failure = RequestTimeoutError(
                    f"the server took nothing of the upload for {self._stall:g} s",
                    may_have_been_applied=True,
                )
                raise self.failure

    async def _drained(self, out: StreamWriter) -> bool:
        with anyio.move_on_after(self._stall) as scope:
            await out.drain()
        return not scope.cancelled_caught


def _unsent(out: StreamWriter) -> int:
    return 0 if out.transport is None else out.transport.get_write_buffer_size()


def sending(body: Any, *, stall: float) -> bytes | Sending:
    """Make one sending of a body: plain bytes when it is small and at hand."""
    whole = body.at_hand(_WRITE_AT_ONCE)
    return Sending(body, stall=stall) if whole is None else whole
