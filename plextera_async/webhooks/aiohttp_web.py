"""Deliveries to an aiohttp.web application: `app.router.add_post("/webhooks/plextera", handler(receiver))`."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from plextera_async.webhooks.receiver import WebhookReceiver
from plextera_async.webhooks.requests import LEAVES_UNREAD, reply_to

__all__ = ["handler"]


def handler(receiver: WebhookReceiver) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Make a handler for `aiohttp.web` that gives deliveries to a receiver and answers with its reply.

    It reads the raw body itself, at most the verifier's `max_bytes` and for at most 30 s; the application's
    `client_max_size` does not matter. A middleware may have read the body before, with `request.read()`.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        lines = request.headers.items()
        reply = await reply_to(receiver, method=request.method, headers=lines, read=_Body(request).read)
        response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        if reply.status in LEAVES_UNREAD:
            response.force_close()
        return response

    return handle


class _Body:
    """The pieces of a request's body."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self._is_kept = request.content.at_eof()  # it was read already, and then aiohttp keeps it

    async def read(self) -> bytes:
        """Give the next piece, `b""` at the end."""
        if self._is_kept:
            self._is_kept = False
            return await self._request.read()
        try:
            return await self._request.content.readany()
        except web.RequestPayloadError as error:
            raise ConnectionError from error
