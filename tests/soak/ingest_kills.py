"""Kills an ingestion dozens of times while the server misbehaves, and counts what was lost or done twice.

Run by hand: `python -m tests.soak.ingest_kills [--documents 3000] [--kills 40]`. It prints what it found, and exits 1 if a
document was lost, submitted twice, or written twice.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from plextera_async.sandbox import Fault, Sandbox, Timing
from tests.support.kills import documents, lines_of, start, submitted_twice

_UPLOAD = "uploadExtraction"


def misbehave(sandbox: Sandbox, dice: random.Random) -> None:
    """Let something go wrong with one of the next requests."""
    sandbox.faults.add(
        dice.choice(
            [
                Fault(path=_UPLOAD, status=502, apply=True),
                Fault(path=_UPLOAD, status=500),
                Fault(path=_UPLOAD, drop="after_body", apply=True),
                Fault(path=_UPLOAD, drop="before_body"),
                Fault(path=_UPLOAD, drop="mid_response", apply=True),
                Fault(path=_UPLOAD, delay=0.2),
                Fault(status=429, retry_after=1),
                Fault(method="GET", status=503),
                Fault(method="GET", drop="after_body"),
            ]
        )
    )


async def soak(folder: Path, count: int, kills: int, seed: int, concurrency: int) -> bool:
    """Run until everything has ended; gives whether all is well."""
    dice = random.Random(seed)  # noqa: S311 - a seed to repeat it by
    source = await asyncio.to_thread(documents, folder / "in", count)
    ledger, out = folder / "ledger.sqlite", folder / "out.jsonl"
    killed = runs = 0
    began = time.monotonic()
    async with Sandbox(timing=Timing(queued=0.05, processing=0.05)) as sandbox:
        os.environ.update(PLEXTERA_BASE_URL=sandbox.base_url, PLEXTERA_API_KEY=sandbox.api_key)
        while True:
            runs += 1
            arguments = ["ingest", str(source), "--ledger", str(ledger), "--out", str(out)]
            process = start(*arguments, "--concurrency", str(concurrency), longest=1.0)
            ended = asyncio.create_task(asyncio.to_thread(process.communicate))
            dies_at = time.monotonic() + dice.uniform(0.4, 12.0)
            while not ended.done() and (killed >= kills or time.monotonic() < dies_at):
                if killed < kills:
                    misbehave(sandbox, dice)
                await asyncio.sleep(0.3)
            sandbox.faults.clear()
            if not ended.done():
                process.kill()
                killed += 1
            _, told = await ended
            written = len(await asyncio.to_thread(out.read_bytes)) if out.exists() else 0
            print(
                f"run {runs}: exit {process.returncode}, {len(sandbox.world.extractions)} extractions, {written} bytes"
            )
            if process.returncode not in (-9, 0, 1):
                print(told.decode()[-2000:])
                return False
            if process.returncode == 0:
                break
        return report(
            sandbox, out, count, f"{killed} kills, {runs} runs, {time.monotonic() - began:.0f} s, seed {seed}"
        )


def report(sandbox: Sandbox, out: Path, count: int, what: str) -> bool:
    """Count, and say whether all is well."""
    lines = lines_of(out)
    twice_written = [
        source for source, number in Counter(line["source"] for line in lines).items() if number > 1
    ]
    twice = submitted_twice(sandbox)
    lost = count - len({line["source"] for line in lines})
    statuses = Counter(str(line["status"]) for line in lines)
    print(
        f"{what}: {count} documents, {len(sandbox.world.extractions)} extractions, {len(lines)} lines {dict(statuses)}"
    )
    print(f"lost {lost}, submitted twice {len(twice)}, written twice {len(twice_written)}")
    return not (lost or twice or twice_written)


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--concurrency", type=int, default=32)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = soak(Path(folder), given.documents, given.kills, given.seed, given.concurrency)
        return 0 if asyncio.run(work) else 1


if __name__ == "__main__":
    sys.exit(main())
