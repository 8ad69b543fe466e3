"""A file that changes under an upload: nothing half old and half new is ever taken for a document."""

import hashlib
import io
import mmap
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async._aio.files import OwnedFile
from plextera_async._aio.parts import FilePart
from plextera_async._aio.witness import Witness
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


Rewrite = Callable[[Any], object]


def _write_over(file: Any) -> None:
    file.seek(0)
    file.write(NEW)
    file.flush()


def _write_over_and_keep(file: Any) -> None:
    """Leave it to a later seek to write it to the disk, which comes only if that goes beyond the buffer."""
    file.seek(0)
    file.read(4)
    file.seek(0)
    file.write(NEW[:4])


def _write_to_a_map(file: Any) -> None:
    with mmap.mmap(file.fileno(), 0) as mapped:
        mapped[:4] = NEW[:4]


def _write_by_another(file: Any) -> None:
    """Write as many bytes into the same file."""
    with Path(file.name).open("r+b") as other:
        other.write(NEW)


def _append_to(file: Any) -> None:
    _append(Path(file.name))


class OtherFile(io.FileIO):
    """A kind of its own, which may give something else than its file."""


KINDS: dict[str, tuple[Callable[[Path], Any], Rewrite]] = {
    "open file": (lambda path: path.open("r+b"), _write_over),
    "open file, written to without a flush": (lambda path: path.open("r+b"), _write_over_and_keep),
    "open file, written to in its buffer": (lambda path: path.open("r+b", 2**20), _write_over_and_keep),
    "open file, written to in a map of it": (lambda path: path.open("r+b"), _write_to_a_map),
    "open file, written to by another": (lambda path: path.open("rb"), _write_by_another),
    "open file, appended to": (lambda path: path.open("rb"), _append_to),
    "open file without a buffer": (lambda path: path.open("rb", buffering=0), _write_by_another),
    "file of another kind": (lambda path: OtherFile(path, "r+b"), _write_over),
    "in memory": (lambda _: io.BytesIO(OLD), _write_over),
}


@pytest.mark.parametrize(("make", "rewrite"), KINDS.values(), ids=KINDS.keys())
async def test_a_file_that_is_written_to_between_two_attempts(
    sandbox: Sandbox,
    client: AsyncPlextera,
    clock: FakeClock,
    path: Path,
    make: Callable[[Path], Any],
    rewrite: Rewrite,
) -> None:
    sandbox.faults.add(Fault(status=500))

    with make(path) as file:
        clock.on_sleep = lambda _: rewrite(file)
        with pytest.raises(errors.InvalidInputError, match="changed between two attempts"):
            await client.files.upload(file, name="document.bin")

    assert not sandbox.world.files


async def test_a_function_that_gives_something_else_the_second_time(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    sandbox.faults.add(Fault(status=500))
    contents = iter([OLD, OLD, NEW])  # looked at, sent, sent again

    with pytest.raises(errors.InvalidInputError, match="changed between two attempts"):
        await client.files.upload(lambda: next(contents))

    assert not sandbox.world.files


async def test_an_open_file_that_changes_while_it_is_sent_again(
    sandbox: Sandbox, client: AsyncPlextera, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.faults.add(Fault(status=500))
    reads = 0
    real = FilePart._read_at

    def read(self: FilePart, *place: Any) -> bytes:
        nonlocal reads
        *_, known = place
        reads += known is not None
        if reads == 3:
            path.write_bytes(NEW)
        return real(self, *place)

    monkeypatch.setattr(FilePart, "_read_at", read)

    with path.open("rb") as file, pytest.raises(errors.InvalidInputError, match="changed between"):
        await client.files.upload(file)

    assert reads == 3
    assert not sandbox.world.files


async def test_an_open_file_that_grows_while_it_is_sent_first(
    sandbox: Sandbox, client: AsyncPlextera, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FilePart._read_at

    def read(self: FilePart, *place: Any) -> bytes:
        _append(path)
        return real(self, *place)

    monkeypatch.setattr(FilePart, "_read_at", read)

    with path.open("rb") as file:
        made = await client.files.upload(file)

    assert sandbox.world.files[made.id].content.sha256 == hashlib.sha256(OLD).hexdigest()


@pytest.mark.parametrize("kind", ["path", "open file", "iterator"])
async def test_no_checksum_is_made_of_what_tells_by_itself_or_is_sent_once(
    sandbox: Sandbox, client: AsyncPlextera, path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield OLD

    monkeypatch.setattr(Witness, "watch", None)

    with path.open("rb") as file:
        sources: dict[str, Any] = {"path": path, "open file": file, "iterator": pieces()}
        made = await client.files.upload(sources[kind])

    assert sandbox.world.files[made.id].content.sha256 == hashlib.sha256(OLD).hexdigest()
