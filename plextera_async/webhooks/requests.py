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
        headers: All header lines as they came. Lines of one name are joined (RFC 9110, 5.3), so that a delivery with
            two signatures that disagree is refused instead of trusted for one of them.
        read: Gives the next piece of the raw body, `b""` at its end; raises `ConnectionError` when the rest will not
            come. It is not called again once the body is larger than the receiver's `max_bytes`: that gets 413; nor
            once the body has taken 30 s: that gets 408.
    """
    if method != "POST":
        return Reply(405, headers={"Allow": "POST"})
    joined: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
    if _is_larger(joined.get("content-length", ""), receiver.max_bytes):
        return Reply(413)
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await _body(read, receiver.max_bytes)
    except TimeoutError:
        return Reply(408)
    except ConnectionError:
        return Reply(400)
    return Reply(413) if body is None else await receiver.handle(body, joined)


async def _body(read: Callable[[], Awaitable[bytes]], limit: int) -> bytes | None:
    """Read a body to its end; None if it is too large."""
    body = bytearray()
    while piece := await read():
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


def _is_larger(content_length: str, limit: int) -> bool:
    """Say whether a body is announced that is too large; what is no number is the server's business."""
    return content_length.isdecimal() and int(content_length[:20]) > limit
