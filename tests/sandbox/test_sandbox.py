"""The sandbox's own life: starting, stopping, several at once, and the hand that steers it."""

import asyncio
import gc
import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from plextera_async.sandbox import Fault, Sandbox, SystemClock, Timing
from plextera_async.sandbox.world import extracting
from tests.sandbox.support import EXTRACTIONS, Api, files_below, pdf, running, until


async def test_it_makes_a_key_and_takes_a_free_port() -> None:
    async with Sandbox() as one, Sandbox() as other:
        assert one.api_key != other.api_key
        assert one.base_url != other.base_url
        assert one.base_url.startswith("http://127.0.0.1:")
        assert one.base_url.endswith("/api/public/v1")
        assert one.api_key not in repr(one)


async def test_two_sandboxes_share_nothing() -> None:
    async with running() as one, running() as other:
        file = await one.upload(b"text")

        assert (await other.get(f"/files/{file['id']}")).status == 404


async def test_the_address_is_known_once_it_runs() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = Sandbox().base_url


async def test_a_sandbox_runs_once() -> None:
    async with Sandbox() as sandbox:
        with pytest.raises(RuntimeError, match="once"):
            await sandbox.__aenter__()
    with pytest.raises(RuntimeError, match="once"):
        await sandbox.__aenter__()


async def test_leaving_it_leaves_no_task_thread_socket_or_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    tasks = asyncio.all_tasks()
    async with running(clock=SystemClock(), timing=Timing(processing=60)) as api:
        await api.upload(b"x" * 3_000_000)
        await api.extract(b"Name: Alice")
        await api.extract(pdf(), "a.pdf")
        assert files_below(tmp_path) == [3_000_000]
        port = int(api.sandbox.base_url.split(":")[2].split("/")[0])

    await asyncio.sleep(0)
    gc.collect()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (a folder left behind counts too)
    assert asyncio.all_tasks() == tasks
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("plextera-sandbox")]
    with pytest.raises(OSError, match=r"Connect call failed|refused"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_leaving_it_does_not_wait_for_requests_that_hang() -> None:
    async with running() as api:
        api.sandbox.faults.add(Fault(delay=3600))
        hanging = asyncio.ensure_future(api.get("/workflow-runs"))
        await until(lambda: api.sandbox.requests)
        await asyncio.wait_for(api.sandbox.__aexit__(None, None, None), 2)

        with pytest.raises(aiohttp.ClientError):
            await hanging


async def test_the_state_can_be_looked_at_afterwards() -> None:
    async with running() as api:
        extraction = await api.extract(b"Name: Alice")
    assert api.sandbox.world.extractions[extraction["id"]].status == "QUEUED"
    assert len(api.sandbox.requests) == 1


async def test_on_the_real_clock_jobs_end_by_themselves() -> None:
    async with running(clock=SystemClock(), timing=Timing(queued=0, processing=0.01)) as api:
        extraction = await api.extract(b"Name: Alice")
        for _ in range(200):
            latest = (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json
            if latest["status"] == "COMPLETED":
                break
            await asyncio.sleep(0.01)

    assert latest["output"]["fieldCount"] == 1


class SlowReading:
    """Holds the worker threads back until they are let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.release = threading.Event()
        real = extracting.read_document

        def read(*args: Any, **named: Any) -> Any:
            self.release.wait(5)
            return real(*args, **named)

        monkeypatch.setattr(extracting, "read_document", read)


async def test_work_that_takes_longer_than_its_phase_ends_when_it_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = SlowReading(monkeypatch)
    async with running(clock=SystemClock(), timing=Timing(queued=0, processing=0)) as api:
        later = await api.extract(b"Name: Bob")
        await asyncio.sleep(0.02)
        before = (await api.get(f"{EXTRACTIONS}/{later['id']}")).json["status"]
        slow.release.set()
        await until(lambda: api.sandbox.world.extractions[later["id"]].completed_at)

    assert before == "PROCESSING"


async def test_work_that_is_done_too_late_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = SlowReading(monkeypatch)
    async with running(clock=SystemClock(), timing=Timing(queued=0, processing=0)) as api:
        extraction = await api.extract(b"Name: Bob")
        await asyncio.sleep(0.02)
        api.sandbox.force(extraction["id"], status="FAILED", error=("X", "y"))
        slow.release.set()
        other = await api.extract(b"Name: Carol")
        await until(lambda: api.sandbox.world.extractions[other["id"]].completed_at)

        assert api.sandbox.world.extractions[extraction["id"]].status == "FAILED"


async def test_leaving_it_waits_for_work_under_way_and_drops_its_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = SlowReading(monkeypatch)

    async def let_go() -> None:
        await until(api.sandbox._agenda.stopping.is_set)
        slow.release.set()

    async with running(clock=SystemClock(), timing=Timing(queued=0, processing=0)) as api:
        extractions = [await api.extract(f"N: {n}".encode()) for n in range(4)]
        await asyncio.sleep(0.02)
        letting_go = asyncio.ensure_future(let_go())
    await letting_go

    states = {api.sandbox.world.extractions[extraction["id"]].status for extraction in extractions}
    assert states == {"PROCESSING"}


async def test_the_timing_can_be_changed_while_it_runs(api: Api) -> None:
    api.sandbox.timing = Timing(queued=100)
    extraction = await api.extract(b"Name: Alice")
    api.advance(99)

    assert api.sandbox.timing.queued == 100
    assert (await api.get(f"{EXTRACTIONS}/{extraction['id']}")).json["status"] == "QUEUED"


async def test_settling_lets_the_world_be_looked_at_without_a_request(api: Api) -> None:
    extraction = await api.extract(b"Name: Alice")
    api.advance(60)
    await api.sandbox.settle()

    assert api.sandbox.world.extractions[extraction["id"]].status == "COMPLETED"


async def test_steering_an_unknown_job_is_a_key_error(api: Api) -> None:
    for steer in (api.sandbox.close_run, api.sandbox.reprocess):
        with pytest.raises(KeyError):
            steer("none")
    with pytest.raises(KeyError):
        api.sandbox.force("none", status="FAILED")
