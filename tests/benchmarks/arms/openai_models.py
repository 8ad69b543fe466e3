"""The released `openai` package's transport with its defaults, to models as its users get them: pydantic's, of our document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from plextera_openai import Extraction, File

from tests.benchmarks.work import Calls

__all__ = ["calls"]

_FORM: Any = {"headers": {"Content-Type": "multipart/form-data"}}


class _OpenAI:
    def __init__(self, client: AsyncOpenAI) -> None:
        self._client = client

    async def job(self, content: bytes) -> int:
        files = {"file": ("document.pdf", content, "application/pdf")}
        file = await self._client.post("/files", cast_to=File, files=files, options=_FORM)
        body = {"document": {"fileId": file.id}}
        job = await self._client.post("/document-insights/extractions", cast_to=Extraction, body=body)
        for _ in range(3):
            job = await self._client.get(f"/document-insights/extractions/{job.id}", cast_to=Extraction)
        return len(job.output.fields)


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client; its own limits are not touched."""
    async with AsyncOpenAI(api_key="benchmark", base_url=base_url) as client:
        yield Calls(job=_OpenAI(client).job)
