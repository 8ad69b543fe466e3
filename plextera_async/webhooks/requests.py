"""A request to a webhook endpoint, whichever framework took it: its method, its headers, and no more body than allowed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from plextera_async.webhooks.receiver import WebhookReceiver
from plextera_async.webhooks.replies import Reply

__all__ = ["LEAVES_UNREAD", "reply_to"]

LEAVES_UNREAD = frozenset({408, 413})
"""Statuses that leave a part of the body unread, so that the connection is best closed."""

_BODY_SECONDS = 30.0
"""How long a whole body may take: who sends one byte a second would hold a connection, and what it sent, for days."""


async def reply_to(
    receiver: WebhookReceiver,
    *,
    method: str,
    headers: Iterable[tuple[str, str]],
    read: Callable[[], Awaitable[bytes]],
) -> Reply:
    """Read a delivery, have it handled, and say what to answer.

    Args:
        receiver: Handles it.
        method: Other methods than POST get 405.
        headers: All header lines as they came, those of one name too.
        read: Gives the next piece of the raw body, `b""` at its end; raises `ConnectionError` when the rest will not
            come. It is not called again once the body is larger than the receiver's `max_bytes`: that gets 413; nor
            once the body has taken 30 s: that gets 408.
    """
    if method != "POST":
        return Reply(405, headers={"Allow": "POST"})
    lines = list(headers)
    if _is_larger(lines, receiver.max_bytes):
        return Reply(413)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _body(read, receiver.max_bytes)
    except TimeoutError:
        return Reply(408)
    except ConnectionError:
        return Reply(400)
    return Reply(413) if body is None else await receiver.handle(body, lines)


async def _body(read: Callable[[], Awaitable[bytes]], limit: int) -> bytes | None:
    """Read a body to its end; None if it is too large."""
    body = bytearray()
    while piece := await read():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


def _is_larger(lines: Iterable[tuple[str, str]], limit: int) -> bool:
    """Say whether a body is announced that is too large; what is no number is the server's business."""
    announced = next((value for name, value in lines if name.lower() == "content-length"), "")
    return announced.isdecimal() and int(announced[:20]) > limit
