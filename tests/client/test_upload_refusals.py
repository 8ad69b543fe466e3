"""What can never be uploaded is refused before a connection is made; what breaks on the way leaves nothing behind."""

import asyncio
import codecs
import io
import os
import socket
import tempfile
import traceback
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from plextera_async import AsyncPlextera, errors
from plextera_async.sandbox import Fault, Sandbox
from tests.support.clocks import FakeClock
from tests.support.sources import AsyncOnly, UploadFile, pieces

LIMIT = 50 * 1024 * 1024


def _large_file(folder: Path, size: int = LIMIT + 1) -> Path:
    path = folder / "large.bin"
    with path.open("wb") as file:
        file.truncate(size)
    return path


def _closed(_: Path) -> Any:
    file = io.BytesIO(b"x")
    file.close()
    return file


def _closed_on_disk(folder: Path) -> Any:
    with _large_file(folder, 10).open("rb") as file:
        return file


class _PathOfBytes:
    def __fspath__(self) -> bytes:
        return b"/nowhere"


async def _of_text() -> AsyncIterator[Any]:
    yield "text"


REFUSED: dict[str, Callable[[Path], Any]] = {
    "empty path": lambda f: _large_file(f, 0),
    "empty bytes": lambda _: b"",
    "empty BytesIO": lambda _: io.BytesIO(),
    "empty stream": lambda _: pieces(b""),
    "empty async read": lambda _: AsyncOnly(b""),
    "empty factory": lambda _: lambda: b"",
    "file at its end": lambda _: UploadFile(io.BytesIO(), "a.pdf"),
    "large path": _large_file,
    "large bytes": lambda _: bytes(LIMIT + 1),
    "large BytesIO": lambda _: io.BytesIO(bytes(LIMIT + 1)),
    "large first piece": lambda _: pieces(bytes(LIMIT + 1), LIMIT + 1),
    "large factory": lambda f: lambda: _large_file(f),
    "missing": lambda f: f / "missing.pdf",
    "missing str": lambda f: str(f / "missing.pdf"),
    "folder": lambda f: f,
    "null character": lambda _: "a\0b",
    "path of bytes": lambda _: _PathOfBytes(),
    "device": lambda _: os.devnull,
    "closed": _closed,
    "closed on disk": _closed_on_disk,
    "text IO": lambda _: io.StringIO("text"),
    "text of codecs": lambda f: codecs.open(str(_large_file(f, 10)), "r", "utf-8"),  # noqa: SIM115 - the test closes it
    "piece of text": lambda _: _of_text(),
    "None": lambda _: None,
    "number": lambda _: 5,
    "list": lambda _: [b"x"],
    "generator": lambda _: (b for b in (b"x",)),
    "class": lambda _: io.BytesIO,
    "factory of factory": lambda _: lambda: lambda: b"x",
    "factory of None": lambda _: lambda: None,
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.filterwarnings("ignore:codecs.open:DeprecationWarning")
async def test_it_is_refused_before_any_connection(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path, make: Callable[[Path], Any]
) -> None:
    source = make(tmp_path)
    for call in (client.files.upload, client.extractions.upload):
        with pytest.raises(errors.InvalidInputError):
            await call(source)

    assert not sandbox.requests
    assert not client._sender.transport.sessions._open
    if hasattr(source, "close") and not isinstance(source, type):
        source.close()


@pytest.mark.parametrize("kind", [tempfile.NamedTemporaryFile, tempfile.SpooledTemporaryFile])
async def test_temporary_files_of_text_are_refused(client: AsyncPlextera, kind: Any) -> None:
    with kind(mode="w+") as file:
        file.write("text")
        file.seek(0)
        with pytest.raises(errors.InvalidInputError, match="'rb'"):
            await client.files.upload(file)


async def test_a_file_that_is_only_written_is_refused(client: AsyncPlextera, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file:
        file.write(b"content")
        with pytest.raises(errors.InvalidInputError, match="cannot be read"):
            await client.files.upload(file)


async def test_a_file_that_would_block_is_refused_and_not_taken_for_ended(client: AsyncPlextera) -> None:
    reading, writing = socket.socketpair()
    with reading, writing:
        reading.setblocking(False)
        writing.send(b"begin")
        with pytest.raises(errors.InvalidInputError, match="NoneType"):
            await client.files.upload(reading.makefile("rb", buffering=0))


@pytest.mark.parametrize(
    "arguments", [{"name": ""}, {"name": 5}, {"content_type": "pdf"}, {"content_type": "a/b\r\nX: 1"}]
)
async def test_names_and_types_that_cannot_be_sent(
    sandbox: Sandbox, client: AsyncPlextera, arguments: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidInputError):
        await client.files.upload(b"x", **arguments)
    assert not sandbox.requests


@pytest.mark.parametrize(
    "tags", [{"a": ""}, {"": "a"}, {"a": 5}, {"a": "x" * 513}, [("a", "b")], {"a": "\ud800"}]
)
async def test_tags_are_checked_before_the_source_is_touched(client: AsyncPlextera, tags: Any) -> None:
    with pytest.raises(errors.InvalidInputError, match=r"tags|Unicode|surrogates|codec"):
        await client.extractions.upload("/does/not/exist", tags=tags)


async def test_exactly_the_limit_is_sent(sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path) -> None:
    file = await client.files.upload(_large_file(tmp_path, LIMIT))

    assert file.size_bytes == LIMIT
    assert sandbox.requests[0].file_sha256 is not None


async def test_a_stream_that_goes_over_the_limit_is_broken_off(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(1024 * 1024)

    for call in (client.files.upload, client.extractions.upload):
        with pytest.raises(errors.InvalidInputError, match="50 MB"):
            await call(endless())

    assert len(sandbox.requests) == 2
    assert not sandbox.world.files
    assert not sandbox.world.extractions


class SourceBroke(RuntimeError):  # noqa: N818 - a name of a user's own
    """What a source of ours raises."""


async def _breaking() -> AsyncIterator[bytes]:
    yield bytes(600_000)
    raise SourceBroke


async def _breaking_by_a_time_out() -> AsyncIterator[bytes]:
    yield bytes(600_000)
    raise TimeoutError


async def _breaking_by_what_it_waited_for() -> AsyncIterator[bytes]:
    yield bytes(600_000)
    raise asyncio.CancelledError


class _BreakingFile(io.BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 100_000:
            raise SourceBroke
        return super().read(size)


@pytest.mark.parametrize("name", ["files", "extractions"])
@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (_breaking, SourceBroke),
        (lambda: _BreakingFile(bytes(600_000)), SourceBroke),
        (_breaking_by_a_time_out, TimeoutError),
        (_breaking_by_what_it_waited_for, asyncio.CancelledError),
    ],
)
@pytest.mark.parametrize("is_factory", [1, 0])
async def test_what_the_source_raises_is_raised(
    sandbox: Sandbox,
    client: AsyncPlextera,
    name: str,
    source: Callable[[], Any],
    kind: type[BaseException],
    is_factory: int,
) -> None:
    with pytest.raises(kind) as caught:
        await getattr(client, name).upload(source if is_factory else source())

    assert type(caught.value) is kind
    assert await client.runs.list()  # by now the server has seen what there was to see
    assert len(sandbox.requests) <= 2
    assert not sandbox.world.files
    assert not sandbox.world.extractions


async def test_a_source_fed_by_another_call_keeps_that_calls_error(
    sandbox: Sandbox, client: AsyncPlextera
) -> None:
    async def feed() -> AsyncIterator[bytes]:
        yield bytes(600_000)
        await client.with_options(retry_uploads=False).request("GET", "/broken")

    sandbox.faults.add(Fault(path="/broken", drop="after_body", times=None))
    with pytest.raises(errors.ConnectionLostError) as caught:
        await client.files.upload(feed)

    assert caught.value.operation == "GET request"
    assert [r.path for r in sandbox.requests].count("/files") == 1


async def test_a_file_that_shrinks_while_it_is_sent(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path
) -> None:
    path = _large_file(tmp_path, 40 * 1024 * 1024)
    reads = 0
    real = Path.open

    def shrink(self: Path, *args: Any, **kwargs: Any) -> Any:
        nonlocal reads
        reads += 1
        if reads == 2:  # the first opening looks at the file, the second sends it
            os.truncate(path, 10 * 1024 * 1024)
        return real(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "open", shrink)
        with pytest.raises(errors.InvalidInputError, match="shorter"):
            await client.extractions.upload(path)

    assert not sandbox.world.files
    assert not sandbox.world.extractions


async def test_a_file_that_has_gone_when_it_is_to_be_sent_again(
    sandbox: Sandbox, client: AsyncPlextera, clock: FakeClock, tmp_path: Path
) -> None:
    path = _large_file(tmp_path, 1_000_000)
    sandbox.faults.add(Fault(status=500))
    clock.on_sleep = lambda _: path.unlink()

    with pytest.raises(errors.InvalidInputError, match="changed or removed") as caught:
        await client.files.upload(path)

    assert path.name not in "".join(traceback.format_exception(caught.value))
    assert not sandbox.world.files


async def test_an_open_file_that_shrinks_while_it_is_sent(
    sandbox: Sandbox, client: AsyncPlextera, tmp_path: Path
) -> None:
    with _large_file(tmp_path, 1_000_000).open("r+b") as file:
        real = io.BufferedReader.read

        class Shrinking(io.BufferedReader):
            def read(self, size: int | None = -1, /) -> bytes:
                if self.tell() > 300_000:
                    os.truncate(file.fileno(), 400_000)
                return real(self, size)

        with (
            Shrinking(io.FileIO(file.name)) as shrinking,
            pytest.raises(errors.InvalidInputError, match="shorter"),
        ):
            await client.extractions.upload(shrinking)

    assert not sandbox.world.files


async def test_a_factory_that_gives_something_else_each_time(sandbox: Sandbox, client: AsyncPlextera) -> None:
    made = iter([b"first", b"another", b"x"])

    with pytest.raises(errors.InvalidInputError, match="another length"):
        await client.extractions.upload(lambda: next(made))

    assert not sandbox.world.files
