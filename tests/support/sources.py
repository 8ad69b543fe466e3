"""Everything that can be uploaded, made from one content: by name, a function of the content and a folder."""

import asyncio
import io
import os
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
import anyio
import attrs

Make = Callable[[bytes, Path], Any]


@attrs.define
class UploadFile:
    """As Starlette has it: a spooled file behind an async face."""

    file: BinaryIO
    filename: str | None = None
    content_type: str | None = None

    async def read(self, size: int = -1) -> bytes:
        return self.file.read(size)


class AsyncOnly:
    """Nothing but `async read(n)`."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    async def read(self, size: int = -1, /) -> bytes:
        await asyncio.sleep(0)
        return self._inner.read(size)


class Unseekable(io.RawIOBase):
    """A file that only goes forward, such as a socket's."""

    def __init__(self, content: bytes) -> None:
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        return self._inner.readinto(buffer)


def saved(content: bytes, folder: Path) -> Path:
    """Write the content to a file."""
    path = folder / "source.bin"
    path.write_bytes(content)
    return path


def at_offset(content: bytes, folder: Path) -> BinaryIO:
    """Open a file that begins with what is not to be sent."""
    file = saved(b"not this" + content, folder).open("rb")
    file.seek(len(b"not this"))
    return file


def spooled(content: bytes, _: Path) -> Any:
    """Make a SpooledTemporaryFile."""
    file = tempfile.SpooledTemporaryFile(max_size=1000)  # noqa: SIM115 - the test closes it
    file.write(content)
    file.seek(0)
    return file


def pipe(content: bytes, _: Path) -> BinaryIO:
    """Open a pipe that a thread writes to."""
    reading, writing = os.pipe()

    def fill() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as end:  # broken when nobody reads on
            end.write(content)

    threading.Thread(target=fill, daemon=True).start()
    return os.fdopen(reading, "rb")


async def pieces(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    """Give the content piece by piece."""
    for start in range(0, len(content), size):
        await asyncio.sleep(0)
        yield content[start : start + size]


def stream_reader(content: bytes, _: Path) -> aiohttp.StreamReader:
    """Make what aiohttp gives as `request.content`."""
    protocol = aiohttp.base_protocol.BaseProtocol(asyncio.get_running_loop())
    stream = aiohttp.StreamReader(protocol, 2**30, loop=asyncio.get_running_loop())
    stream.feed_data(content)
    stream.feed_eof()
    return stream


async def _opened(content: bytes, folder: Path) -> Any:
    await asyncio.sleep(0)
    return anyio.wrap_file(saved(content, folder).open("rb"))


def anyio_factory(content: bytes, folder: Path) -> Callable[[], Awaitable[Any]]:
    """Make a function that opens a file of anyio."""
    return lambda: _opened(content, folder)


KNOWN_SIZE: Mapping[str, Make] = {
    "path": saved,
    "str path": lambda c, f: str(saved(c, f)),
    "bytes": lambda c, _: c,
    "bytearray": lambda c, _: bytearray(c),
    "memoryview": lambda c, _: memoryview(c),
    "BytesIO": lambda c, _: io.BytesIO(c),
    "open file": lambda c, f: saved(c, f).open("rb"),
    "open file at an offset": at_offset,
    "unbuffered file": lambda c, f: saved(c, f).open("rb", buffering=0),
    "spooled file": spooled,
    "UploadFile": lambda c, f: UploadFile(spooled(c, f), "up.pdf", "application/pdf"),
    "anyio file": lambda c, f: anyio.wrap_file(saved(c, f).open("rb")),
    "factory of path": lambda c, f: lambda: saved(c, f),
    "factory of bytes": lambda c, _: lambda: c,
    "factory of open file": lambda c, f: lambda: saved(c, f).open("rb"),
    "factory of BytesIO": lambda c, _: lambda: io.BytesIO(c),
    "async factory of anyio file": anyio_factory,
}
"""Sources whose length is known, and which can be sent again."""

ONE_SHOT: Mapping[str, Make] = {
    "unseekable file": lambda c, _: Unseekable(c),
    "pipe": pipe,
    "async read": lambda c, _: AsyncOnly(c),
    "aiohttp stream": stream_reader,
    "async generator": lambda c, _: pieces(c),
}
"""Sources that can be read once, and whose length is known only when they are short."""

FACTORIES_OF_STREAMS: Mapping[str, Make] = {
    "factory of async generator": lambda c, _: lambda: pieces(c),
    "factory of async read": lambda c, _: lambda: AsyncOnly(c),
    "factory of pipe": lambda c, f: lambda: pipe(c, f),
}
"""Sources that can be made anew, and whose length is known only when they are short."""


def close(source: Any) -> None:
    """Close what a test opened."""
    inner = getattr(source, "wrapped", getattr(source, "file", source))
    if hasattr(inner, "close"):
        inner.close()


def is_closed(source: Any) -> bool:
    """Say whether a file source was closed."""
    inner = getattr(source, "wrapped", getattr(source, "file", source))
    return bool(getattr(inner, "closed", False))
