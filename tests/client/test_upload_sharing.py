"""Sources that are shared, used up or not what they look like: the right bytes, or a clear refusal."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.sandbox import Fault, Sandbox

CONTENT = bytes(range(256)) * 5000


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_one_open_file_uploaded_many_times_at_once(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path
) -> None:
    path = tmp_path / "shared.bin"
    path.write_bytes(CONTENT)

    with path.open("rb") as file:
        outcomes = await asyncio.gather(
            *(client.files.upload(file) for _ in range(20)), return_exceptions=True
        )

    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert len(refused) < 20
    assert all(isinstance(error, errors.InvalidInputError) for error in refused)
    assert {request.file_sha256 for request in sandbox.requests} == {digest(CONTENT)}


async def test_a_file_that_is_being_sent_is_not_taken_from_where_it_stands(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    sandbox.faults.add(Fault(delay=0.05))
    file = io.BytesIO(CONTENT)
    first = asyncio.create_task(client.files.upload(file))
    while file.tell() == 0:
        await asyncio.sleep(0)

    second = await asyncio.gather(client.files.upload(file), return_exceptions=True)
    await first

    assert isinstance(second[0], errors.InvalidInputError) or sandbox.requests[1].file_sha256 == digest(
        CONTENT
    )


class Reader:
    """A long one-shot stream without a `close`."""

    def __init__(self) -> None:
        self._rest = io.BytesIO(CONTENT)

    async def read(self, size: int) -> bytes:
        return self._rest.read(size)


async def test_a_factory_that_gives_the_same_stream_twice_is_refused(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    reader = Reader()

    with pytest.raises(errors.InvalidInputError, match="same one twice"):
        await client.files.upload(lambda: reader)

    assert not sandbox.world.files


class Deciphering:
    """An async face that gives something else than the file behind it."""

    def __init__(self, file: io.BytesIO) -> None:
        self.file = file

    async def read(self, size: int) -> bytes:
        return self.file.read(size).swapcase()


async def test_an_async_face_is_read_by_its_own_read(sandbox: Sandbox, client: AsyncPlextera) -> None:
    await client.files.upload(Deciphering(io.BytesIO(b"Secret" * 10)))

    assert sandbox.requests[0].file_sha256 == digest(b"sECRET" * 10)


async def test_a_factory_may_give_the_same_path_or_bytes(sandbox: Sandbox, client: AsyncPlextera) -> None:
    def pieces() -> AsyncIterator[bytes]:
        return _pieces()

    sources: list[Any] = [lambda: CONTENT, pieces]
    for source in sources:
        sandbox.faults.add(Fault(status=503))
        await client.files.upload(source)

    assert {request.file_sha256 for request in sandbox.requests} == {digest(CONTENT)}


async def _pieces() -> AsyncIterator[bytes]:
    for start in range(0, len(CONTENT), 70_000):
        yield CONTENT[start : start + 70_000]
