"""Files of ours that outlive a cancelled read by no longer than the read."""

import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from plextera_async._aio.files import OwnedFile


async def test_reading_and_closing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    file = OwnedFile(tmp_path / "a")
    file.close()  # before it was opened: nothing to close
    file = OwnedFile(tmp_path / "a")

    assert [await file.read(2), await file.read(2), await file.read(2)] == [b"ab", b"c", b""]

    file.close()
    file.close()
    assert file._file is not None
    assert file._file.closed


async def test_whoever_comes_last_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read that hangs in its thread: `close` neither waits for it nor leaves the file open."""
    (tmp_path / "a").write_bytes(b"abc")
    opened: list[Any] = []
    entered, go_on = threading.Event(), threading.Event()
    real = Path.open

    def slow(self: Path, *args: Any, **kwargs: Any) -> Any:
        entered.set()
        go_on.wait(10)
        opened.append(real(self, *args, **kwargs))
        return opened[0]

    monkeypatch.setattr(Path, "open", slow)
    file = OwnedFile(tmp_path / "a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(file.read, 2)
        await anyio.to_thread.run_sync(entered.wait)
        file.close()
        assert not opened
        go_on.set()

    assert opened[0].closed
