"""Idle connections in aiohttp's pool, which it does not show: whether there are any, and whether the next one still lives."""

import select
from collections.abc import Generator
from types import coroutine
from typing import Any, Final

__all__ = ["has_idle", "let_the_loop_read", "next_is_quiet"]

_POLL: Final[Any] = getattr(select, "poll", None)  # Windows has none


def has_idle(connector: Any) -> bool:
    """Say whether a connection stands ready; no, if the pool is not where it was."""
    return bool(getattr(connector, "_conns", None))


def next_is_quiet(connector: Any) -> bool:
    """Say whether nothing has come in on the idle connection that would be used next, its end above all.

    One look at its socket: three turns of the loop for each change were a twelfth of the CPU of a whole job. Where the look
    is not possible, it is not quiet.
    """
    pool = getattr(connector, "_conns", None)
    if pool is None or _POLL is None:
        return False
    for idle in pool.values():
        for one, _ in idle:
            if one.is_connected():
                if not _is_quiet(one.transport):
                    return False
                break  # the next of this address; plain loops, as this is done for each change
    return True


def _is_quiet(transport: Any) -> bool:
    socket = transport.get_extra_info("socket")
    if socket is None:
        return False
    look = _POLL()
    look.register(socket.fileno(), select.POLLIN)
    return not look.poll(0)


@coroutine
def let_the_loop_read() -> Generator[None, None, None]:
    """Let the loop notice that a pooled connection was closed by the server, which it may not have had time for.

    A create that is sent on such a connection fails, and must not be repeated. Two turns were enough in nearly all
    of the cases tried, three in all. Bare turns, which asyncio takes from any coroutine: anyio's checkpoints cost ten
    times as much, and shield from a cancellation that does no harm here.
    """
    yield
    yield
    yield
