"""This package, used in the plain way: typed models throughout, every default but the number in flight."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from plextera_async import AsyncPlextera, ClientOptions, Limits
from tests.benchmarks.work import Calls

__all__ = ["Sdk", "calls"]


class Sdk:
    """A client's calls."""

    def __init__(self, client: AsyncPlextera) -> None:
        self._client = client

    def calls(self) -> Calls:
        """Give them."""
        return Calls(job=self._job, status=self._status, upload=self._upload, upload_open=self._upload_open)

    async def _job(self, content: bytes) -> int:
        file = await self._client.files.upload(content, name="document.pdf")
        handle = await self._client.extractions.create(file_id=file.id)
        job = handle.latest
        for _ in range(3):
            job = await handle.refresh()
        assert job is not None
        assert job.output is not None
        return len(job.output.fields)

    async def _status(self, id: str) -> str:
        return (await self._client.extractions.get(id)).status

    async def _upload(self, path: str) -> None:
        await self._client.files.upload(path)

    async def _upload_open(self, path: str) -> None:
        with Path(path).open("rb") as file:  # noqa: ASYNC230 - at once, for a file on a local disk
            await self._client.files.upload(file)


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client."""
    options = ClientOptions(limits=Limits(concurrency=in_flight))
    async with AsyncPlextera("benchmark", base_url=base_url, options=options) as client:
        yield Sdk(client).calls()
