"""Blocking files, used from the event loop without blocking it and without leaving one open."""

import threading
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

__all__ = ["OwnedFile"]


class OwnedFile:
    """A file that is opened, read and closed by us.

    A read in a thread cannot be interrupted. When the task that waits for it is cancelled, `close` must neither block
    the loop until the disk answers nor leave the file open: whoever comes last, the thread or `close`, closes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._busy = threading.Lock()
        self._closed = False

    async def read(self, size: int) -> bytes:
        """Read up to *size* bytes in a thread; the first read opens the file."""
        return await anyio.to_thread.run_sync(self._read, size)

    def _read(self, size: int) -> bytes:
        try:
            with self._busy:
                if self._file is None:
                    self._file = self._path.open("rb", buffering=0)
                return self._file.read(size)
        finally:
            if self._closed:
                self._release()

    def close(self) -> None:
        """Close the file now, or as soon as a read that is under way has ended. Safe to call twice."""
        self._closed = True
        self._release()

    def _release(self) -> None:
        if self._busy.acquire(blocking=False):
            try:
                if self._file is not None:
                    self._file.close()
            finally:
                self._busy.release()
