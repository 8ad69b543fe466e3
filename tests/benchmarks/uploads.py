"""Eight uploads of 50 MB at once, beside eight `curl -F`. `python -m tests.benchmarks.uploads [ROUNDS]`.

By path and from open files: throughput, memory over what was in use before, and the longest stall of the loop. A `curl` has
to be started for each; eight that upload next to nothing show what that takes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median

from tests.benchmarks.driving import Run, Seen
from tests.benchmarks.measure import Ratio, Server, client, on_core, ratio, rounds, running
from tests.benchmarks.report import Row, tell

__all__ = ["main"]

_MB = 2**20
_SIZE = 50 * _MB
_AT_ONCE = 8
_STALL = 0.025
_STARTING = "curl, starting"
_SDK = {"sdk, path": "upload", "sdk, open file": "upload_open"}


def _curl(base_url: str, path: str) -> Seen:
    """Let eight curls run on the clients' core."""
    command = ["curl", "-sS", "-f", "-o", os.devnull, "-F", f"file=@{path}", f"{base_url}/files"]
    before, start = os.times(), time.perf_counter()
    with on_core(1):
        curls = [subprocess.Popen(command) for _ in range(_AT_ONCE)]
    if any(process.wait() for process in curls):
        raise RuntimeError("curl failed")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Seen(cpu=cpu, wall=time.perf_counter() - start, count=_AT_ONCE, gave=[])


def _arms(server: Server, path: str, *, count: int = _AT_ONCE) -> dict[str, Callable[[], Seen]]:
    def arm(name: str, work: str) -> Callable[[], Seen]:
        return partial(
            client,
            Run(arm=name, base_url=server.base_url, work=work, count=count, in_flight=_AT_ONCE, path=path),
        )

    arms = {"raw": arm("raw", "upload"), **{name: arm("sdk", work) for name, work in _SDK.items()}}
    if not shutil.which("curl"):
        return arms
    return {
        **arms,
        "curl": partial(_curl, server.base_url, path),
        _STARTING: partial(_curl, server.base_url, __file__),
    }


def _verify(path: str) -> None:
    """Let each arm send the file, and see that it arrived whole."""
    digest = sha256(Path(path).read_bytes()).hexdigest()
    with running(verify=True) as server:
        for name, run in _arms(server, path, count=1).items():
            if name == _STARTING:
                continue
            before = server.seen()["digests"].count(digest)
            run()
            if server.seen()["digests"].count(digest) == before:
                raise ValueError(f"{name}: another file arrived than was sent")


def _rows(seen: dict[str, list[Seen]]) -> list[Row]:
    rows = []
    walls = {arm: [run.wall for run in runs] for arm, runs in seen.items()}
    if _STARTING in walls:
        walls["curl, started"] = [
            all_of_it - some for all_of_it, some in zip(walls["curl"], walls[_STARTING], strict=True)
        ]
    rate = {arm: [_AT_ONCE * _SIZE / _MB / wall for wall in each] for arm, each in walls.items()}
    floor = max(_STALL, 2 * median([run.stall for run in seen["raw"]]))
    for arm in _SDK:
        work = f"8 uploads of 50 MB at once, {arm.removeprefix('sdk, ')}"
        for other, name in (
            ("curl", "8 `curl -F`"),
            ("curl, started", "8 `curl -F`, less the time to start them"),
            ("raw", "`FormData` of open files"),
        ):
            if other in rate:
                row = Row(
                    work=work,
                    figure="throughput",
                    against=name,
                    ratio=ratio(rate[arm], rate[other]),
                    bar=0.55,
                    stretch=0.7,
                    more_is_better=True,
                    detail=f"{median(rate[arm]):.0f} against {median(rate[other]):.0f} MB/s",
                )
                rows.append(row)
        grown = [run.growth / _MB for run in seen[arm]]
        stalls = [run.stall for run in seen[arm]]
        rows.append(_plain(work, "memory grown by, MB", grown, bar=16, stretch=10))
        rows.append(
            _plain(work, "longest stall, ms", [s * 1000 for s in stalls], bar=floor * 1000, stretch=12)
        )
    return rows


def _plain(work: str, figure: str, values: list[float], *, bar: float, stretch: float) -> Row:
    spread = Ratio(median(values), min(values), max(values))
    return Row(work=work, figure=figure, against="-", ratio=spread, bar=round(bar, 1), stretch=stretch)


def main(number: int = 5) -> None:
    """Measure and tell."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        dice = Random(1)  # noqa: S311 - content, not secrecy
        for _ in range(50):
            file.write(dice.randbytes(_MB))
        file.flush()
        _verify(file.name)
        with running() as server:
            seen = rounds(_arms(server, file.name), number=number)
    tell("uploads", _rows(seen), raw={arm: [asdict(run) for run in runs] for arm, runs in seen.items()})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
