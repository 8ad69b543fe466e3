"""Silence, as the sessions watch over it themselves: one timer for all answers of a loop."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvloop

from plextera_async import AsyncPlextera, errors
from plextera_async._aio import sessions
from plextera_async._aio.silence import Silence
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from tests.support.raw_server import RawServer, Script, Wire, always, answer, says_nothing

READ = 0.3
ONCE = RetryPolicy(max_attempts=1)
QUICK = ClientOptions(timeouts=Timeouts(read=READ), retry=ONCE)
EMPTY = answer(b'{"data": []}')


async def _ask(base_url: str, client: AsyncPlextera | None = None) -> float:
    """Ask a server that stays silent; give the seconds until that is told."""
    loop = asyncio.get_running_loop()
    async with (
        client or AsyncPlextera("key", base_url=base_url, options=QUICK) as asking,
        asyncio.timeout(30),
    ):
        began = loop.time()
        with pytest.raises(errors.RequestTimeoutError):
            await asking.runs.list()
        return loop.time() - began


def _silent_after(answers: int) -> Script:
    """Answer so many requests on each connection, and no more."""

    async def script(wire: Wire) -> None:
        for _ in range(answers):
            await wire.request()
            await wire.send(EMPTY)
        await says_nothing(wire)

    return script


@pytest.mark.parametrize("loop", [asyncio.run, uvloop.run])
def test_silence_is_told_when_it_was_long_enough(loop: Any) -> None:
    async def ask() -> float:
        async with RawServer(says_nothing) as server:
            return await _ask(server.base_url)

    assert loop(ask()) >= READ


async def test_a_view_with_a_shorter_limit_has_its_own() -> None:
    options = ClientOptions(timeouts=Timeouts(read=60), retry=ONCE)
    async with (
        RawServer(says_nothing) as server,
        AsyncPlextera("key", base_url=server.base_url, options=options) as client,
    ):
        assert await _ask(server.base_url, client.with_options(timeouts=Timeouts(read=READ))) >= READ


async def test_a_view_with_a_longer_limit_has_its_own() -> None:
    async def late(wire: Wire) -> None:
        await wire.request()
        await asyncio.sleep(2 * READ)
        await wire.send(EMPTY)

    async with (
        RawServer(late) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        assert not (await client.with_options(timeouts=Timeouts(read=60)).runs.list()).items


async def test_an_upload_may_take_longer_than_silence() -> None:
    async def content() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield bytes(100_000)
            await asyncio.sleep(READ / 3)

    script = always(answer(b'{"id": "f"}', status="201 Created"))
    async with (
        RawServer(script) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        assert (await client.files.upload(content)).id == "f"


async def test_aiohttp_watches_where_its_timer_cannot_be_turned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_CAN_WATCH", False)
    async with RawServer(says_nothing) as server:
        assert await _ask(server.base_url) >= READ


@pytest.mark.parametrize("rest", [0.0, 2 * READ])
async def test_a_later_request_on_the_same_connection_is_watched_too(rest: float) -> None:
    async with (
        RawServer(_silent_after(2)) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        await client.runs.list()
        await client.runs.list()
        await asyncio.sleep(rest)  # in which the watch comes to its own end
        assert await _ask(server.base_url, client) >= READ
        assert server.connections == 1


async def test_many_at_one_time_are_each_watched() -> None:
    async with (
        asyncio.timeout(30),
        RawServer(says_nothing) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        outcomes = await asyncio.gather(*(client.runs.list() for _ in range(20)), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [errors.RequestTimeoutError] * 20


PACKED = answer(gzip.compress(b'{"data": []}'), headers="Content-Encoding: gzip\r\n")
PIECES = {
    "a body that drips": [EMPTY[:-12], *(bytes([byte]) for byte in EMPTY[-12:])],
    "a late head, and a late body": [b"", b"", EMPTY[:-12], b"", b"", EMPTY[-12:]],
    "what unpacks to nothing yet": [
        PACKED[: PACKED.index(b"\r\n\r\n") + 4],
        *(bytes([b]) for b in PACKED[-32:-22]),
        PACKED[-22:],
    ],
}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES.keys())
async def test_what_comes_in_pieces_is_not_silent(pieces: list[bytes]) -> None:
    """Each takes longer than silence may be, and none of its pauses does."""

    async def drips(wire: Wire) -> None:
        await wire.request()
        for piece in pieces:
            await asyncio.sleep(READ / 4)
            await wire.send(piece)

    async with (
        RawServer(drips) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        assert [run async for run in client.runs.list()] == []


async def test_who_reads_slowly_is_not_a_silent_server() -> None:
    size = 4_000_000

    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer(bytes(size)))
        await wire.reader.read()

    got = 0
    async with (
        RawServer(script) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
        client.files.stream("f") as chunks,
    ):
        async for chunk in chunks:
            if not got:
                await asyncio.sleep(3 * READ)
            got += len(chunk)

    assert got == size


def _timers() -> list[Silence]:
    """Give those that have set a timer on the running loop."""
    handles: list[Any] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    owners = [getattr(handle._callback, "__self__", None) for handle in handles if not handle.cancelled()]
    return [owner for owner in owners if isinstance(owner, Silence)]


async def test_the_timer_rests_when_nothing_is_under_way() -> None:
    async with (
        RawServer(_silent_after(1)) as server,
        AsyncPlextera("key", base_url=server.base_url, options=QUICK) as client,
    ):
        await client.runs.list()
        asking = asyncio.ensure_future(client.runs.list())
        await asyncio.sleep(READ / 4)
        assert len(_timers()) == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await asyncio.sleep(READ / 2)  # well before the silence would have been too long
        assert not _timers()


async def test_no_timer_is_left_after_closing() -> None:
    async with (
        RawServer(_silent_after(1)) as server,
        AsyncPlextera("key", base_url=server.base_url) as client,
    ):
        await client.runs.list()
        assert len(_timers()) == 1
    assert not _timers()
