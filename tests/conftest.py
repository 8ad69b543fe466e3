"""What every test stands on: no network but loopback, no settings from the environment, a sandbox and a client for it."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from plextera_async import AsyncPlextera
from plextera_async.sandbox import Sandbox, Timing
from tests.support.clocks import FakeClock, with_clock

settings.register_profile("house", deadline=None)  # how long an example takes is the machine's affair
settings.load_profile("house")

_LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("PLEXTERA_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="session")
def _only_loopback() -> Iterator[None]:
    """Refuse every other host, by name and by address, as a machine without a network does."""

    def look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host is None or str(host).startswith(_LOOPBACK):
            return real_look_up(host, *args, **kwargs)
        raise socket.gaierror(socket.EAI_NONAME, "no network in tests")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(_LOOPBACK):
            raise OSError(101, "no network in tests")
        real_connect(self, address)

    real_look_up, real_connect = socket.getaddrinfo, socket.socket.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give a running sandbox whose jobs end almost at once."""
    async with Sandbox(timing=Timing(queued=0, processing=0)) as running:
        yield running


@pytest.fixture
def clock() -> FakeClock:
    """Give the clock of `client`."""
    return FakeClock()


@pytest.fixture
async def client(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    """Give a client of the sandbox that never really sleeps."""
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as made:
        yield with_clock(made, clock)
