"""What a ledger costs: `python -m tests.benchmarks.ledger [COUNT]`.

Ingests so many small documents into a sandbox in this process, in turn without a ledger, with one, and with one that hashes
contents; prints the medians of three rounds, and how they compare to none. The sandbox, which answers at once, is in all of
them: against a server that takes its time, the difference is smaller.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AbstractAsyncContextManager
from typing import Any

from plextera_async import AsyncPlextera, ClientOptions, Document, PollPolicy
from plextera_async.ingest import Ingest
from plextera_async.sandbox import Sandbox, Timing

_KINDS = ("none", "ledger", "hashing")


def pipeline(
    client: AsyncPlextera, kind: str, folder: str, documents: list[Document]
) -> AbstractAsyncContextManager[Any]:
    if kind == "none":
        return client.extract_many(documents, concurrency=32)
    ledger = f"{folder}/ledger.sqlite"
    return Ingest(client, ledger=ledger, concurrency=32, content_hash=kind == "hashing").run(documents)


async def measure(client: AsyncPlextera, kind: str, name: str, count: int) -> tuple[float, float]:
    documents = [Document(f"Number: {name}{n}\n".encode(), key=f"{name}{n}") for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = time.process_time(), time.perf_counter()
        async with pipeline(client, kind, folder, documents) as outcomes:
            async for outcome in outcomes:
                outcome.unwrap()
        return time.process_time() - cpu, time.perf_counter() - wall


async def main(count: int) -> None:
    polling = PollPolicy(first_delay=0.05, max_delay=0.2)
    async with (
        Sandbox(timing=Timing(queued=0, processing=0)) as sandbox,
        AsyncPlextera(
            sandbox.api_key, base_url=sandbox.base_url, options=ClientOptions(polling=polling)
        ) as client,
    ):
        await measure(client, "none", "warm up ", count)
        rounds = [
            {kind: await measure(client, kind, f"{kind} {turn} ", count) for kind in _KINDS}
            for turn in range(3)
        ]
    for kind in _KINDS:
        cpu, wall = (statistics.median(each[kind][part] for each in rounds) for part in (0, 1))
        ratio = statistics.median(each["none"][1] / each[kind][1] for each in rounds)
        sys.stdout.write(
            f"{kind}: {count / wall:.0f} documents/s, cpu {cpu * 1000 / count:.2f} ms each, {ratio:.2f} of none\n"
        )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
