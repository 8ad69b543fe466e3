"""The floor with the pauses that `sdk_result` makes: answers that come one by one cost more than those that come together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import random

from tests.benchmarks.arms import raw
from tests.benchmarks.work import Calls

__all__ = ["calls"]


class _Pausing(raw.Raw):
    async def pause(self, look: int) -> None:
        await asyncio.sleep(0.001 * 1.5**look * (0.8 + 0.4 * random()))  # noqa: S311 - spread, not secrecy


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a session."""
    async with raw.calls(base_url, in_flight, _Pausing) as made:
        yield made
