"""Many waits on jobs of a server: lists are what is asked for, over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.sandbox import Fault, Sandbox, Timing, VirtualClock
from tests.support.clocks import FakeClock, with_clock

KINDS = pytest.mark.parametrize("kind", ["extraction", "job", "run"])
_LISTS = {"extraction": "listExtractions", "job": "listExtractJobs", "run": "listRuns"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    timing = Timing(queued=3, processing=20, jitter=0.9)
    async with Sandbox(clock=VirtualClock(), timing=timing) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox, clock: FakeClock) -> AsyncIterator[AsyncPlextera]:
    assert isinstance(sandbox.clock, VirtualClock)
    clock.on_sleep = sandbox.clock.advance
    async with AsyncPlextera(sandbox.api_key, base_url=sandbox.base_url) as made:
        yield with_clock(made, clock)


async def _started(client: AsyncPlextera, kind: str, number: int) -> Any:
    if kind == "run":
        return await client.runs.start("daily")
    if kind == "extraction":
        return await client.extractions.upload(f"Total: {number}".encode())
    file = await client.files.upload(f"Total: {number}".encode())
    return await client.jobs.extract(file_id=file.id)


def _asked(sandbox: Sandbox, what: str) -> int:
    """Count the requests for a `list`, or to `get` a job."""
    names = ("extractions", "jobs", "workflow-runs")
    paths = [request.path for request in sandbox.requests if request.method == "GET"]
    return sum(path.endswith(names) is (what == "list") for path in paths)


@KINDS
async def test_each_job_is_read_about_once(sandbox: Sandbox, client: AsyncPlextera, kind: str) -> None:
    handles = [await _started(client, kind, number) for number in range(40)]

    models = await asyncio.gather(*(handle.wait() for handle in handles))

    assert {model.status for model in models} == {"COMPLETED"}
    assert all((model.steps if kind == "run" else model.output) is not None for model in models)
    assert 40 <= _asked(sandbox, "get") <= 80
    assert _asked(sandbox, "list") <= 200


@KINDS
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 400},
        {"status": 404},
        {"status": 200, "body": b"<html>"},
        {"drop": "after_body"},
    ],
    ids=["500", "400", "404", "undecodable", "lost"],
)
async def test_lists_that_cannot_be_read_are_done_without(
    sandbox: Sandbox, client: AsyncPlextera, kind: str, fault: dict[str, Any]
) -> None:
    handles = [await _started(client, kind, number) for number in range(8)]
    sandbox.faults.add(Fault(path=_LISTS[kind], times=None, **fault))

    models = await asyncio.gather(*(handle.wait() for handle in handles))

    assert {model.status for model in models} == {"COMPLETED"}


@KINDS
async def test_a_wrong_key_ends_all_waits(sandbox: Sandbox, client: AsyncPlextera, kind: str) -> None:
    handles = [await _started(client, kind, number) for number in range(8)]
    sandbox.faults.add(Fault(path=_LISTS[kind], status=401, times=None))

    ends = await asyncio.gather(*(handle.wait() for handle in handles), return_exceptions=True)

    assert {type(end) for end in ends} == {errors.AuthenticationError}
    assert _asked(sandbox, "get") == 0


async def test_a_run_that_is_closed_ends_its_wait(sandbox: Sandbox, client: AsyncPlextera) -> None:
    handles = [await _started(client, "run", number) for number in range(8)]
    sandbox.close_run(handles[0].id)

    ends = await asyncio.gather(*(handle.wait() for handle in handles), return_exceptions=True)

    assert [type(end) for end in ends[:1]] == [errors.RunClosedError]
    assert {end.status for end in ends[1:]} == {"COMPLETED"}  # type: ignore[union-attr]
