"""This package with every default, the number in flight included."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plextera_async import AsyncPlextera
from tests.benchmarks.arms.sdk import Sdk
from tests.benchmarks.work import Calls

__all__ = ["calls"]


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client; that so many will be in flight is not told to it."""
    async with AsyncPlextera("benchmark", base_url=base_url) as client:
        yield Sdk(client).calls()
