"""The released `openai` package's transport with its defaults: its client's own `post` and `get`, to dicts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI

from tests.benchmarks.work import Calls

__all__ = ["Dicts", "calls"]

_FORM: Any = {"headers": {"Content-Type": "multipart/form-data"}}


class Dicts:
    """Calls that give dicts."""

    file: Any = object
    extraction: Any = object

    def __init__(self, client: AsyncOpenAI) -> None:
        """Call by this client."""
        self._client = client

    async def job(self, content: bytes) -> int:
        """Do a whole job."""
        files = {"file": ("document.pdf", content, "application/pdf")}
        file: Any = await self._client.post("/files", cast_to=self.file, files=files, options=_FORM)
        body = {"document": {"fileId": self.id_of(file)}}
        job: Any = await self._client.post(
            "/document-insights/extractions", cast_to=self.extraction, body=body
        )
        for _ in range(3):
            path = f"/document-insights/extractions/{self.id_of(job)}"
            job = await self._client.get(path, cast_to=self.extraction)
        return self.fields_of(job)

    def id_of(self, made: Any) -> str:
        """Give the id of what a call gave."""
        return str(made["id"])

    def fields_of(self, job: Any) -> int:
        """Count the fields of a result."""
        return len(job["output"]["fields"])


@asynccontextmanager
async def calls(base_url: str, in_flight: int, kind: type[Dicts] = Dicts) -> AsyncIterator[Calls]:
    """Open a client; its own limits are not touched."""
    async with AsyncOpenAI(api_key="benchmark", base_url=base_url) as client:
        yield Calls(job=kind(client).job)
