"""From what a user hands in to a part that can be sent; bad input is refused here, before a byte has left."""

import inspect
import io
import os
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path, PurePath
from typing import Any, BinaryIO, Protocol, cast

import anyio.to_thread
import attrs

from plextera_async._aio import turns
from plextera_async._aio.parts import (
    CHUNK,
    MAX_BYTES,
    BytesPart,
    Chunks,
    FilePart,
    Part,
    PathPart,
    StreamPart,
    too_large,
    version_of,
    version_of_file,
)
from plextera_async.errors import InvalidInputError

__all__ = ["AsyncReadable", "Plain", "Prepared", "Source", "prepare"]

_READ_WHOLE = 64 * 1024  # a file up to this size is read when it is looked at: one thread hop instead of four


_IN_MEMORY = (bytes, bytearray, memoryview)
_PATHS = (str, os.PathLike)
_LASTING = (*_PATHS, *_IN_MEMORY)
"""Sources that can be read any number of times."""

_FACES = {"UploadFile.read": "file", "AsyncFile.read": "wrapped"}
"""Where async faces of files keep the file, by the name of their `read`."""


class AsyncReadable(Protocol):
    """Anything with `async read(n)`: a Starlette `UploadFile`, an aiofiles or anyio file, an aiohttp stream."""

    async def read(self, size: int, /) -> bytes:
        """Give up to *size* bytes; b"" at the end."""
        ...


Plain = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | AsyncReadable | AsyncIterator[bytes]
)
Source = Plain | Callable[[], Plain | Awaitable[Plain]]
"""A path (a bare `str` is always a path), bytes, a binary file, anything with `async read(n)`, an async iterator of bytes,
or a function without arguments that gives any of those anew each time; what such a function opens, the client closes."""


@attrs.frozen
class Prepared:
    """A part, and what the source itself says of name and type."""

    part: Part
    name: str | None = attrs.field(default=None, repr=False)
    content_type: str | None = None


async def prepare(source: Source) -> Prepared:
    """Look at a source: can it be read, how long is it, is it within the limits.

    Raises:
        InvalidInputError: If it cannot be read, is empty, is over the limit, or is nothing that can be uploaded.
    """
    kind = _kind(source)
    prepared = await kind(source)
    if prepared.part.size == 0:
        raise InvalidInputError("the source is empty: there is nothing to upload")
    if prepared.part.size is not None and prepared.part.size > MAX_BYTES:
        raise too_large()
    return prepared


def _kind(source: Any) -> Callable[[Any], Awaitable[Prepared]]:
    if isinstance(source, _IN_MEMORY):
        return _from_bytes
    if isinstance(source, _PATHS):
        return _from_path
    if isinstance(source, io.TextIOBase):
        raise InvalidInputError("the file is open as text: open it with mode 'rb'")
    if hasattr(source, "read"):
        return _from_async_readable if inspect.iscoroutinefunction(source.read) else _from_file
    if hasattr(source, "__anext__") or hasattr(source, "__aiter__"):
        return _from_iterator
    if callable(source):
        return _from_factory
    raise InvalidInputError(
        f"cannot upload a {type(source).__name__}: give a path, bytes, a binary file, an async iterator of bytes or a "
        "function that makes one"
    )


async def _from_path(source: str | os.PathLike[str]) -> Prepared:
    try:
        path = Path(source)
        part = await anyio.to_thread.run_sync(_look_at, path)
    except InvalidInputError:
        raise
    except (OSError, ValueError, TypeError) as failure:  # a null character in the path; a path of bytes
        reason = getattr(failure, "strerror", None) or "not a usable path"
    else:
        return Prepared(part, path.name)
    raise InvalidInputError(f"the file cannot be read: {reason}")


def _look_at(path: Path) -> Part:
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise InvalidInputError("the path is a folder, not a file")
    if not stat.S_ISREG(mode):  # before opening: to open a pipe would wait for its other end
        raise InvalidInputError("the path is not a regular file: open it and hand over the file")
    with path.open("rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if 0 < status.st_size <= _READ_WHOLE:
            return BytesPart(file.readall())
        return PathPart(path, status.st_size, version_of(status))


async def _from_bytes(source: bytes | bytearray | memoryview) -> Prepared:
    return Prepared(BytesPart(bytes(source)))


async def _from_file(source: Any) -> Prepared:
    name = _own_name(source)
    span = await anyio.to_thread.run_sync(_span, source)
    if span is None:
        return Prepared(await _read_ahead(_pieces_of_file(source)), name)
    start, end, may_change = span
    return Prepared(FilePart(source, start, max(0, end - start), may_change), name)


def _check_reads_bytes(file: Any) -> None:
    """Read nothing, to see that it works and gives bytes: not every file of text is a TextIOBase."""
    if getattr(file, "closed", False) is True:
        raise InvalidInputError("the file is closed")
    try:
        nothing = file.read(0)
    except (ValueError, TypeError, AttributeError) as failure:  # a file that is only written is a ValueError
        raise InvalidInputError("the file cannot be read: open it with mode 'rb'") from failure
    if isinstance(nothing, str):
        raise InvalidInputError("the file is open as text: open it with mode 'rb'")


def _span(file: Any) -> tuple[int, int, bool] | None:
    """Give the positions of now and of the end, and whether it may change unnoticed; None for one that cannot go back.

    Raises:
        InvalidInputError: If it is closed, or does not give bytes.
    """
    _check_reads_bytes(file)
    with turns.of(file):
        try:
            start = file.tell()
            end = file.seek(0, io.SEEK_END)
            end = file.tell() if end is None else end  # look-alikes of files may give nothing
            file.seek(start, io.SEEK_SET)
        except (OSError, ValueError, AttributeError):
            return None
    if turns.is_sending(file):
        raise InvalidInputError("the file is being uploaded already: open it anew for each upload at a time")
    return int(start), int(end), version_of_file(file) is None


async def _pieces_of_file(file: Any) -> AsyncIterator[Any]:
    while (chunk := await anyio.to_thread.run_sync(file.read, CHUNK)) or chunk is None:
        yield chunk  # None is what a non-blocking file gives when it would have to wait: refused, not taken for the end


async def _from_async_readable(source: Any) -> Prepared:
    name, content_type = _own_name(source), getattr(source, "content_type", None)
    inner = _blocking_file_of(source)
    if inner is not None:
        part = (await _from_file(inner)).part
    else:
        part = await _read_ahead(_pieces_of_readable(source))
    return Prepared(part, name, content_type if isinstance(content_type, str) else None)


def _blocking_file_of(source: Any) -> Any:
    """Find the file behind an async face, which can go back: of an UploadFile (Starlette, FastAPI, Litestar) or anyio's.

    Of those only, and only with their own `read`: another face may give something else than its file, decrypted say.
    """
    own_read: Any = getattr(type(source), "read", None)  # pyright: ignore[reportUnknownArgumentType] # any type at all
    inner = getattr(source, _FACES.get(getattr(own_read, "__qualname__", ""), ""), None)
    read = getattr(inner, "read", None)
    blocks = read is not None and hasattr(inner, "seek") and not inspect.iscoroutinefunction(read)
    return inner if blocks else None


async def _pieces_of_readable(source: AsyncReadable) -> AsyncIterator[bytes]:
    while chunk := await source.read(CHUNK):
        yield chunk


async def _from_iterator(source: Any) -> Prepared:
    return Prepared(await _read_ahead(aiter(source)))


async def _read_ahead(pieces: AsyncIterator[bytes]) -> Part:
    """Read the beginning of a one-shot source: a short one becomes bytes, which can be sent again."""
    checked = _only_bytes(pieces)
    head: list[bytes] = []
    size = 0
    async for piece in checked:
        head.append(piece)
        size += len(piece)
        if size > MAX_BYTES:
            raise too_large()
        if size > CHUNK:
            return StreamPart(head, checked)
    return BytesPart(b"".join(head))


async def _only_bytes(pieces: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise InvalidInputError(f"the source gives {type(piece).__name__}, not bytes")
        if content := bytes(cast("bytes", piece)):
            yield content


async def _from_factory(factory: Callable[[], Any]) -> Prepared:
    first = await _make(factory)
    try:
        prepared = await _kind(first)(first)
    finally:
        await _close(first)
    return Prepared(_FactoryPart(factory, prepared.part.size, first), prepared.name, prepared.content_type)


async def _make(factory: Callable[[], Any]) -> Any:
    made = factory()
    made = await made if inspect.isawaitable(made) else made
    if _kind(made) is _from_factory:
        raise InvalidInputError("the function that makes the source gave another function")
    return made


async def _close(made: Any) -> None:
    """Close what a factory opened."""
    if isinstance(made, _LASTING):
        return
    for name in ("aclose", "close"):
        close = getattr(made, name, None)
        if close is not None:
            outcome = close()
            if inspect.isawaitable(outcome):
                await outcome
            return


@attrs.frozen
class _FactoryPart:
    """A source that is made anew for each sending."""

    factory: Callable[[], Any] = attrs.field(repr=False)
    size: int | None
    first: Any = attrs.field(repr=False)
    """What it made when it was looked at, and which has been read from."""
    can_be_sent: bool = attrs.field(default=True, init=False)
    may_change: bool = attrs.field(default=True, init=False)

    async def chunks(self) -> Chunks:
        """Make it, give all of it, close it.

        Raises:
            InvalidInputError: If it is not as long as it was when it was first made.
        """
        made = await _make(self.factory)
        if made is self.first and not isinstance(made, _LASTING):
            raise InvalidInputError(
                "the function that makes the source gave the same one twice: make it anew each time"
            )
        try:
            part = (await _kind(made)(made)).part
            if part.size != self.size:
                raise InvalidInputError("the function that makes the source made one of another length")
            async with aclosing(part.chunks()) as chunks:
                async for chunk in chunks:
                    yield chunk
        finally:
            await _close(made)


def _own_name(source: Any) -> str | None:
    """Give the file name that a file or upload carries, without folders."""
    for attribute in ("filename", "name"):
        value = getattr(source, attribute, None)
        if isinstance(value, str | PurePath) and (name := Path(value).name):
            return name
    return None
