"""One run of one arm, in a process of its own: `python -m tests.benchmarks.driving '{"arm": "sdk", ...}'` prints JSON.

Imports and a warm-up come before what is measured. CPU is this process's own, so waiting for a busy core does not count.
"""

import asyncio
import importlib
import json
import sys
import time
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.memory import Growth
from tests.benchmarks.stalls import Ticker
from tests.benchmarks.work import Arm, Calls, contents, in_flight

__all__ = ["Run", "Seen", "drive"]

_WARM_UP = 20


@dataclass(frozen=True, kw_only=True)
class Run:
    """What to run."""

    arm: str
    base_url: str
    work: str
    """`job`, `status`, `upload` or `upload_open`."""
    count: int
    in_flight: int
    path: str = ""
    """The file that uploads upload."""
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What was measured over the whole of a run, and what the calls gave."""

    cpu: float
    wall: float
    count: int
    gave: list[Any]
    """Each different outcome of a call, once."""
    stall: float = 0.0
    """Longest time for which the loop did not turn, in seconds; only for uploads."""
    growth: int = 0
    """Bytes by which the memory in use rose above where it stood before; only for uploads, and only on Linux."""


async def drive(arm: Arm, run: Run) -> Seen:
    """Open the arm, warm it up, and measure."""
    async with arm(run.base_url, run.in_flight) as calls:
        if run.work in ("upload", "upload_open"):
            return await _uploads(calls, run)
        call, items, first = _task(calls, run)
        await in_flight(min(_WARM_UP, run.in_flight), call, iter(first))
        cpu, wall = time.process_time(), time.perf_counter()
        gave = await in_flight(run.in_flight, call, iter(items))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Seen(cpu=cpu, wall=wall, count=len(gave), gave=sorted(set(gave)))


def _task(calls: Calls, run: Run) -> tuple[Any, list[Any], list[Any]]:
    if run.work == "job":
        return (
            calls.job,
            list(contents(run.count, seed=run.seed)),
            list(contents(_WARM_UP, seed=run.seed + 1)),
        )
    return calls.status, [f"status-{n}" for n in range(run.count)], ["status-warm"] * _WARM_UP


async def _uploads(calls: Calls, run: Run) -> Seen:
    upload = calls.upload if run.work == "upload" else calls.upload_open
    assert upload is not None
    await upload(__file__)  # connections, threads and imports are there before memory is looked at
    growth = Growth()
    cpu, wall = time.process_time(), time.perf_counter()
    async with Ticker() as ticker:
        gave = await in_flight(run.in_flight, upload, iter([run.path] * run.count))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Seen(cpu=cpu, wall=wall, count=len(gave), gave=[], stall=ticker.longest, growth=growth.bytes())


def main() -> None:
    """Run what the one argument says."""
    run = Run(**json.loads(sys.argv[1]))
    arm = importlib.import_module(f"tests.benchmarks.arms.{run.arm}").calls
    print(json.dumps(asdict(asyncio.run(drive(arm, run)))))  # noqa: T201 - how the parent learns of it


if __name__ == "__main__":
    main()
