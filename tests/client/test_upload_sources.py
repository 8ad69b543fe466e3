"""Every kind of source arrives as it is, and is sent again whole or not at all."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock
from tests.support.sources import FACTORIES_OF_STREAMS, KNOWN_SIZE, ONE_SHOT, Make, close, is_closed, pieces

SHORT = b"Patient: Jane\n" * 100
LONG = bytes(range(251)) * 4000  # a megabyte, in no power of two
AGAIN = {**KNOWN_SIZE, **FACTORIES_OF_STREAMS}
EVERY = {**AGAIN, **ONE_SHOT}


def _sources(makes: Any) -> Any:
    return pytest.mark.parametrize("make", makes.values(), ids=makes.keys())


CONTENTS = pytest.mark.parametrize("content", [SHORT, LONG], ids=["short", "long"])


@pytest.fixture
def opened() -> Any:
    """Collect sources, and close them after the test."""
    sources: list[Any] = []
    yield sources
    for source in sources:
        close(source)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@_sources(EVERY)
@CONTENTS
async def test_it_arrives_as_it_is(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, opened: list[Any], make: Make, content: bytes
) -> None:
    opened.append(make(content, tmp_path))

    file = await client.files.upload(opened[0])

    assert file.size_bytes == len(content)
    assert [r.file_sha256 for r in sandbox.requests] == [_digest(content)]
    assert not is_closed(opened[0])


@_sources(KNOWN_SIZE)
@CONTENTS
async def test_its_length_is_told_when_it_can_be_known(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, opened: list[Any], make: Make, content: bytes
) -> None:
    opened.append(make(content, tmp_path))

    await client.extractions.upload(opened[0])

    headers = sandbox.requests[0].headers
    assert int(headers["content-length"]) == sandbox.requests[0].body_length
    assert "transfer-encoding" not in headers


@_sources({**ONE_SHOT, **FACTORIES_OF_STREAMS})
async def test_the_length_of_a_short_stream_is_told(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, opened: list[Any], make: Make
) -> None:
    opened.append(make(SHORT, tmp_path))

    await client.files.upload(opened[0])

    assert int(sandbox.requests[0].headers["content-length"]) == sandbox.requests[0].body_length


FAULTS = pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"drop": "after_body"}, {"drop": "before_body"}, {"status": 429, "retry_after": 1}],
    ids=["500", "after body", "before body", "429"],
)


@_sources(AGAIN)
@CONTENTS
@FAULTS
async def test_a_source_that_can_be_read_again_is_sent_again_whole(
    sandbox: Sandbox,
    client: AsyncPlextera,
    tmp_path: Path,
    opened: list[Any],
    make: Make,
    content: bytes,
    fault: dict[str, Any],
) -> None:
    opened.append(make(content, tmp_path))
    sandbox.faults.add(Fault(times=2, **fault))

    file = await client.files.upload(opened[0])

    assert file.size_bytes == len(content)
    assert len(sandbox.requests) == 3
    assert {r.file_sha256 for r in sandbox.requests} <= {_digest(content), None}
    assert sandbox.requests[-1].file_sha256 == _digest(content)


@_sources(ONE_SHOT)
@FAULTS
async def test_a_stream_is_not_sent_again_once_it_was_begun(
    sandbox: Sandbox,
    client: AsyncPlextera,
    tmp_path: Path,
    opened: list[Any],
    make: Make,
    fault: dict[str, Any],
) -> None:
    opened.append(make(LONG, tmp_path))
    sandbox.faults.add(Fault(times=1, **fault))

    with pytest.raises((errors.APIError, errors.ConnectionLostError)) as caught:
        await client.files.upload(opened[0])

    assert len(sandbox.requests) == 1
    assert not sandbox.world.files
    assert "cannot be read again" in caught.value.__notes__[0]


@_sources(ONE_SHOT)
@FAULTS
async def test_a_short_stream_is_kept_and_can_be_sent_again(
    sandbox: Sandbox,
    client: AsyncPlextera,
    tmp_path: Path,
    opened: list[Any],
    make: Make,
    fault: dict[str, Any],
) -> None:
    opened.append(make(SHORT, tmp_path))
    sandbox.faults.add(Fault(times=1, **fault))

    await client.files.upload(opened[0])

    assert sandbox.requests[-1].file_sha256 == _digest(SHORT)


async def test_a_stream_that_was_not_begun_is_sent_after_a_refused_connection(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    transport = type(client._sender.transport)
    real = transport.open

    async def first_refused(self: Any, request: Any, request_id: str) -> Any:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise errors.ConnectError("no connection")
        return await real(self, request, request_id)

    monkeypatch.setattr(transport, "open", first_refused)

    await client.files.upload(pieces(LONG))

    assert sandbox.requests[0].file_sha256 == _digest(LONG)
    assert clock.sleeps == [1.0]


async def test_the_callers_file_is_read_from_where_it_stands(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(LONG)
    with path.open("rb") as file:
        file.seek(123)
        await client.files.upload(file)

        assert file.tell() == len(LONG)
    assert sandbox.requests[0].file_sha256 == _digest(LONG[123:])
