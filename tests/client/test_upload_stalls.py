"""An upload that the server stops taking ends in time; an early refusal is heard."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from tests.support.raw_server import RawServer, Wire, answer
from tests.support.sources import pieces

QUICK = ClientOptions(timeouts=Timeouts(read=0.3), retry=RetryPolicy(max_attempts=1))
LARGE = bytes(8 * 1024 * 1024)


def _narrow(wire: Wire) -> None:
    """Let the server's end hold little, so that the client feels at once that nobody reads."""
    wire.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    wire.writer.transport.pause_reading()  # type: ignore[attr-defined]


async def _never_reads(wire: Wire) -> None:
    _narrow(wire)
    await asyncio.sleep(60)


SOURCES: dict[str, Any] = {
    "bytes": lambda: LARGE,
    "stream": lambda: pieces(LARGE, 100_000),
    "one large piece": lambda: pieces(LARGE, len(LARGE)),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
async def test_a_server_that_never_reads(source: Any) -> None:
    async with (
        RawServer(_never_reads) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
        asyncio.timeout(30),
    ):
        with pytest.raises(errors.RequestTimeoutError) as caught:
            await client.files.upload(source())

    assert isinstance(caught.value, TimeoutError)
    assert caught.value.operation == "uploadFile"
    assert caught.value.may_have_been_applied


async def test_a_large_json_body_that_nobody_reads() -> None:
    async with (
        RawServer(_never_reads) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
        asyncio.timeout(30),
    ):
        with pytest.raises(errors.AmbiguousCreateError) as caught:
            await client.runs.start("daily", "x" * len(LARGE))

    assert isinstance(caught.value.cause, errors.RequestTimeoutError)


async def test_the_last_piece_cannot_stall_unseen() -> None:
    """The end of a body is small: whatever the buffers on the way hold of it, the silence is noticed."""

    async def source(tail: int) -> AsyncIterator[bytes]:
        yield bytes(300_000)
        for _ in range(100):
            yield bytes(tail)

    tails = (1000, 40_000, 60_000, 65_000, 100_000, 200_000)
    async with (
        RawServer(_never_reads) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
        asyncio.timeout(30),
    ):
        uploads = (client.extractions.upload(source(tail)) for tail in tails)
        ends = await asyncio.gather(*uploads, return_exceptions=True)

    assert [type(end) for end in ends] == [errors.AmbiguousCreateError] * len(tails)


async def test_a_stalled_upload_can_be_cancelled() -> None:
    async with (
        RawServer(_never_reads) as server,
        AsyncPlextera("key", base_url=server.base_url) as client,
        asyncio.timeout(30),
    ):
        with anyio.move_on_after(0.03) as scope:
            await client.extractions.upload(LARGE)
        assert scope.cancelled_caught

        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.03):
                await client.extractions.upload(pieces(LARGE))
        assert not isinstance(caught.value, errors.PlexteraError)


async def test_an_early_refusal_is_heard(tmp_path: Any) -> None:
    """The server answers before it has read the body, and closes."""

    async def script(wire: Wire) -> None:
        await wire.head()
        await wire.send(answer(b"{}", status="413 Too Large", headers="Connection: close\r\n"))
        while await wire.reader.read(65_536):
            pass

    path = tmp_path / "large"
    path.write_bytes(LARGE)
    async with (
        RawServer(script) as server,
        AsyncPlextera("key", base_url=server.base_url) as client,
    ):
        for source in (path, LARGE, pieces(LARGE, 100_000)):
            with pytest.raises(errors.PayloadTooLargeError):
                await client.extractions.upload(source)
