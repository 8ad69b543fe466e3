"""A transport without a network: answers at once, and keeps nothing."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import attrs

from plextera_async import AsyncPlextera
from plextera_async._aio.transport import Reply


class StubReply(Reply):
    """An answer that is at hand."""

    def __init__(self, status: int, value: Any) -> None:
        self.status = status
        self.headers = {}
        self._content = json.dumps(value).encode()

    async def read(self, _limit: int) -> bytes:
        return self._content

    def close(self) -> None:
        return


class StubTransport:
    """Answers every request with what *say* gives for it: a status and a value."""

    sessions = SimpleNamespace(closings=lambda: 0)
    base_url = "https://stub.invalid"

    def __init__(self, say: Callable[[Any], tuple[int, Any]]) -> None:
        self._say = say

    async def open(self, request: Any, _request_id: str) -> StubReply:
        return StubReply(*self._say(request))


def with_stub(say: Callable[[Any], tuple[int, Any]]) -> AsyncPlextera:
    """Give a client that is answered by *say*."""
    client = AsyncPlextera("key")
    transport: Any = StubTransport(say)
    client._wire(attrs.evolve(client._sender, transport=transport), is_view=True)
    return client
