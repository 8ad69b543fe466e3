"""The limit of a wait: kept by a clock that never jumps, and never the end of the job."""

import asyncio
import math
import pickle
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from plextera_async import DEFAULT, AsyncPlextera, errors
from plextera_async.options import PollPolicy
from plextera_async.sandbox import Fault, Sandbox, Timing, VirtualClock
from tests.support.clocks import FakeClock, with_clock
from tests.support.raw_server import RawServer, Wire


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give a sandbox whose time passes with the client's sleeps, and whose steps take 100 seconds each."""
    async with Sandbox(clock=VirtualClock(), timing=Timing(queued=0, processing=100)) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    assert isinstance(sandbox.clock, VirtualClock)
    clock.on_sleep = sandbox.clock.advance
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as made:
        yield with_clock(made, clock)


async def test_past_the_deadline_everything_is_told(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    handle = await client.runs.start("daily")

    with pytest.raises(errors.WaitTimeoutError) as caught:
        await handle.wait(timeout=20)

    error = caught.value
    assert isinstance(error, TimeoutError)
    assert (error.id, error.latest, error.elapsed, error.last_error) == (handle.id, handle.latest, 20, None)
    assert sum(clock.sleeps) == 20
    assert len(sandbox.requests) == 1 + len(clock.sleeps)  # the last look is at the deadline
    assert str(error) == f"{handle.id} has not ended after 20.0 s, last seen PROCESSING"
    assert pickle.loads(pickle.dumps(error)).id == handle.id  # noqa: S301 - our own

    assert (await client.runs.handle(error.id).wait()).status == "COMPLETED"


async def test_the_last_failure_is_told(sandbox: Sandbox, client: AsyncPlextera) -> None:
    handle = await client.runs.start("daily")
    sandbox.faults.add(Fault(method="GET", status=503, times=None))

    with pytest.raises(errors.WaitTimeoutError) as caught:
        await handle.wait(timeout=20)

    assert isinstance(caught.value.last_error, errors.ServerError)
    assert caught.value.latest is handle.latest

    handle = client.runs.handle("never-seen")
    with pytest.raises(errors.WaitTimeoutError, match="never seen") as caught:
        await handle.wait(timeout=20)
    assert caught.value.latest is None


@pytest.mark.parametrize("is_fresh", [1, 0])
async def test_no_time_is_one_look(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, is_fresh: int
) -> None:
    made = await client.runs.start("daily")
    handle = made if is_fresh else client.runs.handle(made.id)

    with pytest.raises(errors.WaitTimeoutError):
        await handle.wait(timeout=0)
    assert len(sandbox.requests) == 2
    assert clock.sleeps == []

    sandbox.force(made.id, status="COMPLETED")
    assert (await handle.wait(timeout=0)).status == "COMPLETED"


async def test_no_limit(client: AsyncPlextera, sandbox: Sandbox, clock: FakeClock) -> None:
    sandbox.timing = Timing(processing=100_000)
    handle = await client.with_options(polling=PollPolicy(max_delay=5000)).runs.start("daily")

    assert (await handle.wait(timeout=None)).status == "COMPLETED"
    assert sum(clock.sleeps) > 100_000


async def test_the_default_is_an_hour_or_what_the_policy_says(
    client: AsyncPlextera, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.timing = Timing(processing=2000)
    handle = await client.with_options(polling=PollPolicy(max_delay=500)).runs.start("daily")
    for timeout in ((), (DEFAULT,)):
        with pytest.raises(errors.WaitTimeoutError) as caught:
            await handle.wait(*timeout)
        assert caught.value.elapsed == pytest.approx(3600)
        handle = await client.with_options(polling=PollPolicy(max_delay=500)).runs.start("daily")

    view = client.with_options(polling=PollPolicy(max_delay=5, wait_timeout=60))
    with pytest.raises(errors.WaitTimeoutError) as caught:
        await (await view.runs.start("daily")).wait()
    assert caught.value.elapsed == 60
    unlimited = client.with_options(polling=PollPolicy(max_delay=500, wait_timeout=None))
    clock.sleeps.clear()
    await (await unlimited.runs.start("daily")).wait()
    assert sum(clock.sleeps) > 3600
    assert repr(DEFAULT) == "DEFAULT"


@pytest.mark.parametrize("limit", [-1, -0.001, math.nan, "5", True, [], b""])
async def test_what_is_no_limit_is_refused(sandbox: Sandbox, client: AsyncPlextera, limit: Any) -> None:
    handle = await client.runs.start("daily")
    for call in (handle.wait(limit), anext(handle.watch(limit))):
        with pytest.raises(errors.InvalidInputError, match="timeout"):
            await call
    assert len(sandbox.requests) == 1


async def test_the_time_of_day_may_jump(client: AsyncPlextera, clock: FakeClock) -> None:
    handle = await client.runs.start("daily")
    clock.now = lambda: datetime(1999, 1, 1, tzinfo=UTC)  # type: ignore[method-assign]

    with pytest.raises(errors.WaitTimeoutError):
        await handle.wait(timeout=50)
    assert sum(clock.sleeps) == 50


async def test_a_look_that_hangs_ends_soon_after_the_deadline(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plextera_async.client.waits._LAST_LOOK", 0.05)

    async def script(wire: Wire) -> None:
        await wire.request()
        await asyncio.sleep(60)

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        clock.on_sleep = None
        handle = with_clock(client, clock).runs.handle("r1")
        with pytest.raises(errors.WaitTimeoutError) as caught:
            async with asyncio.timeout(30):
                await handle.wait(timeout=0)

    assert isinstance(caught.value.last_error, errors.RequestTimeoutError)


async def test_a_watch_gives_each_change(client: AsyncPlextera, sandbox: Sandbox) -> None:
    handle = await client.runs.start("daily")

    seen = [(run.status, run.progress and run.progress.steps_completed) async for run in handle.watch()]

    assert seen == [("PROCESSING", 0), ("PROCESSING", 1), ("PROCESSING", 2), ("COMPLETED", 3)]
    assert handle.status == "COMPLETED"
    assert len(sandbox.requests) > len(seen)


async def test_a_watch_of_a_failed_job_ends_without_an_error(client: AsyncPlextera, sandbox: Sandbox) -> None:
    handle = await client.runs.start("daily")
    sandbox.force(handle.id, status="CLOSED")

    assert [run.status async for run in handle.watch()] == ["PROCESSING", "CLOSED"]
    assert [run.status async for run in handle.watch()] == ["CLOSED"]
    assert [run.status async for run in client.runs.handle(handle.id).watch()] == ["CLOSED"]


async def test_a_watch_has_a_limit_and_can_be_left(client: AsyncPlextera, sandbox: Sandbox) -> None:
    handle = await client.runs.start("daily")
    watched = handle.watch(timeout=150)
    assert [(await anext(watched)).status for _ in range(2)] == ["PROCESSING", "PROCESSING"]
    with pytest.raises(errors.WaitTimeoutError):
        await anext(watched)

    sandbox.requests.clear()
    async for _ in handle.watch():
        break
    assert not sandbox.requests


async def test_a_handle_shows_kind_id_and_status(client: AsyncPlextera) -> None:
    handle = await client.runs.start("daily")

    assert repr(handle) == f"<RunHandle {handle.id} PROCESSING>"
    assert repr(client.extractions.handle("e1")) == "<ExtractionHandle e1 not read yet>"
    assert repr(client.jobs.handle("j1")) == "<ExtractJobHandle j1 not read yet>"
