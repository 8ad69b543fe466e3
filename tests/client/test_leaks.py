"""Neither open files nor memory are left behind, however a call ends."""

import asyncio
import gc
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera
from plextera_async.sandbox import Fault, Sandbox
from tests.support.waiting import until

_ROOT = Path(__file__).parents[2]
_DESCRIPTORS = Path("/proc/self/fd")
needs_proc = pytest.mark.skipif(not _DESCRIPTORS.exists(), reason="counts open files through /proc")


def _targets() -> Iterator[str]:
    """Say what the descriptors of this process stand for."""
    for descriptor in _DESCRIPTORS.iterdir():
        with suppress(OSError):  # it was the one that lists the folder
            yield str(descriptor.readlink())


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _open_files(folder: Path) -> list[str]:
    """Name the files of this process that lie in *folder*."""
    return [target for target in _targets() if target.startswith(str(folder))]


Call = Callable[[AsyncPlextera, Path], Awaitable[Any]]

CALLS: dict[str, Call] = {
    "path": lambda c, f: c.files.upload(f / "source"),
    "factory of path": lambda c, f: c.files.upload(lambda: f / "source"),
    "factory of file": lambda c, f: c.files.upload(lambda: (f / "source").open("rb")),
    "form": lambda c, f: c.runs.start_form("daily", {"a": f / "source", "b": [f / "source", f / "source"]}),
    "download": lambda c, f: c.files.download("known", f / "target", overwrite=True),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(bytes(3_000_000))
    return tmp_path


@pytest.fixture
async def ready(sandbox: Sandbox, client: AsyncPlextera) -> AsyncPlextera:
    file = await client.files.upload(bytes(3_000_000))
    sandbox.world.files["known"] = sandbox.world.files[file.id]
    return client


ALL = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())


@needs_proc
@ALL
@pytest.mark.parametrize(
    "fault",
    [{}, {"status": 500}, {"status": 403}, {"drop": "before_body"}, {"drop": "mid_response"}],
    ids=["success", "500", "403", "before body", "mid response"],
)
async def test_no_file_is_left_open(
    sandbox: Sandbox, ready: AsyncPlextera, folder: Path, call: Call, fault: dict[str, Any]
) -> None:
    if fault:
        sandbox.faults.add(Fault(times=None, **fault))

    await asyncio.gather(call(ready, folder), return_exceptions=True)

    await until(lambda: not _open_files(folder))  # as below
    assert _names(folder) <= {"source", "target"}


@needs_proc
@ALL
async def test_no_file_is_left_open_after_cancelling_at_any_moment(
    ready: AsyncPlextera, folder: Path, call: Call
) -> None:
    for turns in [*range(40), *range(40, 400, 23)]:
        task = asyncio.ensure_future(call(ready, folder))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await until(
        lambda: not _open_files(folder)
    )  # the thread of a cancelled read closes when its read has ended
    await until(lambda: _names(folder) <= {"source", "target"})
    target = folder / "target"
    assert not target.exists() or target.stat().st_size == 3_000_000


@needs_proc
async def test_sockets_are_given_back(sandbox: Sandbox, ready: AsyncPlextera) -> None:
    async def sockets() -> int:
        gc.collect()
        return sum(target.startswith("socket:") for target in _targets())

    await asyncio.gather(*(ready.files.read("known") for _ in range(5)))
    before = await sockets()
    for turns in range(0, 200, 5):
        tasks = [asyncio.ensure_future(ready.files.read("known")) for _ in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await ready.aclose()
    await asyncio.sleep(0.02)

    assert await sockets() <= before


_MEMORY = """
import asyncio, resource, sys, tempfile, pathlib, tracemalloc
from plextera_async import AsyncPlextera

SIZE = 50 * 1024 * 1024

async def swallow(reader, writer):
    head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode().lower()
    if "get " in head[:4]:
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n" % SIZE)
        for _ in range(SIZE // 65536):
            writer.write(bytes(65536))
            await writer.drain()
    else:
        left = int(head.split("content-length:")[1].split()[0]) if "content-length" in head else SIZE
        while left > 0:
            left -= len(await reader.read(65536))
        body = b'{"id": "1"}'
        writer.write(b"HTTP/1.1 201 Created\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
    await writer.drain()
    writer.close()

async def pieces():
    for _ in range(SIZE // 65536):
        yield bytes(65536)

async def main():
    server = await asyncio.start_server(swallow, "127.0.0.1", 0, limit=65536)
    address = "http://127.0.0.1:%d" % server.sockets[0].getsockname()[1]
    async with AsyncPlextera("key", base_url=address) as client:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "large")
            with path.open("wb") as file:
                file.truncate(SIZE)
            await client.files.upload(b"warm up")
            tracemalloc.start()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            await KIND
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            print(tracemalloc.get_traced_memory()[1] // 1024, grown)
    server.close()

asyncio.run(main())
"""

KINDS = {
    "path": "client.files.upload(path)",
    "open file": "client.files.upload(path.open('rb'))",
    "factory": "client.files.upload(lambda: path)",
    "download": "client.files.download('f', path.with_name('out'))",
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_fifty_megabytes_pass_in_constant_memory(kind: str) -> None:
    program = textwrap.dedent(_MEMORY).replace("KIND", kind)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=_ROOT, capture_output=True, text=True, timeout=50, check=True
    )

    traced, grown = map(int, done.stdout.split())
    assert traced < 16 * 1024
    assert grown < 16 * 1024  # kilobytes, the server's share among them
