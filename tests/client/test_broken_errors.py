"""An error status decides, also when its body breaks off, and a closed client takes nothing up again."""

import asyncio
import time

import aiohttp
import pytest

from plextera_async import AsyncPlextera, ClientOptions, RetryPolicy, errors
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock, with_clock
from tests.support.raw_server import RawServer, Wire, answer

HALF = '{"error": {"code": "X", "mes'


def broken_off(status: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
    return (head + HALF).encode()


@pytest.mark.parametrize(
    ("status", "kind", "sends"),
    [
        ("401 Unauthorized", errors.AuthenticationError, 1),
        ("422 Unprocessable", errors.ValidationFailedError, 1),
        ("429 Too Many", errors.RateLimitedError, 3),
        ("500 Broken", errors.AmbiguousCreateError, 1),
    ],
)
async def test_a_create_goes_by_the_status_of_a_broken_answer(
    status: str, kind: type[errors.PlexteraError], sends: int
) -> None:
    seen: list[str] = []

    async def script(wire: Wire) -> None:
        line, _, _ = await wire.request()
        seen.append(line)
        await wire.send(broken_off(status))
        wire.writer.close()

    options = ClientOptions(retry=RetryPolicy(max_attempts=3))
    async with (
        RawServer(script) as server,
        AsyncPlextera("k", base_url=server.base_url, options=options) as client,
    ):
        with pytest.raises(kind):
            await with_clock(client, FakeClock()).runs.start("daily")

    assert len(seen) == sends


async def test_a_request_of_a_closed_client_is_not_taken_up_again() -> None:
    seen: list[str] = []
    arrived = asyncio.Event()

    async def silent(wire: Wire) -> None:
        line, _, _ = await wire.request()
        seen.append(line)
        arrived.set()
        await asyncio.sleep(60)

    async with RawServer(silent) as server:
        client = AsyncPlextera("k", base_url=server.base_url)
        reading = asyncio.create_task(client.runs.get("r"))
        await arrived.wait()
        await client.aclose()
        with pytest.raises(errors.ConnectionLostError):
            await reading

    assert len(seen) == 1


async def test_a_pause_before_another_attempt_ends_with_the_client(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault(status=503, times=None))
    closing: list[asyncio.Task[None]] = []
    clock.on_sleep = lambda _: closing.append(asyncio.ensure_future(client.aclose()))

    with pytest.raises(errors.ServerError):
        await client.runs.get("r")
    await asyncio.gather(*closing)

    assert 1 <= len(sandbox.requests) <= 2


async def test_a_given_session_sends_once_per_attempt_too() -> None:
    seen: list[str] = []

    async def drops_the_second(wire: Wire) -> None:
        line, _, _ = await wire.request()
        seen.append(line)
        await wire.send(answer(b'{"id": "r", "status": "PROCESSING"}'))
        line, _, _ = await wire.request()
        seen.append(line)
        wire.writer.close()

    options = ClientOptions(retry=RetryPolicy(max_attempts=1))
    async with RawServer(drops_the_second) as server, aiohttp.ClientSession() as session:
        client = AsyncPlextera("k", base_url=server.base_url, session=session, options=options)
        await client.runs.get("r")
        with pytest.raises(errors.ConnectionLostError):
            await client.runs.get("r")

    assert len(seen) == 2


async def test_a_request_without_a_body_names_no_type(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.runs.start("daily")

    assert "content-type" not in sandbox.requests[0].headers


@pytest.mark.parametrize("value", ["garbage://x", "socks5://127.0.0.1:1", "http://[::1", "http://"])
async def test_a_proxy_that_cannot_be_used_is_said_to_be_one(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    monkeypatch.setenv("NO_PROXY", "")

    with pytest.raises(errors.ConfigurationError, match="proxy for https") as caught:
        AsyncPlextera("k", base_url="https://plextera.invalid")

    assert value not in str(caught.value)
    AsyncPlextera("k", base_url="http://127.0.0.1:1")  # never for loopback


async def test_a_connection_that_the_server_has_closed_is_not_used_for_a_create() -> None:
    """The loop had no time to notice: the caller worked on without a pause."""
    seen: list[int] = []

    async def closes(wire: Wire) -> None:
        await wire.request()
        seen.append(wire.number)
        await wire.send(answer(b'{"id": "r", "status": "PROCESSING"}'))
        wire.writer.close()

    async with RawServer(closes) as server, AsyncPlextera("k", base_url=server.base_url) as client:
        for _ in range(10):
            await client.runs.start("daily")
            time.sleep(0.005)  # noqa: ASYNC251 - the caller's own work, which holds the loop up

    assert len(seen) == 10


async def test_a_delete_that_was_only_put_off_is_not_taken_for_done(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    sandbox.faults.add(Fault(method="DELETE", status=429))

    with pytest.raises(errors.NotFoundError):
        await client.event_subscriptions.delete("never-was")

    assert len(sandbox.requests) == 2


@pytest.mark.parametrize("status", ["101 Switching", "300 Choices", "304 Same"])
async def test_a_status_that_is_neither_yes_nor_no_leaves_a_create_open(status: str) -> None:
    seen: list[str] = []

    async def odd(wire: Wire) -> None:
        line, _, _ = await wire.request()
        seen.append(line)
        await wire.send(answer(b'{"error": {"retryable": true}}', status=status))
        wire.writer.close()

    async with RawServer(odd) as server, AsyncPlextera("k", base_url=server.base_url) as client:
        with pytest.raises(errors.AmbiguousCreateError):
            await client.runs.start("daily")

    assert len(seen) == 1
