"""What may arrive twice is repeated, in the rhythm of the policy, until it must stop."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock, with_clock
from tests.support.raw_server import RawServer, Wire, answer

Call = Callable[[AsyncPlextera], Awaitable[Any]]

REPEATED: dict[str, Call] = {
    "GET": lambda c: c.extractions.get("id1"),
    "GET list": lambda c: c.runs.list(),
    "GET bytes": lambda c: c.files.read("id1"),
    "PATCH": lambda c: c.event_subscriptions.pause("id1"),
    "DELETE": lambda c: c.event_subscriptions.delete("id1"),
    "POST /files": lambda c: c.files.upload(b"content"),
    "GET request": lambda c: c.request("GET", "/new"),
    "PUT request": lambda c: c.request("PUT", "/new", json={"a": 1}),
}
ALL = pytest.mark.parametrize("call", REPEATED.values(), ids=REPEATED.keys())


@ALL
async def test_5xx_is_repeated_with_doubling_pauses(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, call: Call
) -> None:
    sandbox.faults.add(Fault(status=503, times=None))

    with pytest.raises(errors.ServerError) as caught:
        await call(client)

    assert clock.sleeps == [1.0, 2.0, 4.0, 8.0]
    assert len(sandbox.requests) == caught.value.attempts == 5
    assert len({request.headers["x-request-id"] for request in sandbox.requests}) == 1
    assert len({request.body_sha256 for request in sandbox.requests}) == 1 or "form" in str(
        sandbox.requests[0].headers["content-type"]
    )


@ALL
@pytest.mark.parametrize("drop", ["before_body", "after_body", "mid_response"])
async def test_a_lost_connection_is_repeated(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, call: Call, drop: Any
) -> None:
    sandbox.faults.add(Fault(drop=drop, times=2, status=200, body=b"0123456789"))
    sandbox.faults.add(Fault(status=403))

    with pytest.raises(errors.PermissionDeniedError) as caught:
        await call(client)

    assert clock.sleeps == [1.0, 2.0]
    assert caught.value.attempts == 3


@ALL
@pytest.mark.parametrize("status", [400, 401, 403, 405, 409, 413, 415, 422])
async def test_a_refusal_is_final(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, call: Call, status: int
) -> None:
    sandbox.faults.add(Fault(status=status, retryable=False, times=None))

    with pytest.raises(errors.APIError) as caught:
        await call(client)

    assert caught.value.status == status
    assert caught.value.attempts == len(sandbox.requests) == 1
    assert clock.sleeps == []


@pytest.mark.parametrize(
    ("told", "slept"), [(7, 7.7), ("0.5", 0.55), ("garbage", 1.0), (-3, 1.0), (0, 1.0), (60, 66.0)]
)
async def test_retry_after_is_kept(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, told: Any, slept: float
) -> None:
    sandbox.faults.add(Fault(status=429, retry_after=told))

    await client.runs.list()

    assert clock.sleeps == pytest.approx([slept])


async def test_too_long_a_retry_after_is_raised_at_once(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault(status=503, retry_after=61, times=None))

    with pytest.raises(errors.ServerError) as caught:
        await client.runs.list()

    assert caught.value.retry_after == 61
    assert clock.sleeps == []


async def test_no_retry_when_there_is_one_attempt(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault(status=500, times=None))

    with pytest.raises(errors.ServerError):
        await client.with_options(retry=RetryPolicy(max_attempts=1)).runs.list()

    assert clock.sleeps == []


async def test_uploads_are_not_repeated_when_told_so(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    careful = client.with_options(retry_uploads=False)
    sandbox.faults.add(Fault(status=500, times=1))
    sandbox.faults.add(Fault(drop="after_body", times=1))

    with pytest.raises(errors.ServerError):
        await careful.files.upload(b"content")
    with pytest.raises(errors.ConnectionLostError) as lost:
        await careful.files.upload(b"content")
    assert lost.value.may_have_been_applied
    assert len(sandbox.requests) == 2

    sandbox.faults.add(Fault(status=429, retry_after=1, times=1))  # nothing was stored: may be repeated
    await careful.files.upload(b"content")
    assert clock.sleeps == [pytest.approx(1.1)]


async def test_silence_is_repeated(sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock) -> None:
    sandbox.faults.add(Fault(delay=60, times=1))

    await client.with_options(timeouts=Timeouts(read=0.4)).runs.list()

    assert len(sandbox.requests) == 2
    assert clock.sleeps == [1.0]


async def test_a_404_to_a_repeated_delete_is_success(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    made = await client.event_subscriptions.create(
        endpoint_url="https://example.com/x", event_types=["workflow.run.completed"], signing_secret="s"
    )
    sandbox.faults.add(Fault(method="DELETE", status=502, apply=True))

    await client.event_subscriptions.delete(made.id)

    assert [r.status for r in sandbox.requests if r.method == "DELETE"] == [502, 404]
    assert len(clock.sleeps) == 1
    with pytest.raises(errors.NotFoundError):
        await client.event_subscriptions.delete(made.id)


async def test_a_404_to_a_repeated_raw_delete_is_success(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.faults.add(Fault(method="DELETE", drop="after_body"))

    assert await client.request("DELETE", "/event-subscriptions/none") is None
    with pytest.raises(errors.NotFoundError):
        await client.request("DELETE", "/event-subscriptions/none")


async def test_a_delete_on_a_dead_pooled_connection_counts_as_sent(clock: FakeClock) -> None:
    """aiohttp sends it again by itself; were that not kept from it, the second one's 404 would look like a first."""
    methods: list[str] = []

    async def script(wire: Wire) -> None:
        while True:
            line, _, _ = await wire.request()
            methods.append(line.split()[0])
            if methods[-1] == "PATCH":
                await wire.send(answer(b'{"id": "1", "status": "active"}'))
            elif methods.count("DELETE") == 1:
                wire.reset()  # after having deleted it
                return
            else:
                await wire.send(answer(b"{}", status="404 Not Found"))

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as made:
        client = with_clock(made, clock)
        await client.event_subscriptions.pause("1")
        await client.event_subscriptions.delete("1")

    assert methods == ["PATCH", "DELETE", "DELETE"]
    assert clock.sleeps == [1.0]


async def test_an_undecodable_answer_is_not_repeated(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.faults.add(Fault(status=200, body=b"<html>", times=None))

    with pytest.raises(errors.DecodeError) as caught:
        await client.extractions.get("id1")

    assert not caught.value.may_have_been_applied
    assert caught.value.operation == "getExtraction"
    assert len(sandbox.requests) == 1


@ALL
async def test_a_404_after_a_failure_is_still_one(
    sandbox: Sandbox, client: AsyncPlextera, call: Call
) -> None:
    sandbox.faults.add(Fault(status=500))
    sandbox.faults.add(Fault(status=404))

    if call is REPEATED["DELETE"]:  # the one that may have brought it about
        await call(client)
        return
    with pytest.raises(errors.NotFoundError):
        await call(client)
