"""The same transport, to models as its users get them: pydantic's, of our document."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from plextera_openai import Extraction, File

from tests.benchmarks.arms import openai_transport
from tests.benchmarks.work import Calls

__all__ = ["calls"]


class _Models(openai_transport.Dicts):
    file = File
    extraction = Extraction

    def id_of(self, made: Any) -> str:
        return str(made.id)

    def fields_of(self, job: Any) -> int:
        return len(job.output.fields)


@asynccontextmanager
async def calls(base_url: str, in_flight: int) -> AsyncIterator[Calls]:
    """Open a client."""
    async with openai_transport.calls(base_url, in_flight, _Models) as made:
        yield made
