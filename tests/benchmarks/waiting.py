"""What waiting for thousands of jobs costs: requests for each, how late their ends are noticed, memory.

`python -m tests.benchmarks.waiting [--jobs N] [--scale S] [--arms "A; B"] [--json FILE]`

Jobs last a log-normal time (median 20 s, sigma 0.6), divided by the scale, in a server process of their own. Their
creation is not counted, what waiting asks for is. An event comes 0.15 s after an end.
"""

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from plextera_async import AsyncPlextera
from plextera_async.webhooks import ExtractionEvent, WebhookReceiver, WebhookVerifier, sign
from tests.benchmarks.measure import on_core
from tests.benchmarks.report import FOLDER, keep

_ROOT = Path(__file__).parents[2]
_SECRET = "whsec_of_a_benchmark"
_LOST = 100  # of so many events one is lost, in the arm that loses some

Result = dict[str, Any]


@attrs.define
class Scene:
    """A server, and a client of it that may hear of events."""

    client: AsyncPlextera
    port: int
    receiver: WebhookReceiver
    seen: dict[str, float] = attrs.field(factory=dict[str, float])
    hears: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def counts(self) -> Result:
        """Ask the server what it was asked, and when jobs ended."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(b"GET /counts HTTP/1.1\r\nHost: x\r\n\r\n")
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        body = await reader.readexactly(int(head.split("content-length: ")[1].split()[0]))
        writer.close()
        return json.loads(body)  # type: ignore[no-any-return]

    async def hear(self, *, lose: int) -> None:
        """Take events until cancelled; of each *lose* one is lost, 0 loses none."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**20)
        writer.write(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readline()
        self.hears.set()
        number = 0
        try:
            while body := (await reader.readline()).rstrip(b"\n"):
                number += 1
                if lose == 0 or number % lose:
                    headers = {"X-Plextera-Signature": sign(body, _SECRET, int(time.time()))}
                    await self.receiver.handle(body, headers)
        finally:
            writer.close()


def _server(scale: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.benchmarks.pretend_jobs", str(scale)]
    return subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@asynccontextmanager
async def scene(scale: float, *, hears: bool, lose: int) -> AsyncIterator[Scene]:
    """Start a server and make a client."""
    with on_core(0):
        server = _server(scale)
    with server, on_core(1):
        assert server.stdin is not None
        assert server.stdout is not None
        port = int(server.stdout.readline())
        receiver = WebhookReceiver(WebhookVerifier(_SECRET))
        client = AsyncPlextera("key", base_url=f"http://127.0.0.1:{port}", events=receiver if hears else None)
        made = Scene(client, port, receiver)
        hearing = asyncio.create_task(made.hear(lose=lose))
        await made.hears.wait()
        try:
            async with client:
                yield made
        finally:
            hearing.cancel()
            await asyncio.wait({hearing})
            server.stdin.close()


async def _create(here: Scene, kind: str) -> Any:
    client = here.client
    return await (client.runs.start("daily") if kind == "run" else client.extractions.create(file_id="f"))


async def _watched(handle: Any) -> None:
    async for _ in handle.watch():
        pass


WAYS: dict[str, Callable[[Any], Awaitable[object]]] = {
    "wait": lambda handle: handle.wait(),
    "result": lambda handle: handle.result(),
    "watch": _watched,
}


async def _measure(here: Scene, jobs: int, *, kind: str, way: str, cancels: bool) -> Result:
    async def one() -> None:
        handle = await _create(here, kind)
        await WAYS[way](handle)
        here.seen[handle.id] = time.time()

    cpu = time.process_time()
    tasks = [asyncio.ensure_future(one()) for _ in range(jobs)]
    if cancels:
        await asyncio.wait(tasks, timeout=8)
        for task in tasks[::2]:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    cpu = time.process_time() - cpu
    return _figures(here, await here.counts(), cpu)


def _figures(here: Scene, counts: Result, cpu: float) -> Result:
    late = sorted(moment - counts["ends"][id_] for id_, moment in here.seen.items())
    asked = counts["requests"]
    finished = len(late)
    return {
        "finished": finished,
        "requests_per_job": round((asked["list"] + asked["get"]) / finished, 4),
        "lists": asked["list"],
        "gets": asked["get"],
        "mean": round(sum(late) / finished, 3),
        "p50": round(late[finished // 2], 3),
        "p99": round(late[int(finished * 0.99)], 3),
        "latest": round(late[-1], 3),
        "client_cpu": round(cpu, 2),
        "left": sum(map(len, here.client._watchers._by_loop.values())),
    }


async def _by_handlers(here: Scene, jobs: int) -> Result:
    """Wait for nothing: a handler notes each end, as programs without a client's waits do."""
    done = asyncio.Event()

    @here.receiver.on(ExtractionEvent)
    def note(event: ExtractionEvent) -> None:
        here.seen[event.extraction.id] = time.time()
        if len(here.seen) == jobs:
            done.set()

    cpu = time.process_time()
    await asyncio.gather(*(_create(here, "extraction") for _ in range(jobs)))
    await done.wait()
    return _figures(here, await here.counts(), time.process_time() - cpu)


async def _memory(here: Scene, jobs: int) -> Result:
    """Measure what an open wait takes, its task and the handle not counted, and what is left of it."""
    tracemalloc.start()
    handles = [await _create(here, "extraction") for _ in range(jobs)]

    async def idle() -> None:
        await asyncio.get_running_loop().create_future()

    async def taken(start: Callable[[Any], Any]) -> tuple[float, list[asyncio.Task[Any]]]:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        tasks = [asyncio.create_task(start(handle)) for handle in handles]
        await asyncio.sleep(0.3)
        gc.collect()
        return (tracemalloc.get_traced_memory()[0] - before) / jobs, tasks

    async def ended(tasks: list[asyncio.Task[Any]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # until then the loop holds what was gathered

    tasks: list[asyncio.Task[Any]]
    bare, tasks = await taken(lambda _: idle())
    await ended(tasks)
    before = tracemalloc.get_traced_memory()[0]
    whole, tasks = await taken(lambda handle: handle.wait())
    await ended(tasks)
    del tasks
    await asyncio.sleep(0)
    gc.collect()
    left = (tracemalloc.get_traced_memory()[0] - before) / jobs
    tracemalloc.stop()
    return {
        "bytes_with_its_task": round(whole),
        "bytes": round(whole - bare),
        "bytes_left": max(0, round(left)),
    }


ARMS: dict[str, dict[str, Any]] = {
    "each job polled": {"way": "watch"},
    "polling": {"way": "result"},
    "polling, wait()": {"way": "wait"},
    "polling, half cancelled": {"way": "wait", "cancels": True},
    "polling, runs": {"way": "wait", "kind": "run"},
    "events": {"way": None},
    "both": {"way": "result", "hears": True},
    "both, 1 in 100 lost": {"way": "result", "hears": True, "lose": _LOST},
    "memory": {"way": "memory"},
}


async def measure(arm: str, *, jobs: int, scale: float) -> Result:
    """Run one arm, in a scene of its own."""
    how = {"kind": "extraction", "hears": False, "lose": 0, "cancels": False, **ARMS[arm]}
    async with scene(1 if how["way"] == "memory" else scale, hears=how["hears"], lose=how["lose"]) as here:
        if how["way"] is None:
            figures = await _by_handlers(here, jobs)
        elif how["way"] == "memory":
            figures = await _memory(here, min(jobs, 2000))
        else:
            figures = await _measure(here, jobs, kind=how["kind"], way=how["way"], cancels=how["cancels"])
    return {"arm": arm, "jobs": jobs, "scale": scale, **figures}


_COLUMNS = {
    "finished": "Jobs",
    "requests_per_job": "Requests for each",
    "lists": "Lists",
    "gets": "Single looks",
    "mean": "Mean, s",
    "p99": "99 of 100, s",
    "latest": "Latest, s",
    "client_cpu": "Client CPU, s",
}


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _show(result: Result) -> None:
    if "bytes" in result:
        whole, own, left = result["bytes_with_its_task"], result["bytes"], result["bytes_left"]
        _say(
            f"\nAn open wait takes {own} bytes, with its task {whole} (bar 10 KB, stretch 1 KB); {left} are left of it."
        )
    else:
        _say(_row([result["arm"], *(result[name] for name in _COLUMNS)]))


def main(arguments: Sequence[str] | None = None) -> list[Result]:
    """Run arms one after the other and show a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--jobs", type=int, default=5000, help="how many are waited for at one time")
    parser.add_argument("--scale", type=float, default=1.0, help="how much faster jobs end")
    parser.add_argument("--arms", default="; ".join(ARMS), help="names, separated by semicolons")
    parser.add_argument(
        "--json", type=Path, default=FOLDER / "waiting.json", help="where the figures go as JSON"
    )
    chosen = parser.parse_args(arguments)
    results: list[Result] = []
    _say(_row(["Arm", *_COLUMNS.values()]))
    _say(_row(["---"] * (len(_COLUMNS) + 1)))
    for name in chosen.arms.split(";"):
        results.append(asyncio.run(measure(name.strip(), jobs=chosen.jobs, scale=chosen.scale)))
        _show(results[-1])
    keep(chosen.json, arms=results)
    return results


if __name__ == "__main__":
    main()
