"""What a refusal means for the other requests of a client, and how it is shown."""

import asyncio

import pytest

from plextera_async import AsyncPlextera, Limits, Pace, Paces, RetryPolicy, errors
from plextera_async.sandbox import Fault, Quota, Sandbox
from tests.support.clocks import FakeClock
from tests.support.waiting import until

IDLE = Pace(per_second=None, paused_for=0.0, in_flight=0, most_in_flight=150, waiting=0)


async def test_a_client_that_was_never_refused_has_no_pace(client: AsyncPlextera) -> None:
    await client.runs.list()

    assert client.pace == Paces(uploads=IDLE, creates=IDLE, reads=IDLE)


def test_a_pace_is_that_of_an_event_loop() -> None:
    with pytest.raises(RuntimeError):
        _ = AsyncPlextera("key").pace


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_pauses_its_kind_and_no_other(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, status: int
) -> None:
    once = client.with_options(retry=RetryPolicy(max_attempts=1))
    for _ in range(3):
        await client.runs.list()
    sandbox.faults.add(Fault(status=status, retry_after=7))
    with pytest.raises(errors.APIError):
        await once.runs.list()

    assert client.pace.reads == Pace(per_second=3, paused_for=7.0, in_flight=0, most_in_flight=150, waiting=0)
    assert client.pace.creates == client.pace.uploads == IDLE
    await client.runs.start("daily", {})
    await client.files.upload(b"content")
    assert clock.sleeps == []

    await once.runs.list()
    assert clock.sleeps == [7.0]


async def test_a_refusal_that_is_raised_at_once_holds_nobody_back(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.faults.add(Fault(status=429, retry_after=61))
    with pytest.raises(errors.RateLimitedError):
        await client.runs.list()

    await client.runs.list()
    assert clock.sleeps == []
    assert client.pace.reads == IDLE


async def test_one_pause_for_all_and_then_one_after_the_other(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    """Ten calls at once against a quota of two a second, on a clock that moves by sleeping only."""
    sandbox.faults.add(Quota(per_second=2, burst=2, retry_after=1))
    clock.on_sleep = lambda seconds: _pass(sandbox, seconds)

    patient = client.with_options(retry=RetryPolicy(max_attempts=100))

    await asyncio.gather(*(patient.runs.list() for _ in range(2)))
    calls = [asyncio.ensure_future(patient.runs.list()) for _ in range(8)]
    await until(lambda: all(call.done() for call in calls))

    assert all(call.exception() is None for call in calls)
    assert [r.status for r in sandbox.requests].count(200) == 10


def _pass(sandbox: Sandbox, seconds: float) -> None:
    """Let the quota fill as it would have in that time."""
    for rule in sandbox.faults._rules:
        if isinstance(rule, Quota):
            rule._at -= seconds


async def test_a_cancelled_call_that_waited_for_its_turn_leaves_its_room(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    narrow = client.with_options(limits=Limits(concurrency=1))
    sandbox.faults.add(Fault(delay=60))
    first, second, third = (asyncio.ensure_future(narrow.runs.list()) for _ in range(3))
    await until(lambda: sandbox.requests)
    assert narrow.pace.reads.waiting == 2
    second.cancel()
    await until(second.done)
    first.cancel()
    await third

    assert narrow.pace.reads == Pace(
        per_second=None, paused_for=0.0, in_flight=0, most_in_flight=1, waiting=0
    )
    assert len(sandbox.requests) == 2


async def test_the_looks_of_waits_let_other_reads_go_first(sandbox: Sandbox, client: AsyncPlextera) -> None:
    narrow = client.with_options(limits=Limits(concurrency=1))
    run = await narrow.runs.start("daily", {})
    sandbox.faults.add(Fault(delay=60))
    held = asyncio.ensure_future(narrow.files.read("none"))
    await until(lambda: len(sandbox.requests) == 2)
    look = asyncio.ensure_future(narrow.runs.handle(run.id).wait())
    await until(lambda: narrow.pace.reads.waiting == 1)
    listed = asyncio.ensure_future(narrow.runs.list())
    await until(lambda: narrow.pace.reads.waiting == 2)

    held.cancel()
    await asyncio.gather(held, look, listed, return_exceptions=True)

    assert [request.path for request in sandbox.requests][2:4] == [
        "/workflow-runs",
        f"/workflow-runs/{run.id}",
    ]
