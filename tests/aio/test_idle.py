"""Idle connections of a pool: is there one, and has something come in on the one that is used next?"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from plextera_async._aio.idle import has_idle, let_the_loop_read, next_is_quiet


class Kept(asyncio.Protocol):
    """What aiohttp keeps of a connection, as far as it matters."""

    transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def is_connected(self) -> bool:
        return not self.transport.is_closing()


@pytest.fixture
async def ends() -> AsyncIterator[tuple[Kept, socket.socket]]:
    ours, theirs = socket.socketpair()
    _, kept = await asyncio.get_running_loop().create_connection(Kept, sock=ours)
    yield kept, theirs
    kept.transport.abort()
    theirs.close()
    await asyncio.sleep(0)


def pool(*kept: Kept) -> Any:
    return SimpleNamespace(_conns={"host": deque((one, 0.0) for one in kept)} if kept else {})


async def test_an_idle_connection_is_quiet_until_its_end_has_come(ends: tuple[Kept, socket.socket]):
    kept, theirs = ends
    assert has_idle(pool(kept))
    assert next_is_quiet(pool(kept))

    theirs.close()  # the loop has had no turn to hear of it
    assert kept.is_connected()
    assert not next_is_quiet(pool(kept))

    await let_the_loop_read()
    assert not kept.is_connected()
    assert next_is_quiet(pool(kept))  # it is not used any more


async def test_bytes_that_nobody_asked_for_are_not_quiet(ends: tuple[Kept, socket.socket]):
    kept, theirs = ends
    theirs.send(b"HTTP/1.1 408 Request Timeout")

    assert not next_is_quiet(pool(kept))


async def test_without_idle_connections_there_is_nothing_to_hear(ends: tuple[Kept, socket.socket]):
    assert not has_idle(pool())
    assert next_is_quiet(pool())


@pytest.mark.parametrize("missing", ["pool", "poll", "socket"])
async def test_where_it_cannot_be_seen_it_is_not_quiet(
    missing: str, ends: tuple[Kept, socket.socket], monkeypatch: pytest.MonkeyPatch
):
    kept, _ = ends
    if missing == "poll":
        monkeypatch.setattr("plextera_async._aio.idle._POLL", None)
    if missing == "socket":
        bare = SimpleNamespace(get_extra_info=lambda _: None, is_closing=lambda: False)
        kept = Kept()
        kept.transport = bare

    assert not next_is_quiet(SimpleNamespace() if missing == "pool" else pool(kept))
