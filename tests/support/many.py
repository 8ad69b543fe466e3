"""Documents and outcomes for pipelines of many."""

from typing import Any

from plextera_async import AsyncPlextera, Outcome
from plextera_async.sandbox import Sandbox


def text(number: int) -> bytes:
    return b"Total: %d\n" % number


def posts(sandbox: Sandbox) -> int:
    return sum(request.method == "POST" for request in sandbox.requests)


async def outcomes_of(client: AsyncPlextera, documents: Any, **options: Any) -> list[Outcome]:
    async with client.extract_many(documents, **options) as outcomes:
        return [outcome async for outcome in outcomes]
