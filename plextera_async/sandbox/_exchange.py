"""One request and its answer on an aiohttp connection."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from email.utils import formatdate

from aiohttp import web
from multidict import CIMultiDict

from ._received import Received
from .wire.answers import Answer


class Body:
    """Reads a request's body as it arrives.

    Args:
        request: Whose body.
    """

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self._continue = request.headers.get("Expect", "").lower() == "100-continue"

    async def read(self) -> bytes:
        """Give the next bytes, empty at the end."""
        if self._continue:
            # Only a server that is willing to read asks for the body (RFC 9110, 10.1.1).
            self._continue = False
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._request.writer.output_size = 0
        return await self._request.content.readany()


class Exchange:
    """Sends the answer to one request.

    Args:
        request: What is answered.
        received: Its record, which is told the status.
        now: The sandbox's time.
    """

    def __init__(self, request: web.BaseRequest, received: Received, now: Callable[[], float]) -> None:
        self.request = request
        self._received = received
        self._now = now

    async def send(self, answer: Answer, *, half: bool = False) -> web.StreamResponse:
        """Send *answer*; with *half* only the head and half of the body, then hang up."""
        headers = CIMultiDict(answer.headers)
        headers["X-Request-Id"] = self._received.request_id
        headers["Date"] = formatdate(self._now(), usegmt=True)
        if answer.content_type is not None:
            headers["Content-Type"] = answer.content_type
        self._received.status = answer.status
        if isinstance(answer.body, bytes) and not half:
            return web.Response(status=answer.status, body=answer.body, headers=headers)
        return await self._stream(answer, headers, half=half)

    def hang_up(self) -> web.StreamResponse:
        """Close the TCP connection; what is returned goes nowhere."""
        self._received.status = None
        if self.request.transport is not None:
            self.request.transport.close()
        return web.Response()

    async def _stream(self, answer: Answer, headers: CIMultiDict[str], *, half: bool) -> web.StreamResponse:
        size = len(answer.body) if isinstance(answer.body, bytes) else answer.body.size
        headers["Content-Length"] = str(size)
        response = web.StreamResponse(status=answer.status, headers=headers)
        await response.prepare(self.request)
        left = size // 2 if half else size
        chunks = _once(answer.body) if isinstance(answer.body, bytes) else answer.body.chunks()
        async with aclosing(chunks):
            async for chunk in chunks:
                await response.write(chunk[:left])
                left -= min(left, len(chunk))
                if left == 0:
                    break
        if half:
            return self.hang_up()
        await response.write_eof()
        return response


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
