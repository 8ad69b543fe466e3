"""A create whose fate is unknown is sent exactly once; one that certainly did nothing is sent again."""

import asyncio
import json
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async._aio.cancelling import is_unsent
from plextera_async.options import ClientOptions, RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import START, FakeClock, with_clock
from tests.support.creates import CREATES, Call
from tests.support.raw_server import RawServer, Wire, always, answer
from tests.support.waiting import until

PATIENCE = 0.4
"""Seconds: short for a test, and long enough for a request to reach the sandbox on a machine that is busy elsewhere."""

ALL = pytest.mark.parametrize("call", CREATES.values(), ids=CREATES.keys())


def sends(sandbox: Sandbox) -> list[Any]:
    """Give what was sent to create something; the reads that look for it are tested in test_reconciling."""
    return [request for request in sandbox.requests if request.method == "POST"]


def _operation(call: Call) -> str:
    return (
        next(name for name, one in CREATES.items() if one is call).split()[0].replace("POST", "POST request")
    )


async def _ambiguous(client: AsyncPlextera, call: Call) -> errors.AmbiguousCreateError:
    with pytest.raises(errors.AmbiguousCreateError) as caught:
        await call(client)
    error = caught.value
    assert error.may_have_been_applied
    assert error.operation == _operation(call)
    assert error.cause is error.__cause__ is not None
    return error


@ALL
@pytest.mark.parametrize("status", [500, 502, 503, 599])
async def test_a_5xx_is_ambiguous(sandbox: Sandbox, client: AsyncPlextera, call: Call, status: int) -> None:
    sandbox.faults.add(Fault(status=status, times=None, retry_after=1))

    error = await _ambiguous(client, call)

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.ServerError)
    assert error.cause.status == status


@ALL
@pytest.mark.parametrize("drop", ["before_body", "after_body", "mid_response"])
async def test_a_lost_connection_is_ambiguous(
    sandbox: Sandbox, client: AsyncPlextera, call: Call, drop: Any
) -> None:
    sandbox.faults.add(Fault(drop=drop, times=None))

    # The half answer is half of whatever the sandbox said: of a success here, because the call is carried out.
    if drop == "mid_response":
        sandbox.faults.clear()
        sandbox.faults.add(Fault(drop=drop, times=None, status=202, body=b'{"id": "1", "status": "QUEUED"}'))
    error = await _ambiguous(client, call)

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.ConnectionLostError)


@ALL
async def test_silence_is_ambiguous(sandbox: Sandbox, clock: FakeClock, call: Call) -> None:
    options = ClientOptions(timeouts=Timeouts(read=PATIENCE))
    sandbox.faults.add(Fault(method="POST", delay=60, times=None))
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, options=options) as client:
        error = await _ambiguous(with_clock(client, clock), call)

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.RequestTimeoutError)


@ALL
async def test_an_attempt_that_takes_too_long_in_all_is_ambiguous(
    sandbox: Sandbox, clock: FakeClock, call: Call
) -> None:
    options = ClientOptions(timeouts=Timeouts(total=2 * PATIENCE))
    sandbox.faults.add(Fault(method="POST", delay=60, times=None))
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url, options=options) as client:
        error = await _ambiguous(with_clock(client, clock), call)

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.RequestTimeoutError)


UNREADABLE = {
    "html": (b"<html>ok</html>", "text/html"),
    "truncated": (b'{"id": "1", "stat', "application/json"),
    "other shape": (b'{"id": 5}', "application/json"),
    "not UTF-8": (b'"\xff"', "application/json"),
    "oversized": (b" " * (64 * 1024 * 1024 + 1), "application/json"),
}


EMPTY_IDS = {
    "createExtraction": {"status": "QUEUED", "outputAvailable": False},
    "startRun": {"status": "PROCESSING"},
    "createEventSubscription": {"status": "active", "endpointUrl": "https://example.com", "eventTypes": []},
    "submitExtractionFeedback": {"extractionId": "id1", "message": "m"},
    "submitExtractJobFeedback": {"jobId": "id1", "message": "m"},
}
"""The rest of answers whose id is empty; other creates answer as the first does."""


@pytest.mark.parametrize("name", [name for name in CREATES if name != "POST request"])
async def test_a_success_with_an_empty_id_is_ambiguous(
    sandbox: Sandbox, client: AsyncPlextera, name: str
) -> None:
    rest = EMPTY_IDS.get(name.split(maxsplit=1)[0], EMPTY_IDS["createExtraction"])
    sandbox.faults.add(Fault(status=202, body=json.dumps({"id": "", **rest}).encode(), times=None))

    error = await _ambiguous(client, CREATES[name])

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.DecodeError)
    assert [path for path, _, _ in error.cause.problems] == ["$.id"]


async def test_an_upload_that_is_answered_with_an_empty_id_cannot_be_used(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    body = b'{"id": "", "name": "a.txt", "mimeType": "text/plain", "sizeBytes": 8}'
    sandbox.faults.add(Fault(status=201, body=body, times=None))

    with pytest.raises(errors.DecodeError) as caught:
        await client.files.upload(b"Total: 1", name="a.txt")

    assert len(sends(sandbox)) == 1
    assert [path for path, _, _ in caught.value.problems] == ["$.id"]


@ALL
@pytest.mark.parametrize("kind", [k for k in UNREADABLE if k != "oversized"])
async def test_an_unreadable_success_is_ambiguous(
    sandbox: Sandbox, client: AsyncPlextera, call: Call, kind: str
) -> None:
    body, content_type = UNREADABLE[kind]
    sandbox.faults.add(Fault(status=202, body=body, content_type=content_type, times=None))
    if _operation(call) == "POST request" and kind == "other shape":
        assert await call(client) == {"id": 5}  # any JSON is an answer to it
        return

    error = await _ambiguous(client, call)

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.DecodeError)
    assert error.request_id == sandbox.requests[0].request_id


async def test_an_oversized_success_is_ambiguous(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.faults.add(Fault(status=202, body=UNREADABLE["oversized"][0], times=None))

    error = await _ambiguous(client, CREATES["startRun json"])

    assert len(sends(sandbox)) == 1
    assert isinstance(error.cause, errors.DecodeError)


@ALL
async def test_an_empty_success_is_ambiguous(sandbox: Sandbox, client: AsyncPlextera, call: Call) -> None:
    sandbox.faults.add(Fault(status=202, body=b"", times=None))
    if _operation(call) == "POST request":
        assert await call(client) is None
    else:
        await _ambiguous(client, call)

    assert len(sends(sandbox)) == 1


@pytest.mark.parametrize("name", ["createExtraction", "uploadExtraction"])
async def test_the_error_holds_what_a_look_up_needs(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, name: str
) -> None:
    sandbox.faults.add(Fault(status=500, times=None))
    clock.move(7)

    error = await _ambiguous(client, CREATES[name])

    assert error.key == "mine"
    assert error.tags == {"a": "b", "plexteraClientKey": "mine"}
    assert error.since is not None
    assert (error.since - START).total_seconds() == 7
    assert error.request_id == sandbox.requests[0].headers["x-request-id"]


async def test_a_key_is_made_unless_reconcile_is_off(sandbox: Sandbox, client: AsyncPlextera) -> None:
    sandbox.faults.add(Fault(status=500, times=None))

    with pytest.raises(errors.AmbiguousCreateError) as made:
        await client.extractions.create(file_id="f")
    with pytest.raises(errors.AmbiguousCreateError) as none:
        await client.with_options(reconcile=False).extractions.create(file_id="f")

    assert made.value.key
    assert made.value.tags == {"plexteraClientKey": made.value.key}
    assert none.value.key is None
    assert none.value.tags == {}


@ALL
async def test_a_429_is_sent_again_after_what_the_server_asked_for(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, call: Call
) -> None:
    sandbox.faults.add(Fault(status=429, retry_after=3, times=2))
    sandbox.faults.add(Fault(status=500, times=None))

    await _ambiguous(client, call)

    assert len(sends(sandbox)) == 3
    assert clock.sleeps[:2] == pytest.approx([3.3, 3.3])
    assert len({r.headers["x-request-id"] for r in sends(sandbox)}) == 1
    assert len({r.file_sha256 for r in sends(sandbox)}) == 1


@ALL
@pytest.mark.parametrize(("status", "kind"), [(409, errors.ConflictError), (400, errors.InvalidRequestError)])
async def test_below_500_retryable_decides(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, call: Call, status: int, kind: type[Exception]
) -> None:
    sandbox.faults.add(Fault(status=status, retryable=True, times=1))
    sandbox.faults.add(Fault(status=status, retryable=False, times=1))

    with pytest.raises(kind):
        await call(client)

    assert len(sends(sandbox)) == 2
    assert clock.sleeps == [1.0]


@ALL
async def test_a_refused_connection_is_tried_again(call: Call, clock: FakeClock) -> None:
    async with RawServer(always(b"")) as gone:
        address = gone.base_url
    options = ClientOptions(retry=RetryPolicy(max_attempts=3))
    async with AsyncPlextera("key", base_url=address, options=options) as client:
        with pytest.raises(errors.ConnectError) as caught:
            await call(with_clock(client, clock))

    assert not caught.value.may_have_been_applied
    assert caught.value.attempts == 3
    assert clock.sleeps == [1.0, 2.0]


@ALL
@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
async def test_a_redirect_is_not_followed(call: Call, status: str) -> None:
    lines: list[str] = []

    async def script(wire: Wire) -> None:
        while True:
            lines.append((await wire.request())[0])
            await wire.send(answer(status=status, headers="Location: /elsewhere\r\n"))

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        with pytest.raises(errors.RedirectError) as caught:
            await call(client)

    assert len(lines) == 1
    assert caught.value.status == int(status[:3])
    assert caught.value.operation == _operation(call)


@ALL
async def test_cancelling_stays_cancelling(sandbox: Sandbox, client: AsyncPlextera, call: Call) -> None:
    sandbox.faults.add(Fault(method="POST", delay=60, times=None))
    task = asyncio.ensure_future(call(client))
    await until(lambda: sandbox.requests)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(sends(sandbox)) == 1


@pytest.mark.parametrize("creates", [True, False])
async def test_a_cancellation_between_attempts_tells_of_a_create_that_it_had_no_effect(
    caplog: pytest.LogCaptureFixture, *, creates: bool
) -> None:
    """Of a read it tells nothing: a look-up may come after a create that had one."""
    caplog.set_level("INFO", "plextera_async.requests")
    async with AsyncPlextera("key", base_url="http://127.0.0.1:1") as client:
        calling = client.extractions.create(file_id="f") if creates else client.extractions.get("e")
        task = asyncio.ensure_future(calling)
        await until(lambda: "next attempt in" in caplog.text)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task

    assert is_unsent(caught.value) is creates
