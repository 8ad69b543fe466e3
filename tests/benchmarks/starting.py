"""What it costs to begin: imports in fresh interpreters beside `import aiohttp`, clients beside empty aiohttp sessions.

CPU time of whole processes is compared, the start of the interpreter included; each round runs all of them.

    python -m tests.benchmarks.starting [--rounds N] [--json FILE]
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

from plextera_async import AsyncPlextera
from tests.benchmarks.sides import Row, arguments, in_turns, row, tell

try:
    import resource
except ImportError as missing:  # it counts the CPU time of children
    raise SystemExit("this benchmark needs a POSIX system") from missing

__all__ = ["main"]

_IMPORTS = {
    "aiohttp": "import aiohttp",
    "nothing": "",
    "door": "import plextera_async",
    "errors": "import plextera_async.errors",
    "webhooks": "import plextera_async.webhooks",
    "models": "from plextera_async import models",
    "client": "from plextera_async import AsyncPlextera; AsyncPlextera('key')",
}
_CLIENTS = 10_000


def _cost_of_import(statement: str) -> float:
    """Give the CPU seconds of an interpreter that does this and ends."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    command = [sys.executable, "-c", statement]
    subprocess.run(command, check=True)  # once before, so that all are compiled and in the cache of the disk
    before = used()
    subprocess.run(command, check=True)
    return used() - before


async def _ours() -> None:
    await AsyncPlextera("key").aclose()


async def _theirs() -> None:
    await aiohttp.ClientSession().close()


async def _cost_of_making(make: Callable[[], Awaitable[None]]) -> dict[str, float]:
    for _ in range(100):
        await make()
    begun = time.process_time()
    for _ in range(_CLIENTS):
        await make()
    each = (time.process_time() - begun) / _CLIENTS
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(_CLIENTS):
        await make()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"each_us": each * 1e6, "left_bytes": after - before}


def _measure(side: str) -> dict[str, float]:
    if side in _IMPORTS:
        return {"ms": _cost_of_import(_IMPORTS[side]) * 1e3}
    return asyncio.run(_cost_of_making(_ours if side == "making" else _theirs))


def _rows(seen: dict[str, list[dict[str, float]]]) -> list[Row]:
    peer = [one["ms"] for one in seen["aiohttp"]]
    levels = {"door": (1.25, 0.5)}
    rows = [
        row(
            f"`{statement}`",
            "`import aiohttp`",
            [one["ms"] for one in seen[side]],
            peer,
            unit="ms",
            levels=levels.get(side, (None, None)),
        )
        for side, statement in _IMPORTS.items()
        if side != "aiohttp" and statement
    ]
    ours, theirs = ([one["each_us"] for one in seen[side]] for side in ("making", "session"))
    label = f"a client made and closed, of {_CLIENTS:,}"
    made = row(label, "an empty `aiohttp.ClientSession`", ours, theirs, unit="us", levels=(1.0, None))
    return [*rows, made]


def main() -> None:
    """Measure and tell."""
    if sys.argv[1:2] == ["--side"]:
        print(json.dumps(_measure(sys.argv[2])))  # noqa: T201 - to the process that compares
        return
    chosen = arguments(__doc__ or "", name="starting", rounds=9)
    sides: dict[str, Any] = {
        side: ["-m", __spec__.name, "--side", side] for side in (*_IMPORTS, "making", "session")
    }
    seen = in_turns(sides, number=chosen.rounds)
    tell(_rows(seen), seen, chosen.json)
    left = max(one["left_bytes"] for one in seen["making"])
    print(f"\nLeft in memory by {_CLIENTS:,} clients: at most {left:.0f} bytes.")  # noqa: T201 - as above


if __name__ == "__main__":
    main()
