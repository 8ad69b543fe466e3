"""This package by `handle.result()`, with a first pause as short as makes no difference: three looks, as in the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from plextera_async import AsyncPlextera, ClientOptions, Limits, PollPolicy
from tests.benchmarks.work import Calls

__all__ = ["calls"]


class _Waiting:
    def __init__(self, client: AsyncPlextera) -> None:
        self._client = client

    async def job(self, content: bytes) -> int:
        file = await self._client.files.upload(content, name="document.pdf")
        handle = await self._client.extractions.create(file_id=file.id)
        return len((await handle.result()).fields)


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client."""
    options = ClientOptions(limits=Limits(concurrency=in_flight), polling=PollPolicy(first_delay=0.001))
    async with AsyncPlextera("benchmark", base_url=base_url, options=options) as client:
        yield Calls(job=_Waiting(client).job)
