"""The floor: tuned aiohttp, its own forms, orjson, dicts and no models."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.benchmarks.work import Calls

__all__ = ["Raw", "calls"]

_HEADERS = {"Authorization": "api-key benchmark"}


class Raw:
    """Calls of a session."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str) -> None:
        """Call this API."""
        self._session = session
        self._files = f"{base_url}/files"
        self._extractions = f"{base_url}/document-insights/extractions"

    async def job(self, content: bytes) -> int:
        """Do a whole job."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename="document.pdf", content_type="application/pdf")
        async with self._session.post(self._files, data=form) as answer:
            answer.raise_for_status()
            file = orjson.loads(await answer.read())
        body = orjson.dumps({"document": {"fileId": file["id"]}})
        kind = {"Content-Type": "application/json"}
        async with self._session.post(self._extractions, data=body, headers=kind) as answer:
            answer.raise_for_status()
            job = orjson.loads(await answer.read())
        for look in range(3):
            await self.pause(look)
            job = await self._get(job["id"])
        return len(job["output"]["fields"])

    async def pause(self, look: int) -> None:
        """Pause before a look, counted from 0: not here."""

    async def status(self, id: str) -> str:
        """Read one extraction."""
        return str((await self._get(id))["status"])

    async def _get(self, id: str) -> dict[str, Any]:
        async with self._session.get(f"{self._extractions}/{id}") as answer:
            answer.raise_for_status()
            told: dict[str, Any] = orjson.loads(await answer.read())
            return told

    async def upload(self, path: str) -> None:
        """Upload a file by its path."""
        with Path(path).open("rb") as file:  # noqa: ASYNC230 - at once, for a file on a local disk
            form = aiohttp.FormData()
            form.add_field("file", file, filename="document.pdf", content_type="application/pdf")
            async with self._session.post(self._files, data=form) as answer:
                answer.raise_for_status()
                await answer.read()


@asynccontextmanager
async def calls(base_url: str, in_flight: int, kind: type[Raw] = Raw) -> AsyncIterator[Calls]:
    """Open a session."""
    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), headers=_HEADERS
    ) as session:
        raw = kind(session, base_url)
        yield Calls(job=raw.job, status=raw.status, upload=raw.upload)
