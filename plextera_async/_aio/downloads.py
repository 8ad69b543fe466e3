"""A download to disk: whole or not at all."""

import os
import tempfile
import threading
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import anyio
import anyio.to_thread

from plextera_async._aio.parts import CHUNK
from plextera_async._aio.transport import Reply
from plextera_async.errors import InvalidInputError

__all__ = ["Download"]


class Download:
    """Writes beside its target and moves there at the end.

    All work on the disk is done in threads, one step at a time. The thread of a cancelled step goes on without its
    task: therefore the lock, and the end after which no step does anything.
    """

    def __init__(self, target: str | PathLike[str], *, overwrite: bool) -> None:
        """Write to *target*; with *overwrite*, also when it is there.

        Raises:
            InvalidInputError: If *target* is no path.
        """
        path = os.fspath(target) if isinstance(target, str | PathLike) else None
        if not isinstance(path, str) or "\0" in path:
            raise InvalidInputError("`to` must be a path: a str or a Path")
        self._target = Path(path)
        self._overwrite = overwrite
        self._busy = threading.Lock()
        self._is_over = False
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    async def __aenter__(self) -> Self:
        """Open the file to write to.

        Raises:
            InvalidInputError: If the target cannot be made.
        """
        try:
            await self._in_thread(self._open)
        except OSError as failure:
            reason = failure.strerror
        except BaseException:
            await self._end()
            raise
        else:
            return self
        raise InvalidInputError(f"the file to download to cannot be made: {reason}")

    def _open(self) -> None:
        if self._target.is_dir():
            raise InvalidInputError("`to` is a folder: give the path of the file to make")
        if not self._overwrite and self._target.exists():
            raise InvalidInputError(
                "the file to download to is there already: pass overwrite=True to replace it"
            )
        descriptor, path = tempfile.mkstemp(dir=self._target.parent, prefix=".", suffix=".part")  # mode 0600
        self._path = Path(path)
        self._file = os.fdopen(descriptor, "wb", buffering=0)

    async def receive(self, reply: Reply) -> bytes:
        """Write a whole answer, from the start: what an attempt before it wrote is dropped.

        Raises:
            TransportError: If the answer breaks off.
            OSError: If the disk takes no more.
        """
        await self._in_thread(self._rewind)
        pending = bytearray()
        async for chunk in reply.chunks():
            pending += chunk
            if len(pending) >= CHUNK:
                await self._in_thread(self._write, bytes(pending))
                pending.clear()
        await self._in_thread(self._write, bytes(pending))
        return b""

    async def keep(self) -> Path:
        """Put the file in its place, durably.

        Raises:
            InvalidInputError: If a file has come to stand there meanwhile and must not be replaced.
            OSError: If the disk takes no more.
        """
        await self._in_thread(self._settle)
        return self._target

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not kept."""
        await self._end()

    async def _end(self) -> None:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._drop)

    async def _in_thread(self, step: Callable[..., None], *args: Any) -> None:
        await anyio.to_thread.run_sync(self._alone, step, *args)

    def _alone(self, step: Callable[..., None], *args: Any) -> None:
        try:
            with self._busy:
                if not self._is_over:
                    step(*args)
        except OSError as failure:
            bare = OSError(failure.errno, failure.strerror)  # without the file name, which is private
        else:
            return
        raise bare

    def _rewind(self) -> None:
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()

    def _write(self, content: bytes) -> None:
        view = memoryview(content)
        while self._file is not None and view:
            view = view[self._file.write(view) :]

    def _settle(self) -> None:
        if self._file is None or self._path is None:
            return
        os.fsync(self._file.fileno())
        self._file.close()
        if self._overwrite:
            self._path.replace(self._target)
        else:
            self._claim(self._path)
        self._path = None

    def _claim(self, path: Path) -> None:
        """Give the file its name only if nothing has that name: a hard link fails where renaming would replace."""
        try:
            os.link(path, self._target)
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            path.rename(self._target)
            return
        else:
            path.unlink()
            return
        raise InvalidInputError("the file to download to has come into being meanwhile")

    def _drop(self) -> None:
        with self._busy:
            self._is_over = True
            if self._file is not None:
                self._file.close()
            if self._path is not None:
                self._path.unlink(missing_ok=True)
