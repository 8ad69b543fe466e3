"""Ingestions in processes of their own that are killed, and what must hold after that."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from plextera_async._sansio.inputs import KEY_TAG
from plextera_async.sandbox import Sandbox

_ROOT = Path(__file__).parents[2]

# The child shortens the client's pauses; the grace before a second send stays far longer than the sandbox needs for a
# request that it has got. `{before}` is where a test puts what kills it.
_CHILD = """
import inspect, os, signal, sys
sys.path.insert(0, {root!r})
import anyio
from plextera_async._aio.clock import Clock

async def sleep(_, seconds):
    await anyio.sleep(min(seconds, {longest}))

Clock.sleep = sleep

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def die_at(owner, name, when, *, call=3):
    real, calls = getattr(owner, name), 0

    def hit(now):
        nonlocal calls
        calls += now == when
        if now == when and calls == call:
            die()

    def work(*args, **more):
        hit("before")
        result = real(*args, **more)
        hit("after")
        return result

    async def waiting_work(*args, **more):
        hit("before")
        result = await real(*args, **more)
        hit("after")
        return result

    setattr(owner, name, waiting_work if inspect.iscoroutinefunction(real) else work)

{before}
from plextera_async.cli import main
sys.exit(main())
"""


def start(*arguments: str, before: str = "", longest: float = 0.3) -> "subprocess.Popen[bytes]":
    """Start the command in a process of its own.

    Args:
        arguments: Of the command.
        before: Python that the process runs first; it may call `die()`, and `die_at(owner, name, when)` to die before or after
            the third call of something.
        longest: Seconds that no pause of the client is longer than.
    """
    program = _CHILD.format(root=str(_ROOT), before=before, longest=longest)
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def documents(folder: Path, count: int) -> Path:
    """Make so many small documents, no two alike."""
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:05}.txt").write_text(f"Number: {number}\n")
    return folder


def submitted_twice(sandbox: Sandbox) -> list[str]:
    """Give the keys under which there is more than one extraction."""
    keys = Counter(
        (extraction.tags or {}).get(KEY_TAG, "") for extraction in sandbox.world.extractions.values()
    )
    return [key for key, number in keys.items() if number > 1]


def lines_of(out: Path) -> list[dict[str, object]]:
    """Give the lines of a results file; each must be whole."""
    text = out.read_bytes()
    assert text.endswith(b"\n") or not text
    return [json.loads(line) for line in text.splitlines()]
