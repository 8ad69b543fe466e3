"""A request to a webhook endpoint, whichever framework took it: its method, its headers, and no more body than allowed."""

from collections.abc import Awaitable, Callable, Iterable

from plextera_async.webhooks.receiver import WebhookReceiver
from plextera_async.webhooks.replies import Reply

__all__ = ["reply_to"]


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
            come. It is not called again once the body is larger than the receiver's `max_bytes`: that gets 413, and
            the connection is best closed.
    """
    if method != "POST":
        return Reply(405, headers={"Allow": "POST"})
    joined: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        joined[lower] = f"{joined[lower]},{value}" if lower in joined else value
    body = bytearray()
    if not _is_larger(joined.get("content-length", ""), receiver.max_bytes):
        try:
            while len(body) <= receiver.max_bytes and (piece := await read()):
                body += piece
        except ConnectionError:
            return Reply(400)
        if len(body) <= receiver.max_bytes:
            return await receiver.handle(bytes(body), joined)
    return Reply(413)


def _is_larger(content_length: str, limit: int) -> bool:
    """Say whether a body is announced that is too large; what is no number is the server's business."""
    return content_length.isdecimal() and int(content_length[:20]) > limit
