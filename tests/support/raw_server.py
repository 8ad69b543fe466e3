"""A server that says exactly what a test wants, byte for byte, and remembers its connections."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Script = Callable[["Wire"], Awaitable[None]]


def answer(
    body: bytes = b"", *, status: str = "200 OK", headers: str = "", content_type: str = "application/json"
) -> bytes:
    """Make a whole HTTP answer; *headers* are lines that end in CRLF."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


class Wire:
    """One connection, seen from the server.

    Attributes:
        number: Which connection it is, from 1.
    """

    def __init__(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.number = number
        self.reader = reader
        self.writer = writer

    async def request(self) -> tuple[str, dict[str, str], bytes]:
        """Read one whole request: its first line, headers by lower-case name, body."""
        line, headers = await self.head()
        if headers.get("transfer-encoding") == "chunked":
            return line, headers, await self._chunked()
        return line, headers, await self.reader.readexactly(int(headers.get("content-length", "0")))

    async def head(self) -> tuple[str, dict[str, str]]:
        """Read the head of a request only."""
        line, *rest = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        return line, {
            name.lower(): value.strip() for name, _, value in (row.partition(":") for row in rest if row)
        }

    async def _chunked(self) -> bytes:
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += (await self.reader.readexactly(size + 2))[:-2]
        await self.reader.readline()
        return body

    async def send(self, content: bytes) -> None:
        """Send bytes."""
        self.writer.write(content)
        await self.writer.drain()

    def reset(self) -> None:
        """Break the connection off."""
        self.writer.transport.abort()


async def says_nothing(wire: Wire) -> None:
    """Take a request and stay silent, until the client goes away."""
    await wire.request()
    await wire.reader.read()


class RawServer:
    """Serves every connection with *script* on loopback; `async with` starts and stops it.

    Attributes:
        requests: First line and headers of each request that scripts read with `take`.
        connections: How many connections were made.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    @property
    def base_url(self) -> str:
        """Give where it serves."""
        return f"http://127.0.0.1:{self.port}/api"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):  # the client has gone
                await self._script(Wire(self.connections, reader, writer))
        except asyncio.CancelledError:
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def always(content: bytes) -> Script:
    """Answer every request with the same bytes, and keep the connection."""

    async def script(wire: Wire) -> None:
        while True:
            await wire.request()
            await wire.send(content)

    return script
