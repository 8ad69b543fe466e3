"""Deliveries to any ASGI application: an application of its own, to be mounted in Starlette, FastAPI or Litestar."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

from plextera_async.webhooks.receiver import WebhookReceiver
from plextera_async.webhooks.replies import Reply
from plextera_async.webhooks.requests import LEAVES_UNREAD, reply_to

__all__ = ["WebhookApp"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class WebhookApp:
    """An ASGI application that gives every POST, at whatever path, to a receiver and answers with its reply.

    In Starlette: `Route("/webhooks/plextera", WebhookApp(receiver))`. Mounted, it answers everything below the mount:
    with `app.mount("/webhooks", WebhookApp(receiver))` in Starlette or FastAPI, the endpoint may be
    `https://example.com/webhooks/plextera`. Starlette redirects a request for the mount's very path to the one with a
    slash at its end, and nothing is known of Plextera following redirects. In Litestar:
    `litestar.handlers.asgi("/webhooks/plextera")(WebhookApp(receiver))`. By itself it is an application for any server.

    A sender that goes away while handlers run does not stop them: the event is done, and its next delivery gets 200.
    """

    def __init__(self, receiver: WebhookReceiver) -> None:
        """Make an application that gives deliveries to *receiver*; bodies are read up to the verifier's `max_bytes`, for 30 s."""
        self._receiver = receiver

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one scope; websockets are refused."""
        kind = scope["type"]
        if kind == "lifespan":
            await _live(receive, send)
        elif kind == "http":
            await self._answer(scope, receive, send)
        elif kind == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        else:
            raise NotImplementedError(f"ASGI scope {kind!r}")

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        reply = await reply_to(
            self._receiver, method=scope["method"], headers=headers, read=_Body(receive).read
        )
        closes = reply.status in LEAVES_UNREAD and scope["http_version"].startswith("1.")
        extra = {"Connection": "close"} if closes else {}
        with suppress(OSError):  # ASGI 2.4: nobody is there to be told
            await _send(reply, extra, send)


class _Body:
    """The pieces of a request's body."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._more = True

    async def read(self) -> bytes:
        """Give the next piece, `b""` at the end."""
        while self._more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionError
            self._more = message.get("more_body", False)
            if piece := message.get("body", b""):
                return bytes(piece)
        return b""


async def _send(reply: Reply, extra: Mapping[str, str], send: Send) -> None:
    lines = {**reply.headers, **extra, "Content-Length": str(len(reply.body))}
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _live(receive: Receive, send: Send) -> None:
    """Start and stop with the server; there is nothing to do at either."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})
