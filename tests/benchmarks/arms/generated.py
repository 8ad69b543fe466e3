"""What the released `openapi-python-client` makes of our document, with its pool as large as the number in flight."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import httpx
from plextera_public_api_client import AuthenticatedClient
from plextera_public_api_client.api.document_insights import create_extraction, get_extraction
from plextera_public_api_client.api.files import upload_file
from plextera_public_api_client.models import (
    DocumentByFileId,
    Extraction,
    ExtractionCreate,
    ExtractionOutput,
    File,
    FileUpload,
)
from plextera_public_api_client.types import File as Content
from plextera_public_api_client.types import Unset

from tests.benchmarks.work import Calls

__all__ = ["calls"]


class _Generated:
    def __init__(self, client: AuthenticatedClient) -> None:
        self._client = client

    async def job(self, content: bytes) -> int:
        part = Content(payload=BytesIO(content), file_name="document.pdf", mime_type="application/pdf")
        file = await upload_file.asyncio(client=self._client, body=FileUpload(file=part))
        assert isinstance(file, File)
        body = ExtractionCreate(document=DocumentByFileId(file_id=file.id))
        job = await create_extraction.asyncio(client=self._client, body=body)
        for _ in range(3):
            assert isinstance(job, Extraction)
            job = await get_extraction.asyncio(job.id, client=self._client)
        assert isinstance(job, Extraction)
        assert isinstance(job.output, ExtractionOutput)
        assert not isinstance(job.output.fields, Unset)
        return len(job.output.fields)


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client; with httpx's default of 20 kept connections it would be slower still."""
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    client = AuthenticatedClient(
        base_url=base_url,
        token="benchmark",
        prefix="api-key",
        httpx_args={"limits": limits},
        timeout=httpx.Timeout(60),
    )
    async with client:
        yield Calls(job=_Generated(client).job)
