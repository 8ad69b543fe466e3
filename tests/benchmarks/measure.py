"""Rounds: each runs every arm once, in shuffled order, in fresh processes on a core of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.request import urlopen

from tests.benchmarks.driving import Run, Seen

__all__ = ["Ratio", "Server", "client", "on_core", "ratio", "rounds", "running"]

_MODULE = "tests.benchmarks"


@contextmanager
def on_core(core: int) -> Generator[None, None, None]:
    """Start what is started in the block on a core: 0 is the servers', 1 the clients'. Nothing where there is no choice."""
    mine = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set[int]()
    if len(mine) <= core:
        yield
        return
    os.sched_setaffinity(0, {sorted(mine)[core]})  # processes inherit it
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)


@dataclass(frozen=True)
class Server:
    """A running server."""

    base_url: str
    process: "subprocess.Popen[str]"

    def seen(self) -> dict[str, Any]:
        """Ask what it has seen."""
        with urlopen(f"{self.base_url}/seen", timeout=10) as answer:  # noqa: S310 - our own, on loopback
            told: dict[str, Any] = json.load(answer)
            return told


@contextmanager
def running(*, delay: float = 0.0, verify: bool = False) -> Generator[Server, None, None]:
    """Run the server on its core, for as long as the block lasts."""
    command = [
        sys.executable,
        "-m",
        f"{_MODULE}.server",
        "--delay",
        str(delay),
        *(["--verify"] if verify else []),
    ]
    with on_core(0):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout is not None
            yield Server(f"http://127.0.0.1:{int(process.stdout.readline())}", process)
        finally:
            process.terminate()


def client(run: Run, *, path: str = "") -> Seen:
    """Run an arm in a fresh process on the clients' core; *path* holds modules that it needs besides."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), path]))}
    command = [sys.executable, "-m", f"{_MODULE}.driving", json.dumps(asdict(run))]
    with on_core(1):
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environ)
    return Seen(**json.loads(done.stdout))


def rounds(
    arms: Mapping[str, Callable[[], Seen]],
    *,
    number: int,
    seed: int = 0,
    told: Callable[[str], None] = lambda _: None,
) -> dict[str, list[Seen]]:
    """Run every arm once a round, each round in another order."""
    seen: dict[str, list[Seen]] = {name: [] for name in arms}
    order = list(arms)
    dice = Random(seed)  # noqa: S311 - order, not secrecy
    for _ in range(number):
        dice.shuffle(order)
        for name in order:
            told(name)
            seen[name].append(arms[name]())
    return seen


@dataclass(frozen=True)
class Ratio:
    """A ratio over the rounds: each round's own, so that what slowed a whole round cancels out."""

    median: float
    least: float
    most: float


def ratio(one: list[float], other: list[float]) -> Ratio:
    """Divide round by round."""
    each = [a / b for a, b in zip(one, other, strict=True)]
    return Ratio(median(each), min(each), max(each))
