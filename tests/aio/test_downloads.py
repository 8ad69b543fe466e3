"""A download whose task has gone: what its threads still do leaves nothing."""

import asyncio
import tempfile
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from plextera_async._aio.downloads import Download


def _in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def test_a_step_after_the_end_does_nothing(tmp_path: Path) -> None:
    download = Download(tmp_path / "a", overwrite=False)
    download._drop()

    for step in (download._open, download._rewind, download._settle):
        download._alone(step)
    download._alone(download._write, b"content")

    assert _in(tmp_path) == []


async def test_cancelling_while_the_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go_on = threading.Event(), threading.Event()
    real = tempfile.mkstemp

    def slow(**arguments: Any) -> tuple[int, str]:
        entered.set()
        go_on.wait(10)
        return real(**arguments)

    monkeypatch.setattr(tempfile, "mkstemp", slow)
    task = asyncio.ensure_future(Download(tmp_path / "a", overwrite=False).__aenter__())
    await anyio.to_thread.run_sync(entered.wait)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert _in(tmp_path) == []
