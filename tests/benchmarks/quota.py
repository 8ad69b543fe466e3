"""200 tasks against a server with a quota that nobody told the client, in real time and over real sockets.

    python -m tests.benchmarks.quota [--rates 20,100,500] [--seconds 25] [--mixed] [--changes] [--json FILE]

The server is a process of its own: a token bucket before two operations, every answer noted with its time. For each rate
and burst it prints the share of the quota that was used and of answers that were 429, both after the first five
seconds, and the longest call as a multiple of the median. With `--changes` the quota goes from 200 to 100 to 400 a
second, and the figures of a phase begin ten seconds after the change.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import attrs
from aiohttp import web

from plextera_async import AsyncPlextera
from tests.benchmarks.measure import on_core
from tests.benchmarks.report import FOLDER, keep

TASKS = 200
SETTLING = 5.0
SETTLING_AFTER_CHANGE = 10.0
PHASE = 25.0
EXTRACTION = json.dumps(
    {
        "id": "id1",
        "status": "PROCESSING",
        "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-01T00:00:00Z",
    }
).encode()
REFUSAL = json.dumps({"error": {"code": "RATE_LIMITED", "message": "Too many.", "retryable": True}}).encode()


@attrs.frozen
class Probe:
    """One run."""

    phases: tuple[float, ...]
    """Requests a second, one after the other."""
    burst: float
    """In seconds of the rate."""
    seconds: float
    """Of each phase."""
    latency: float = 0.02
    retry_after: str = "1"
    mixed: bool = False
    """Whether half of the tasks create."""


@attrs.frozen
class Figures:
    """What came of a phase."""

    quota: float
    burst: float
    mixed: bool
    used: float
    refused: float
    longest_of_median: float


@attrs.define
class Bucket:
    """The quota."""

    probe: Probe
    began: float = attrs.field(factory=time.monotonic)
    level: float = 1e9
    at: float = 0.0

    def takes(self, now: float) -> bool:
        """Count a request."""
        phase = min(int((now - self.began) / self.probe.seconds), len(self.probe.phases) - 1)
        rate = self.probe.phases[phase]
        self.level = min(max(1.0, rate * self.probe.burst), self.level + (now - self.at) * rate)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


def serve(probe: Probe, pipe: Connection) -> None:
    """Serve until told to stop; the pipe gives the port first and every answer's time at the end."""
    asyncio.run(_serve(probe, pipe))


async def _serve(probe: Probe, pipe: Connection) -> None:
    answers: list[tuple[float, bool]] = []
    bucket = Bucket(probe)

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        if not answers:
            bucket.began = time.monotonic()
        taken = bucket.takes(time.monotonic())
        answers.append((time.monotonic(), taken))
        await asyncio.sleep(probe.latency)
        status, body = (200 if request.method == "GET" else 202, EXTRACTION) if taken else (429, REFUSAL)
        headers = {} if taken else {"Retry-After": probe.retry_after}
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    runner = web.ServerRunner(web.Server(handle, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    pipe.send(runner.addresses[0][1])
    await asyncio.to_thread(pipe.recv)
    await runner.cleanup()
    pipe.send(answers)


async def drive(probe: Probe, port: int) -> list[tuple[float, float]]:
    """Keep the tasks busy; gives the end and the length of every call."""
    calls: list[tuple[float, float]] = []
    end = time.monotonic() + probe.seconds * len(probe.phases)

    async def work(client: AsyncPlextera, number: int) -> None:
        while True:
            began = time.monotonic()
            if probe.mixed and number % 2:
                await client.extractions.create(url="https://example.com/a.pdf")
            else:
                await client.extractions.get("id1")
            calls.append((time.monotonic(), time.monotonic() - began))

    async with AsyncPlextera("key", base_url=f"http://127.0.0.1:{port}/api/public/v1") as client:
        tasks = [asyncio.ensure_future(work(client, number)) for number in range(TASKS)]
        while time.monotonic() < end and not any(task.done() for task in tasks):
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    if failed := [outcome for outcome in outcomes if not isinstance(outcome, asyncio.CancelledError)]:
        raise RuntimeError(f"{len(failed)} calls failed: {failed[0]}")
    return calls


def measure(probe: Probe) -> list[Figures]:
    """Run a probe; gives the figures of each phase."""
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    server = spawning.Process(target=serve, args=(probe, theirs), daemon=True)
    with on_core(0):
        server.start()
    with on_core(1):
        calls = asyncio.run(drive(probe, ours.recv()))
    ours.send("stop")
    answers = ours.recv()
    server.join()
    return [_figures(probe, number, answers, calls) for number in range(len(probe.phases))]


def _figures(
    probe: Probe, number: int, answers: list[tuple[float, bool]], calls: list[tuple[float, float]]
) -> Figures:
    start = answers[0][0] + number * probe.seconds
    begin = start + (SETTLING_AFTER_CHANGE if number else SETTLING)
    end = start + probe.seconds
    seen = [taken for at, taken in answers if begin <= at < end]
    lengths = sorted(length for at, length in calls if begin <= at < end)
    return Figures(
        quota=probe.phases[number],
        burst=probe.burst,
        mixed=probe.mixed,
        used=sum(seen) / (end - begin) / probe.phases[number],
        refused=seen.count(False) / len(seen),
        longest_of_median=lengths[-1] / lengths[len(lengths) // 2],
    )


def _probes(arguments: argparse.Namespace) -> list[Probe]:
    rates = [float(rate) for rate in arguments.rates.split(",") if rate]
    probes = [
        Probe((rate,), burst, arguments.seconds, mixed=arguments.mixed)
        for rate, burst in itertools.product(rates, (1.0, 0.25))
    ]
    if arguments.changes:
        probes += [Probe((200.0, 100.0, 400.0), burst, PHASE, mixed=arguments.mixed) for burst in (1.0, 0.25)]
    return probes


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rates", default="20,100,500", help="requests a second, separated by commas")
    parser.add_argument("--seconds", type=float, default=25.0, help="of each run")
    parser.add_argument("--mixed", action="store_true", help="half of the tasks create")
    parser.add_argument("--changes", action="store_true", help="also a quota that changes")
    parser.add_argument(
        "--json", type=Path, default=FOLDER / "quota.json", help="where the figures go as JSON"
    )
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    _say(f"{'quota':>7} {'burst':>7} {'used':>7} {'429':>7} {'longest/median':>15}")
    for probe in _probes(arguments):
        for figures in measure(probe):
            rows.append(attrs.asdict(figures))
            burst = figures.quota * figures.burst
            _say(
                f"{figures.quota:7.0f} {burst:7.0f} {figures.used:7.1%} {figures.refused:7.2%}"
                f" {figures.longest_of_median:15.1f}"
            )
    keep(arguments.json, rows=rows)


if __name__ == "__main__":
    main()
