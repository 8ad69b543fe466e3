"""A file that changes under an upload: nothing half old and half new is ever taken for a document."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async._aio.files import OwnedFile
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock

OLD, NEW = b"old " * 250_000, b"new " * 250_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "changing.bin"
    file.write_bytes(OLD)
    os.utime(file, (1_000_000, 1_000_000))
    return file


def _replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(NEW)
    other.replace(path)


def _append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


CHANGES: dict[str, Callable[[Path], object]] = {
    "written anew": lambda path: path.write_bytes(NEW),
    "replaced": _replace,
    "appended to": _append,
    "shortened": lambda path: os.truncate(path, 300_000),
    "removed": lambda path: path.unlink(),
}
ALL = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


@ALL
async def test_between_two_attempts(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, path: Path, change: Callable[[Path], object]
) -> None:
    sandbox.faults.add(Fault(status=500))
    clock.on_sleep = lambda _: change(path)

    with pytest.raises(errors.InvalidInputError) as caught:
        await client.files.upload(path)

    assert "changing" not in str(caught.value)
    assert not sandbox.world.files


@ALL
async def test_while_it_is_sent(
    sandbox: Sandbox,
    client: AsyncPlextera,
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], object],
) -> None:
    reads = 0
    real = OwnedFile._read

    def read(self: OwnedFile, size: int) -> bytes:
        nonlocal reads
        reads += 1
        if reads == 3:
            change(path)
        return real(self, size)

    monkeypatch.setattr(OwnedFile, "_read", read)

    with pytest.raises(errors.InvalidInputError):
        await client.extractions.upload(path)

    assert not sandbox.world.files
    assert not sandbox.world.extractions


async def test_one_that_cannot_be_opened_any_more(
    client: AsyncPlextera, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: OwnedFile, size: int) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(OwnedFile, "_read", refuse)

    with pytest.raises(errors.InvalidInputError, match="Permission denied") as caught:
        await client.files.upload(path)
    assert "changing" not in str(caught.value)


@pytest.mark.parametrize("kind", ["factory", "open file"])
async def test_a_source_that_gives_something_else_the_second_time(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, path: Path, kind: str
) -> None:
    sandbox.faults.add(Fault(status=500))
    contents = iter([OLD, OLD, NEW])  # looked at, sent, sent again

    with path.open("r+b") as file:
        clock.on_sleep = lambda _: _write_over(file)
        with pytest.raises(errors.InvalidInputError, match="changed between two attempts"):
            await client.files.upload(file if kind == "open file" else lambda: next(contents))

    assert not sandbox.world.files


def _write_over(file: BinaryIO) -> None:
    file.seek(0)
    file.write(NEW)
    file.flush()
