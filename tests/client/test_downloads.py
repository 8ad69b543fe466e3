"""A download is there as a whole or not at all; a stream gives pieces and lets go of its connection."""

import asyncio
import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.options import RetryPolicy, Timeouts
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock, with_clock
from tests.support.raw_server import RawServer, Wire, always, answer
from tests.support.waiting import until

CONTENT = bytes(range(251)) * 8000  # two megabytes


@pytest.fixture
async def file_id(sandbox: Sandbox, client: AsyncPlextera) -> str:
    file = await client.files.upload(CONTENT)
    sandbox.requests.clear()
    return file.id


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def _pieces(client: AsyncPlextera, got: bytearray) -> None:
    async with client.files.stream("f") as chunks:
        async for chunk in chunks:
            got += chunk


async def test_it_is_there_and_its_owners_alone(client: AsyncPlextera, file_id: str, tmp_path: Path) -> None:
    target = tmp_path / "a.bin"

    assert await client.files.download(file_id, str(target)) == target

    assert target.read_bytes() == CONTENT
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert _in(tmp_path) == [target]


async def test_a_broken_transfer_is_begun_again(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, file_id: str, tmp_path: Path
) -> None:
    sandbox.faults.add(Fault(drop="mid_response", times=2))

    path = await client.files.download(file_id, tmp_path / "a.bin")

    assert path.read_bytes() == CONTENT
    assert clock.sleeps == [1.0, 2.0]


async def test_a_shorter_answer_after_a_broken_one_leaves_nothing_of_it(
    clock: FakeClock, tmp_path: Path
) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        if wire.number == 1:
            await wire.send(answer(b"x" * 600_000)[:-10])
        else:
            await wire.send(answer(b"short"))

    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        path = await with_clock(client, clock).files.download("f", tmp_path / "a")

    assert path.read_bytes() == b"short"


async def test_nothing_is_left_after_the_last_failure(
    sandbox: Sandbox, client: AsyncPlextera, file_id: str, tmp_path: Path
) -> None:
    sandbox.faults.add(Fault(drop="mid_response", times=None))

    with pytest.raises(errors.ConnectionLostError):
        await client.files.download(file_id, tmp_path / "a.bin")

    assert not _in(tmp_path)
    sandbox.faults.clear()
    with pytest.raises(errors.NotFoundError):
        await client.files.download("none", tmp_path / "a.bin")
    assert not _in(tmp_path)


async def test_nothing_is_left_after_cancelling(tmp_path: Path) -> None:
    async def endless(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer(b"x" * 2_000_000)[:-1])
        await asyncio.sleep(60)

    async with RawServer(endless) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        task = asyncio.ensure_future(client.files.download("f", tmp_path / "a"))
        await until(lambda: any(path.stat().st_size > 1_000_000 for path in _in(tmp_path)))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert not _in(tmp_path)


async def test_an_existing_target_is_kept_unless_told_otherwise(
    sandbox: Sandbox, client: AsyncPlextera, file_id: str, tmp_path: Path
) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    with pytest.raises(errors.InvalidInputError, match="overwrite"):
        await client.files.download(file_id, target)
    assert target.read_bytes() == b"old"
    assert not sandbox.requests

    sandbox.faults.add(Fault(status=403))
    with pytest.raises(errors.PermissionDeniedError):
        await client.files.download(file_id, target, overwrite=True)
    assert target.read_bytes() == b"old"

    await client.files.download(file_id, target, overwrite=True)
    assert target.read_bytes() == CONTENT
    assert _in(tmp_path) == [target]


async def test_a_target_that_comes_into_being_meanwhile_is_kept(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, file_id: str, tmp_path: Path
) -> None:
    target = tmp_path / "a.bin"
    sandbox.faults.add(Fault(status=500))
    clock.on_sleep = lambda _: target.write_bytes(b"theirs")

    with pytest.raises(errors.InvalidInputError, match="meanwhile"):
        await client.files.download(file_id, target)

    assert target.read_bytes() == b"theirs"
    assert _in(tmp_path) == [target]


async def test_without_hard_links_it_is_moved(
    client: AsyncPlextera, file_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)

    path = await client.files.download(file_id, tmp_path / "a.bin")

    assert path.read_bytes() == CONTENT
    assert _in(tmp_path) == [path]


@pytest.mark.parametrize("target", ["", "missing/a.bin", "a\0b", 5, None, b"a.bin"])
async def test_a_target_that_cannot_be_made(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, target: Any
) -> None:
    to = str(tmp_path / target) if isinstance(target, str) else target
    with pytest.raises(errors.InvalidInputError):
        await client.files.download("f", to, overwrite=True)

    assert not sandbox.requests
    assert not _in(tmp_path)


async def test_a_full_disk_is_the_systems_own_error_without_names(
    client: AsyncPlextera, file_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full", "/private/name")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(OSError, match="full") as caught:
        await client.files.download(file_id, tmp_path / "a.bin")

    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename is None
    assert not _in(tmp_path)


async def test_reading_into_memory(sandbox: Sandbox, client: AsyncPlextera, file_id: str) -> None:
    sandbox.faults.add(Fault(drop="mid_response"))

    assert await client.files.read(file_id) == CONTENT
    assert sandbox.requests[0].headers["accept"] == "*/*"


async def test_a_stream_gives_all_of_it(sandbox: Sandbox, client: AsyncPlextera, file_id: str) -> None:
    sandbox.faults.add(Fault(status=503))  # before the first piece, it is tried again
    async with client.files.stream(file_id) as chunks:
        pieces = [chunk async for chunk in chunks]

    assert b"".join(pieces) == CONTENT
    assert len(pieces) > 1


async def test_leaving_a_stream_early_closes_its_connection() -> None:
    ended = asyncio.Event()

    async def endless(wire: Wire) -> None:
        await wire.request()
        try:
            while True:
                await wire.send(b"" if wire.writer.transport.is_closing() else answer(b"x" * 100_000)[:-1])
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    async with RawServer(endless) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        async with client.files.stream("f") as chunks:
            async for _ in chunks:
                break
        await asyncio.wait_for(ended.wait(), 30)
        session = client._sender.transport.sessions._open[asyncio.get_running_loop()][0].reads
        assert not session.connector._conns  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("close", errors.ConnectionLostError), ("silence", errors.RequestTimeoutError)],
)
async def test_a_stream_that_breaks_says_so(ending: str, kind: type[errors.TransportError]) -> None:
    async def script(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer(b"x" * 1000, headers="X-Request-Id: r1\r\n")[:-10])
        if ending == "silence":
            await asyncio.sleep(60)

    got = bytearray()
    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        view = client.with_options(timeouts=Timeouts(read=0.4), retry=RetryPolicy(max_attempts=2))
        with pytest.raises(kind) as caught:
            await _pieces(view, got)

    assert got == b"x" * 990
    assert (caught.value.operation, caught.value.request_id) == ("downloadFile", "r1")
    assert server.connections == 1


async def test_a_slow_reader_of_a_stream_is_not_a_silent_server(
    sandbox: Sandbox, client: AsyncPlextera, file_id: str
) -> None:
    view = client.with_options(timeouts=Timeouts(read=0.3))
    size = 0
    async with view.files.stream(file_id) as chunks:
        async for chunk in chunks:
            size += len(chunk)
            if size < 400_000:
                await asyncio.sleep(0.4)

    assert size == len(CONTENT)


async def test_a_part_that_nobody_asked_for_is_no_file(tmp_path: Path) -> None:
    script = always(answer(b"half", status="206 Partial Content", headers="Content-Range: bytes 0-3/8\r\n"))
    async with RawServer(script) as server, AsyncPlextera("key", base_url=server.base_url) as client:
        for call in (client.files.read("f"), client.files.download("f", tmp_path / "f")):
            with pytest.raises(errors.APIError) as caught:
                await call
            assert caught.value.status == 206

    assert not _in(tmp_path)


async def test_a_missing_file_is_told_on_entering(client: AsyncPlextera) -> None:
    with pytest.raises(errors.NotFoundError):
        async with client.files.stream("none"):
            pytest.fail("there is nothing to stream")
