"""Whatever goes wrong below HTTP becomes one of our errors, and says nothing of addresses."""

import asyncio
import traceback
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import ClientOptions, Limits, RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox
from tests.support.raw_server import RawServer, Script, Wire, always, answer, says_nothing

ONCE = RetryPolicy(max_attempts=1)
QUICK = ClientOptions(timeouts=Timeouts(connect=0.5, read=0.3), retry=ONCE)
"""For what ends by a limit; everything else has time to happen on a machine that is busy elsewhere."""
PATIENT = ClientOptions(timeouts=Timeouts(connect=10, read=10), retry=ONCE)

Call = Callable[[AsyncPlextera], Awaitable[Any]]
CALLS: dict[str, Call] = {
    "list": lambda c: c.runs.list(extra_query={"q": "MARKER"}),
    "read": lambda c: c.files.read("id"),
    "upload": lambda c: c.files.upload(b"x"),
}


async def _failure(base_url: str, call: Call, options: ClientOptions = PATIENT) -> errors.TransportError:
    async with AsyncPlextera("key", base_url=base_url, options=options) as client:
        with pytest.raises(errors.TransportError) as caught:
            await call(client)
    text = "".join(traceback.format_exception(caught.value))
    assert "MARKER" not in text
    assert "aiohttp.client_exceptions" not in text
    assert caught.value.operation is not None
    assert caught.value.request_id is not None
    return caught.value


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
@pytest.mark.parametrize(
    "base_url", ["https://plextera.invalid/api", "http://127.0.0.1:1/api", "http://[::1]:1/api"]
)
async def test_nobody_there(base_url: str, call: Call) -> None:
    failure = await _failure(base_url, call)

    assert type(failure) is errors.ConnectError
    assert not failure.may_have_been_applied


async def test_tls_that_does_not_come_about() -> None:
    async def no_tls(wire: Wire) -> None:
        await wire.send(answer())
        await wire.reader.read()

    async with RawServer(no_tls) as server:
        failure = await _failure(server.base_url.replace("http:", "https:"), CALLS["upload"])

    assert type(failure) is errors.ConnectError
    assert "SSL" in str(failure)
    assert "not permitted" not in str(failure)  # what errno 1 would mean, were it one of the system's


async def test_tls_that_never_ends_is_limited_by_the_connect_timeout() -> None:
    async def silent(wire: Wire) -> None:
        await wire.reader.read()

    async with RawServer(silent) as server, asyncio.timeout(30):
        failure = await _failure(server.base_url.replace("http:", "https:"), CALLS["upload"], QUICK)

    assert type(failure) is errors.ConnectError
    assert not failure.may_have_been_applied


async def _stops_in_the_head(wire: Wire) -> None:
    await wire.request()
    await wire.send(b"HTTP/1.1 200 OK\r\nContent-")
    await asyncio.sleep(60)


async def _stops_in_the_body(wire: Wire) -> None:
    await wire.request()
    await wire.send(answer(b"x" * 100)[:-50])
    await asyncio.sleep(60)


@pytest.mark.parametrize("script", [says_nothing, _stops_in_the_head, _stops_in_the_body])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_silence(script: Script, call: Call) -> None:
    async with RawServer(script) as server, asyncio.timeout(30):
        failure = await _failure(server.base_url, call, QUICK)

    assert type(failure) is errors.RequestTimeoutError
    assert isinstance(failure, TimeoutError)
    assert failure.may_have_been_applied is (call is CALLS["upload"])


async def test_an_answer_that_drips_is_limited_by_total_only() -> None:
    async def drips(wire: Wire) -> None:
        await wire.request()
        for byte in answer(b"x" * 10_000):
            await wire.send(bytes([byte]))
            await asyncio.sleep(0.001)

    options = ClientOptions(timeouts=Timeouts(read=5, total=0.1), retry=ONCE)
    async with RawServer(drips) as server, asyncio.timeout(30):
        failure = await _failure(server.base_url, CALLS["read"], options)

    assert type(failure) is errors.RequestTimeoutError


def _sends(content: bytes) -> Script:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(content)

    return script


BROKEN: dict[str, tuple[bytes, type[errors.TransportError]]] = {
    "nothing": (b"", errors.ConnectionLostError),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-", errors.ConnectionLostError),
    "half a body": (answer(b"x" * 100)[:-50], errors.ConnectionLostError),
    "half a chunk": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        errors.ConnectionLostError,
    ),
    "a bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", errors.TransportError),
    "bad compression": (answer(b"not gzip", headers="Content-Encoding: gzip\r\n"), errors.TransportError),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", errors.TransportError),
    "a long header": (
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        errors.TransportError,
    ),
}


@pytest.mark.parametrize(("content", "kind"), BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
async def test_broken_answers(content: bytes, kind: type[errors.TransportError], call: Call) -> None:
    async with RawServer(_sends(content)) as server, asyncio.timeout(30):
        failure = await _failure(server.base_url, call)

    assert isinstance(failure, kind)
    assert failure.may_have_been_applied is (call is CALLS["upload"])


async def test_a_compression_bomb_is_not_unpacked() -> None:
    packer = zlib.compressobj(wbits=31)
    bomb = b"".join(packer.compress(bytes(2**20)) for _ in range(80)) + packer.flush()
    script = always(answer(bomb, headers="Content-Encoding: gzip\r\n"))
    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        with pytest.raises(errors.DecodeError) as caught:
            await client.files.read("id")

    assert caught.value.problems[0][2] == "more"


async def test_waiting_for_a_slot_is_part_of_no_timeout(sandbox: Sandbox) -> None:
    options = ClientOptions(
        limits=Limits(concurrency=2), timeouts=Timeouts(connect=0.8, read=0.8, total=1), retry=ONCE
    )
    sandbox.faults.add(Fault(delay=0.05, times=None))  # so that the last one waits 2.5 s for its turn
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, options=options) as client:
        pages = await asyncio.gather(*(client.runs.list() for _ in range(100)))

    assert len(pages) == 100
    assert len(sandbox.requests) == 100


async def test_no_more_than_the_limit_are_in_flight() -> None:
    now = most = 0

    async def script(wire: Wire) -> None:
        nonlocal now, most
        while True:
            await wire.request()
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.002)
            now -= 1
            await wire.send(answer(b'{"data": []}'))

    options = ClientOptions(limits=Limits(concurrency=3))
    async with (
        RawServer(script) as server,
        AsyncPlextera("key", base_url=server.base_url, options=options) as client,
    ):
        await asyncio.gather(*(client.runs.list() for _ in range(30)))
        view = client.with_options(retry=ONCE)
        await asyncio.gather(*(c.runs.list() for c in (client, view) for _ in range(10)))

    assert most == 3


async def test_a_name_look_up_that_hangs_is_limited_by_the_connect_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hangs(*_: Any, **__: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hangs)
    options = ClientOptions(timeouts=Timeouts(connect=0.05), retry=ONCE)
    async with asyncio.timeout(30):
        failure = await _failure("https://plextera.invalid", CALLS["upload"], options)

    assert type(failure) is errors.ConnectError


async def test_waiting_for_a_connection_of_a_given_session_is_part_of_no_timeout_but_total(
    sandbox: Sandbox,
) -> None:
    sandbox.faults.add(Fault(delay=0.05, times=None))  # so that the last one waits 1 s for the connection
    options = ClientOptions(timeouts=Timeouts(connect=0.5, read=0.5), retry=ONCE)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        client = AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, options=options, session=session)
        await asyncio.gather(*(client.runs.list() for _ in range(20)))

    assert len(sandbox.requests) == 20
