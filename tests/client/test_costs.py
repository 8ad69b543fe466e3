"""What things cost, counted and not timed: calls, allocations, tasks and callbacks do not depend on the machine.

Calls of our own functions are the same with every release of Python and aiohttp, so their bounds leave no room for another
layer, a model built twice, or a task per request. Whoever makes something cheaper lowers the bound.
"""

import asyncio
import gc
import json
import os
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import aiohttp
import attrs
import pytest

import plextera_async
from plextera_async import AsyncPlextera, models
from plextera_async._aio import transport
from plextera_async._sansio import codec
from plextera_async._sansio.codec import decode
from tests.benchmarks.answers_to_decode import extraction, page_of_runs
from tests.support.raw_server import RawServer, always, answer

JOB = json.dumps(
    {
        "id": "j",
        "status": "COMPLETED",
        "createdAt": "2026-03-01T10:00:00.5Z",
        "x": 1,
        "outputAvailable": True,
        "output": {"fields": [], "fieldCount": 0},
    }
).encode()
"""Good for a file, an extraction and a run."""

OURS = (str(Path(plextera_async.__file__).parent), "<attrs generated methods plextera_async.", "<codec of ")
"""How the names of files begin that hold our code, written or made."""


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """Count calls of Python functions (`call`) and of built-in ones (`c_call`) in this thread; those of ours apart."""
    seen: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _argument: object) -> None:
        seen[event] += 1
        if frame.f_code.co_filename.startswith(OURS):
            seen[f"own {event}"] += 1

    gc.collect()
    gc.disable()  # what others have left must not be counted as it goes
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield seen
    finally:
        sys.setprofile(before)
        gc.enable()


def _blocks(make: Callable[[], Any]) -> int:
    """Say how many blocks of memory something keeps."""
    gc.collect()
    before = sys.getallocatedblocks()
    kept = make()
    gc.collect()
    found = sys.getallocatedblocks() - before
    del kept
    return found


# Decoding

WORK = {
    "100 runs": (page_of_runs(1), models.WorkflowRunPage),
    "300 fields": (extraction(1), models.Extraction),
}


@pytest.mark.parametrize(
    ("work", "calls", "built_in"), [("100 runs", 2_300, 8_400), ("300 fields", 335, 2_850)]
)
def test_calls_of_a_decode(work: str, calls: int, built_in: int):
    """A call of Python per model, list and date-time; built-in ones per property."""
    text, cls = WORK[work]
    decode(text, cls)
    with _counted() as seen:
        decode(text, cls)

    assert seen["call"] <= calls
    assert seen["c_call"] <= built_in


@pytest.mark.parametrize(("work", "blocks"), [("100 runs", 6_300), ("300 fields", 5_350)])
def test_memory_of_a_decode(work: str, blocks: int):
    text, cls = WORK[work]
    decode(text, cls)

    assert _blocks(lambda: decode(text, cls)) <= blocks


@pytest.mark.parametrize("work", WORK)
def test_what_fits_never_needs_the_detailed_converter(monkeypatch: pytest.MonkeyPatch, work: str):
    text, cls = WORK[work]
    monkeypatch.setattr(codec, "detailed", None)

    assert isinstance(decode(text, cls), cls)


# Clients


async def _make_and_close() -> None:
    await AsyncPlextera("key").aclose()


async def test_calls_of_making_a_client(monkeypatch: pytest.MonkeyPatch):
    for name in os.environ:
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    await _make_and_close()
    with _counted() as seen:
        await _make_and_close()

    assert seen["call"] <= 45


async def test_clients_that_are_made_and_closed_leave_nothing_behind():
    await _make_and_close()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(1_000):
        await _make_and_close()
    gc.collect()

    assert sys.getallocatedblocks() - before <= 100


# Requests


@pytest.fixture
def base_url() -> Iterator[str]:
    """Serve one run from another thread, where nothing of it is counted."""
    ready: list[str] = []
    started, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        async with RawServer(always(answer(JOB))) as server:
            ready.append(server.base_url)
            started.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait(10)
    yield ready[0]
    ended.set()
    thread.join()


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts what is scheduled on it."""

    def __init__(self) -> None:
        super().__init__()
        self.scheduled: Counter[str] = Counter()

    def call_soon(self, *arguments: Any, **named: Any) -> Any:
        self.scheduled["callback"] += 1
        return super().call_soon(*arguments, **named)

    def create_task(self, *arguments: Any, **named: Any) -> Any:
        self.scheduled["task"] += 1
        return super().create_task(*arguments, **named)

    def call_at(self, *arguments: Any, **named: Any) -> Any:
        self.scheduled["timer"] += 1
        return super().call_at(*arguments, **named)


NUMBER = 20


async def _cost(ask: Callable[[], Awaitable[object]]) -> Counter[str]:
    """Count what requests cost in all, when everything is warm."""
    for _ in range(5):
        await ask()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, CountingLoop)
    loop.scheduled.clear()
    with _counted() as seen:
        for _ in range(NUMBER):
            await ask()
    return seen + loop.scheduled


@attrs.frozen
class Bounds:
    """What a call may cost: our own calls, exactly; and beyond what aiohttp alone costs."""

    own_calls: int
    own_built_in: int
    other_calls: int = 0
    callbacks: int = 0
    tasks: int = 0
    timers: int = 0


CALLS: dict[str, tuple[Callable[[AsyncPlextera], Awaitable[object]], Bounds]] = {
    "read": (lambda client: client.extractions.get("j"), Bounds(61, 42)),
    "refresh": (lambda client: client.extractions.handle("j").refresh(), Bounds(66, 43)),
    "result": (  # the watcher has a task, and each look a limit
        lambda client: client.extractions.handle("j").result(),
        Bounds(170, 97, other_calls=120, callbacks=6, tasks=1, timers=1),
    ),
    "create": (lambda client: client.extractions.create(file_id="f"), Bounds(142, 87)),
    "upload": (lambda client: client.files.upload(bytes(1000), name="document.pdf"), Bounds(79, 79)),
}
CHANGES = {"create", "upload"}


async def _costs(base_url: str, call: str) -> tuple[Counter[str], Counter[str]]:
    async with aiohttp.ClientSession() as session:

        async def raw() -> object:
            async with session.request(
                "POST" if call in CHANGES else "GET",
                f"{base_url}/document-insights/extractions",
                data=bytes(1000) if call in CHANGES else None,
            ) as reply:
                return json.loads(await reply.read())

        floor = await _cost(raw)
    async with AsyncPlextera("key", base_url=base_url) as client:
        return await _cost(lambda: CALLS[call][0](client)), floor


@pytest.mark.parametrize("call", CALLS)
def test_a_request_costs_little_more_than_aiohttps_own(base_url: str, call: str):
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        ours, floor = runner.run(_costs(base_url, call))
    bounds = CALLS[call][1]

    assert ours["own call"] <= NUMBER * bounds.own_calls
    assert ours["own c_call"] <= NUMBER * bounds.own_built_in
    assert ours["call"] - ours["own call"] <= floor["call"] + NUMBER * bounds.other_calls
    assert ours["callback"] <= floor["callback"] + NUMBER * bounds.callbacks
    assert ours["task"] <= floor["task"] + NUMBER * bounds.tasks
    assert ours["timer"] <= NUMBER * bounds.timers  # one watches over the silence of all


def test_requests_leave_nothing_behind(base_url: str):
    async def growth() -> int:
        async with AsyncPlextera("key", base_url=base_url) as client:
            for _ in range(50):
                await client.runs.get("j")
            gc.collect()
            before = sys.getallocatedblocks()
            for _ in range(200):
                await client.runs.get("j")
            gc.collect()
            return sys.getallocatedblocks() - before

    assert asyncio.run(growth()) <= 300  # the gate remembers the times of the last answers, a number each


async def test_whoever_makes_requests_keeps_its_read_buffers(monkeypatch: pytest.MonkeyPatch):
    kept: list[bool] = []
    monkeypatch.setattr(transport, "keep_read_buffers", lambda: kept.append(True))
    client = AsyncPlextera("key")
    assert client.files is not None  # what a client works with is made on first use

    assert kept
