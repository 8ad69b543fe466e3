"""Waiting for a job: when it is looked at, what ends it, and what does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import PollPolicy
from plextera_async.sandbox import Fault, Sandbox, Timing, VirtualClock
from tests.support.clocks import FakeClock, with_clock

ERROR = ("SOME_CODE", "text of the server")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Give a sandbox whose time passes with the client's sleeps."""
    async with Sandbox(clock=VirtualClock(), timing=Timing(queued=5, processing=20)) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    assert isinstance(sandbox.clock, VirtualClock)
    clock.on_sleep = sandbox.clock.advance
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as made:
        yield with_clock(made, clock)


def _looks(sandbox: Sandbox) -> int:
    return sum(request.method == "GET" for request in sandbox.requests)


async def test_pauses_grow_by_half_up_to_the_longest(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    handle = await client.extractions.upload(b"Total: 1")

    extraction = await handle.wait()

    assert extraction.status == "COMPLETED"
    assert handle.latest is extraction
    assert clock.sleeps == pytest.approx([1, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10])
    assert _looks(sandbox) == 7


@pytest.mark.parametrize(("dice", "share"), [(0.0, 0.8), (0.999999, 1.2)])
async def test_pauses_are_spread(client: AsyncPlextera, clock: FakeClock, dice: float, share: float) -> None:
    clock.dice = dice
    handle = await client.extractions.upload(b"Total: 1")

    await handle.wait()

    assert clock.sleeps[:3] == pytest.approx([share, 1.5 * share, 2.25 * share], rel=1e-4)


async def test_the_policy_is_the_clients(client: AsyncPlextera, clock: FakeClock) -> None:
    view = client.with_options(polling=PollPolicy(first_delay=2, max_delay=3, wait_timeout=10))
    handle = await view.runs.start("daily")

    with pytest.raises(errors.WaitTimeoutError):
        await handle.wait()
    assert clock.sleeps == pytest.approx([2, 3, 3, 2])


async def test_a_handle_from_an_id_looks_at_once(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    made = await client.extractions.upload(b"Total: 1")
    await made.wait()
    clock.sleeps.clear()
    handle = client.extractions.handle(made.id)
    assert (handle.latest, handle.status, handle.request_id) == (None, None, None)

    output = await handle.result()

    assert [field.value for field in output.fields] == [1]
    assert clock.sleeps == []
    assert handle.request_id == sandbox.requests[-1].request_id


ENDS: list[tuple[str, str, type[errors.JobFailedError]]] = [
    ("extraction", "FAILED", errors.ExtractionFailedError),
    ("extraction", "REJECTED", errors.ExtractionRejectedError),
    ("job", "FAILED", errors.ExtractionFailedError),
    ("job", "REJECTED", errors.ExtractionRejectedError),
    ("run", "FAILED", errors.RunFailedError),
    ("run", "CLOSED", errors.RunClosedError),
]


async def _started(client: AsyncPlextera, kind: str) -> Any:
    if kind == "run":
        return await client.runs.start("daily")
    if kind == "extraction":
        return await client.extractions.upload(b"Total: 1")
    file = await client.files.upload(b"Total: 1")
    return await client.jobs.extract(file_id=file.id)


@pytest.mark.parametrize(("kind", "status", "error"), ENDS)
async def test_every_other_end_is_an_error_unless_told_otherwise(
    sandbox: Sandbox, client: AsyncPlextera, kind: str, status: str, error: type[errors.JobFailedError]
) -> None:
    handle = await _started(client, kind)
    sandbox.force(handle.id, status=status, error=ERROR)

    with pytest.raises(error) as caught:
        await handle.wait()
    assert type(caught.value) is error
    assert caught.value.job is handle.latest
    assert caught.value.job.status == status
    assert caught.value.request_id == sandbox.requests[-1].request_id
    assert ERROR[1] not in str(caught.value)

    job = await handle.wait(check=False)
    assert job.status == status
    assert (job.error.code, job.error.message) == ERROR
    if kind != "run":
        with pytest.raises(error):
            await handle.result()


@pytest.mark.parametrize("kind", ["extraction", "job", "run"])
async def test_a_seen_end_needs_no_request(sandbox: Sandbox, client: AsyncPlextera, kind: str) -> None:
    handle = await _started(client, kind)
    sandbox.force(handle.id, status="COMPLETED", output={"fields": []} if kind != "run" else None)
    await handle.wait()
    sandbox.requests.clear()

    await handle.wait()
    await handle.wait(timeout=0)
    [_ async for _ in handle.watch()]

    assert not sandbox.requests
    await handle.refresh()
    assert _looks(sandbox) == 1


async def test_an_unknown_status_is_not_an_end(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    handle = await client.runs.start("daily")
    sandbox.force(handle.id, status="PONDERING")
    forward = clock.on_sleep
    assert forward is not None

    def end(seconds: float) -> None:
        forward(seconds)
        if len(clock.sleeps) == 4:
            sandbox.force(handle.id, status="COMPLETED")

    clock.on_sleep = end

    assert (await handle.wait()).status == "COMPLETED"
    assert len(clock.sleeps) == 4
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "PONDERING" not in warnings[0].getMessage()


@pytest.mark.parametrize("kind", ["extraction", "run"])
async def test_an_unknown_status_with_a_time_of_completion_is_an_end(
    sandbox: Sandbox, client: AsyncPlextera, kind: str
) -> None:
    handle = await _started(client, kind)
    sandbox.force(handle.id, status="ARCHIVED", ended=True)

    assert (await handle.wait()).status == "ARCHIVED"
    if kind == "extraction":
        with pytest.raises(errors.JobFailedError) as caught:
            await handle.result()
        assert type(caught.value) is errors.JobFailedError


async def test_an_output_that_comes_late_is_waited_for(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    sandbox.timing = Timing(queued=0, processing=0, output=12)
    handle = await client.extractions.upload(b"Total: 1")

    assert (await handle.wait()).output is None
    output = await handle.result()

    assert [field.value for field in output.fields] == [1]
    assert sum(clock.sleeps) >= 12


async def test_an_output_that_never_comes_ends_with_the_deadline(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    sandbox.timing = Timing(queued=0, processing=0, output=10_000)
    handle = await client.extractions.upload(b"Total: 1")

    with pytest.raises(errors.WaitTimeoutError) as caught:
        await handle.result(timeout=30)
    assert caught.value.latest.status == "COMPLETED"


PASSING: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "429": {"status": 429},
    "lost": {"drop": "after_body"},
    "undecodable": {"status": 200, "body": b"<html>"},
    "new 404": {"status": 404},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING.keys())
async def test_what_passes_is_lived_through(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, fault: dict[str, Any]
) -> None:
    handle = await client.runs.start("daily")
    sandbox.faults.add(Fault(method="GET", times=3, **fault))

    assert (await handle.wait()).status == "COMPLETED"
    assert clock.sleeps[:4] == pytest.approx([1, 1.5, 2.25, 3.375])
    assert _looks(sandbox) == len(clock.sleeps)  # one request a look: a wait has no retries of its own


async def test_a_look_that_was_told_to_wait_waits(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    handle = await client.runs.start("daily")
    sandbox.faults.add(Fault(method="GET", status=429, retry_after=20))

    await handle.wait()

    assert clock.sleeps[:2] == pytest.approx([1, 22])


@pytest.mark.parametrize(
    ("status", "kind"), [(401, errors.AuthenticationError), (403, errors.PermissionDeniedError)]
)
async def test_what_does_not_pass_is_raised(
    sandbox: Sandbox, client: AsyncPlextera, status: int, kind: type[Exception]
) -> None:
    handle = await client.runs.start("daily")
    sandbox.faults.add(Fault(method="GET", status=status, times=None))

    with pytest.raises(kind):
        await handle.wait()
    assert _looks(sandbox) == 1


async def test_a_404_is_believed_after_30_seconds(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock
) -> None:
    handle = await client.runs.start("daily")
    sandbox.faults.add(Fault(method="GET", status=404, times=None))

    with pytest.raises(errors.NotFoundError):
        await handle.wait()
    assert 30 <= clock.monotonic() - 1000 < 41

    with pytest.raises(errors.NotFoundError):  # of a job that was not created here, at once
        await client.runs.handle("unknown").wait()


async def test_reprocessing_begins_anew(sandbox: Sandbox, client: AsyncPlextera) -> None:
    handle = await client.extractions.upload(b"Total: 1")
    await handle.wait()
    sandbox.reprocess(handle.id)

    assert (await handle.refresh()).status == "PROCESSING"
    assert (await handle.wait()).status == "COMPLETED"


async def test_cancelling_a_wait_leaves_others_and_the_job_alone(
    client: AsyncPlextera, clock: FakeClock
) -> None:
    handle = await client.runs.start("daily")
    loop, alarms = asyncio.get_running_loop(), []

    def never(_: float, call: Callable[[], object]) -> asyncio.Handle:
        alarms.append(call)
        return loop.call_later(3600, call)

    clock.call_later = never
    first, second = (asyncio.ensure_future(handle.wait()) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    del clock.call_later
    alarms[-1]()
    assert (await second).status == "COMPLETED"
