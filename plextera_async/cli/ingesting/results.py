"""Where the results of an ingestion go: JSON lines to stdout, or to a file with a table on stdout."""

import os
import stat
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import BinaryIO

import anyio
import anyio.to_thread
import attrs

from plextera_async.cli.showing.lines import TABLE_HEAD, Line
from plextera_async.cli.showing.progress import Progress
from plextera_async.errors import ConfigurationError

__all__ = ["Results", "Write", "open_private", "writer_to"]

Write = Callable[[bytes], Awaitable[None]]
"""Writes a line, with its end, to a file."""


@contextmanager
def open_private(path: str, *, overwrite: bool) -> Generator[BinaryIO, None, None]:
    """Open a file to write that only its owner may read (mode 0600).

    Raises:
        ConfigurationError: If it cannot be made, or is there and must not be overwritten.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if overwrite else os.O_EXCL)
    try:
        file = os.fdopen(os.open(path, flags, 0o600), "wb")
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and hasattr(os, "fchmod"):
            os.fchmod(file.fileno(), 0o600)  # one that was there would keep the mode it had
    except FileExistsError:
        raise ConfigurationError(f"{path} is there already: name another file, or give --overwrite") from None
    except OSError as failure:
        raise ConfigurationError(f"{path} cannot be written: {failure.strerror}") from failure
    try:
        yield file
    finally:
        with suppress(OSError):  # what cannot be written was told when its line was flushed
            file.close()


def writer_to(file: BinaryIO) -> Write:
    """Write lines to a file, each at once, in a thread."""

    def write(line: bytes) -> None:
        file.write(line)
        file.flush()

    async def write_in_thread(line: bytes) -> None:
        await anyio.to_thread.run_sync(write, line)

    return write_in_thread


@attrs.frozen
class Results:
    """Takes lines, whole and one after the other.

    They are written in a thread: a reader that has stopped reading, such as a pager, must not stop the event loop,
    whose uploads would then time out.
    """

    progress: Progress
    write: Write | None = None
    """Writes to a file; None for stdout."""
    _turn: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)
    _rows: Iterator[int] = attrs.field(factory=count, init=False)

    async def put(self, line: Line) -> None:
        """Write a line; it is written although the command is being interrupted, because it has happened.

        Raises:
            OSError: If it cannot be written.
        """
        with anyio.CancelScope(shield=True):
            async with self._turn:
                if self.write is not None:
                    await self.write(f"{line.to_json()}\n".encode())
                await anyio.to_thread.run_sync(self._show, line)

    def _show(self, line: Line) -> None:
        if self.write is None:
            self.progress.out(line.to_json())
            return
        if next(self._rows) == 0:
            self.progress.out(TABLE_HEAD)
        self.progress.out(line.to_row())
