"""What is handed to `extract_many` and cannot be sent, or is no collection of documents."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, Document, errors
from plextera_async.sandbox import Sandbox
from tests.support.many import outcomes_of, text


class OddError(Exception):
    pass


async def broken() -> AsyncIterator[bytes]:
    yield bytes(300_000)
    raise OddError


async def cut() -> AsyncIterator[bytes]:
    yield bytes(3)
    raise asyncio.CancelledError


def odd() -> Any:
    raise OddError


UNUSABLE: dict[str, Any] = {
    "no such file": "missing.pdf",
    "empty": b"",
    "None": None,
    "a number": 5,
    "text file": io.StringIO("x"),
    "too many tags": Document(b"x", tags={str(number): "x" for number in range(51)}),
    "tags that are none": Document(b"x", tags=5),  # type: ignore[arg-type]
    "an address without TLS": Document(url="http://x.example"),
    "an empty id": Document(file_id=""),
    "fails while it is sent": broken(),
    "is cut off while it is looked at": cut(),
    "fails when it is made": odd,
}


@pytest.mark.parametrize("source", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_a_source_that_cannot_be_sent_is_that_outcome_s_error(
    sandbox: Sandbox, client: AsyncPlextera, source: Any
) -> None:
    outcomes = await outcomes_of(client, [text(1), source, text(2)], ordered=True)

    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert isinstance(outcomes[1].error, errors.InvalidInputError)
    assert (outcomes[1].id, outcomes[1].extraction) == (None, None)
    assert len(sandbox.world.extractions) == 2


@pytest.mark.parametrize(
    "documents",
    ["a.pdf", b"x", Path("a.pdf"), Document(b"x"), io.BytesIO(b"x"), bytearray(b"x"), 5, None, lambda: b"x"],
)
def test_what_is_no_collection_of_documents_is_refused_at_once(documents: Any) -> None:
    with pytest.raises(errors.InvalidInputError):
        AsyncPlextera("key").extract_many(documents)


@pytest.mark.parametrize("concurrency", [0, -1, 1.5, True, "5"])
def test_a_concurrency_that_is_none_is_refused_at_once(concurrency: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match="concurrency"):
        AsyncPlextera("key").extract_many([], concurrency=concurrency)


async def test_nothing_in_is_nothing_out(client: AsyncPlextera) -> None:
    assert await outcomes_of(client, []) == []
