"""How memory behaves over 100,000 documents: `python -m tests.benchmarks.many_documents [COUNT]`.

Prints objects and resident memory after each tenth. No network takes part: every document is over when it is created.
"""

import asyncio
import gc
import resource
import sys
import time

from tests.client.test_many_memory import completed_at_once


async def measure(total: int, *, ordered: bool) -> None:
    documents = (b"%d" % number * 100 for number in range(total))
    taken, began = 0, time.process_time()
    async with completed_at_once().extract_many(documents, ordered=ordered) as outcomes:
        async for outcome in outcomes:
            outcome.unwrap()
            taken += 1
            if taken == 1000 or taken % (total // 10) == 0:
                gc.collect()
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                seconds = time.process_time() - began
                sys.stdout.write(
                    f"ordered={ordered} documents={taken} objects={len(gc.get_objects())} peak={peak} KB cpu={seconds:.1f} s\n"
                )


if __name__ == "__main__":
    for is_ordered in (False, True):
        asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, ordered=is_ordered))
