"""A server that loses answers, and a client of it that never really sleeps."""

from collections.abc import AsyncIterator

import pytest

from plextera_async import AsyncPlextera
from plextera_async.options import ClientOptions, RetryPolicy
from tests.support.clocks import FakeClock, with_clock
from tests.support.fickle_server import FickleServer


@pytest.fixture
async def server(clock: FakeClock) -> AsyncIterator[FickleServer]:
    async with FickleServer(clock.now) as running:
        yield running


@pytest.fixture
async def client(server: FickleServer, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    options = ClientOptions(retry=RetryPolicy(max_attempts=3))
    async with AsyncPlextera("key", base_url=server.base_url, options=options) as made:
        yield with_clock(made, clock)


@pytest.fixture
def tagged(server: FickleServer) -> FickleServer:
    """Let the list hold something that shows tags, so that absence can be proven."""
    server.add(age=3600, tags={"a": "b"})
    server.add(age=7200, tags={"a": "b"})
    return server
