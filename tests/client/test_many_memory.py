"""Memory over very many documents stays flat after the first thousand."""

import gc
import tracemalloc
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from plextera_async import AsyncPlextera
from tests.support.stub_transport import with_stub

KILOBYTE = 1024


def completed_at_once() -> AsyncPlextera:
    """Give a client of a server whose every extraction is over when it is created."""
    ids = count()

    def say(_request: Any) -> tuple[int, Any]:
        fields = [{"id": "total", "value": 5}] * 10
        return 202, {
            "id": f"e{next(ids)}",
            "status": "COMPLETED",
            "outputAvailable": True,
            "output": {"fields": fields},
        }

    return with_stub(say)


async def grown(total: int, *, ordered: bool) -> int:
    """Give the bytes by which memory has grown from the first thousand documents to the last."""

    def documents() -> Iterator[bytes]:
        for number in range(total):
            yield b"%d" % number * 100

    taken = before = 0
    async with completed_at_once().extract_many(documents(), concurrency=50, ordered=ordered) as outcomes:
        async for outcome in outcomes:
            assert outcome.error is None
            taken += 1
            if taken == 1000:
                gc.collect()
                tracemalloc.start()
                before = tracemalloc.get_traced_memory()[0]
            elif taken == total:
                gc.collect()
                after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken == total
    return after - before


@pytest.mark.parametrize("ordered", [False, True])
async def test_memory_stays_flat(*, ordered: bool) -> None:
    assert (
        await grown(4000, ordered=ordered) < 500 * KILOBYTE
    )  # of 3000 documents, each with some two of its own
