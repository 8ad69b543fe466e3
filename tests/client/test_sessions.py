"""Sessions: made late, one pair per loop, given back in time."""

import asyncio
import gc
import ssl
import threading
import warnings
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import uvloop

from plextera_async import AsyncPlextera, errors
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox
from tests.support.raw_server import RawServer, Wire, always, answer

PAGE = answer(b'{"data": []}')


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer(always(PAGE)) as made:
        yield made


def _open(client: AsyncPlextera) -> dict[Any, Any]:
    return client._sender.transport.sessions._open


async def test_making_a_client_opens_nothing(server: RawServer) -> None:
    client = AsyncPlextera("key", base_url=server.base_url)
    async with client:
        assert not _open(client)
        await asyncio.gather(*(client.runs.list() for _ in range(10)))
        assert len(_open(client)) == 1
    assert not _open(client)


async def test_a_closed_client_can_be_used_again(server: RawServer) -> None:
    client = AsyncPlextera("key", base_url=server.base_url)
    await client.aclose()
    for _ in range(2):
        await client.runs.list()
        await client.aclose()
        await client.aclose()
    assert server.connections == 2

    await client.runs.list()
    await asyncio.gather(client.aclose(), client.aclose())
    assert not _open(client)


async def test_closing_is_not_undone_by_cancelling(server: RawServer) -> None:
    client = AsyncPlextera("key", base_url=server.base_url)
    await client.runs.list()
    pair = _open(client)[asyncio.get_running_loop()][0]
    task = asyncio.ensure_future(client.aclose())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    await client.aclose()
    assert pair.reads.closed
    assert pair.changes.closed
    assert not _open(client)


async def test_a_view_shares_the_sessions_and_closes_none(server: RawServer) -> None:
    async with AsyncPlextera("key", base_url=server.base_url) as client:
        async with client.with_options(timeouts=Timeouts(read=1)) as view:
            await view.runs.list()
            assert _open(view) is _open(client)
        await client.runs.list()
    assert server.connections == 1


def test_one_client_over_three_runs(sandbox_thread: tuple[str, str]) -> None:
    base_url, key = sandbox_thread
    client = AsyncPlextera(key, base_url=base_url)

    async def work() -> int:
        handle = await client.runs.start("daily")
        return len([run async for run in client.runs.list() if run.id == handle.id])

    assert [asyncio.run(work()) for _ in range(3)] == [1, 1, 1]
    assert not _open(client)


def test_two_loops_in_two_threads(sandbox_thread: tuple[str, str]) -> None:
    base_url, key = sandbox_thread
    client = AsyncPlextera(key, base_url=base_url)
    failures: list[BaseException] = []

    async def work() -> None:
        await asyncio.gather(*(client.runs.list() for _ in range(20)))

    def run() -> None:
        try:
            asyncio.run(work())
        except BaseException as failure:  # noqa: BLE001 - it belongs to the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert not _open(client)


def test_uvloop_is_as_good_as_any(sandbox_thread: tuple[str, str]) -> None:
    base_url, key = sandbox_thread
    client = AsyncPlextera(key, base_url=base_url)

    async def work() -> bytes:
        file = await client.files.upload(bytes(300_000))
        return await client.files.read(file.id)

    assert uvloop.run(work()) == bytes(300_000)
    assert not _open(client)


@pytest.fixture
def sandbox_thread() -> Any:
    """Run a sandbox in a thread, for tests that run loops themselves; gives address and key."""
    ready: list[Any] = []
    started, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        async with Sandbox() as sandbox:
            ready.append((sandbox.base_url, sandbox.api_key))
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(10)
    yield ready[0]
    ended.set()
    thread.join()


async def test_a_client_that_is_dropped_unclosed_warns_once_and_leaves_nothing(server: RawServer) -> None:
    client = AsyncPlextera("key", base_url=server.base_url)
    await client.runs.list()
    pair = _open(client)[asyncio.get_running_loop()][0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del client
        gc.collect()
        for _ in range(10):
            await asyncio.sleep(0)
        await asyncio.sleep(0.01)
        gc.collect()

    assert [w.category for w in caught] == [ResourceWarning]
    assert "aclose()" in str(caught[0].message)
    assert pair.reads.closed
    assert pair.changes.closed


async def test_a_client_that_was_never_used_is_dropped_silently() -> None:
    AsyncPlextera("key")
    gc.collect()


async def test_a_given_session_is_used_and_never_closed(server: RawServer) -> None:
    async with aiohttp.ClientSession(
        raise_for_status=True, timeout=aiohttp.ClientTimeout(total=0.001), auto_decompress=False
    ) as session:
        async with AsyncPlextera("key", base_url=server.base_url, session=session) as client:
            await client.runs.list()
            await client.with_options(timeouts=Timeouts(read=1)).runs.list()
        assert not session.closed
        assert server.connections == 1


async def test_a_given_sessions_raise_for_status_is_overridden(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(status=403))
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        client = AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, session=session)
        with pytest.raises(errors.PermissionDeniedError):
            await client.runs.list()


async def test_a_given_session_that_cannot_be_used(server: RawServer) -> None:
    session = aiohttp.ClientSession()
    client = AsyncPlextera("key", base_url=server.base_url, session=session)
    with pytest.raises(errors.ConfigurationError, match="another event loop"):
        await asyncio.to_thread(lambda: asyncio.run(_list(client)))
    await session.close()
    with pytest.raises(errors.ConfigurationError, match="closed"):
        await client.runs.list()
    with pytest.raises(errors.ConfigurationError, match="not str"):
        AsyncPlextera("key", session="session")  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # aiohttp calls all of it deprecated
async def test_a_given_session_with_a_login_of_its_own_is_refused(server: RawServer) -> None:
    async with aiohttp.ClientSession(auth=aiohttp.BasicAuth("user", "secret")) as session:
        client = AsyncPlextera("key", base_url=server.base_url, session=session)
        with pytest.raises(errors.ConfigurationError, match="auth"):
            await client.runs.list()
    assert server.connections == 0


async def _list(client: AsyncPlextera) -> None:
    await client.runs.list()


async def test_changes_use_connections_that_are_fresh_or_were_just_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two seconds are shortened here to a half: aiohttp has a clock of its own."""
    monkeypatch.setattr("plextera_async._aio.sessions._KEEP_ALIVE_FOR_CHANGES", 0.5)
    numbers: list[tuple[str, int]] = []

    async def script(wire: Wire) -> None:
        while True:
            line, _, _ = await wire.request()
            numbers.append((line.split()[0], wire.number))
            await wire.send(
                PAGE if line.startswith("GET") else answer(b'{"id": "1", "status": "PROCESSING"}')
            )

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        for pause in (0, 0, 0.6, 0):
            await asyncio.sleep(pause)
            await client.runs.start("daily")
            await client.runs.list()

    posts = [number for method, number in numbers if method == "POST"]
    reads = [number for method, number in numbers if method == "GET"]
    assert posts == [1, 1, 2, 2]
    assert reads == [1, 1, 2, 2]  # on what the change before has just left


async def test_a_read_leaves_no_change_an_old_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing stands ready for it, a read has a connection of its own, which no change takes."""
    monkeypatch.setattr("plextera_async._aio.transport.has_idle", lambda _: False)
    numbers: list[tuple[str, int]] = []

    async def script(wire: Wire) -> None:
        while True:
            line, _, _ = await wire.request()
            numbers.append((line.split()[0], wire.number))
            await wire.send(
                PAGE if line.startswith("GET") else answer(b'{"id": "1", "status": "PROCESSING"}')
            )

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        await client.runs.list()
        await client.runs.start("daily")
        await client.runs.list()

    assert numbers == [("GET", 1), ("POST", 2), ("GET", 1)]


async def test_the_limits_of_idle_connections() -> None:
    async with RawServer(always(PAGE)) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        await client.runs.list()
        pair = _open(client)[asyncio.get_running_loop()][0]

        assert pair.reads.connector._keepalive_timeout == 15
        assert pair.changes.connector._keepalive_timeout == 2
        assert pair.reads.connector.limit == 0


async def test_tls_contexts_are_the_processs_and_made_before_any_loop_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading the machine's certificates takes longer than a loop may stand still; aiohttp does it when imported."""
    made: list[Any] = []
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_, **__: made.append(1))
    async with RawServer(always(PAGE)) as server:  # which speaks no TLS, and waits for a head that never ends
        base_url = server.base_url.replace("http://", "https://")
        options = ClientOptions(timeouts=Timeouts(connect=0.3), retry=RetryPolicy(max_attempts=1))
        async with AsyncPlextera("key", base_url=base_url, options=options) as client:
            with pytest.raises(errors.ConnectError):
                await client.runs.list()

    assert made == []
