"""A download to disk: whole or not at all."""

import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import anyio
import anyio.to_thread

from plextera_async._aio.parts import CHUNK
from plextera_async._aio.transport import Reply
from plextera_async.errors import InvalidInputError

__all__ = ["Download"]


class Download:
    """Writes beside its target and moves there at the end."""

    def __init__(self, target: Path, *, overwrite: bool) -> None:
        """Write to *target*; with *overwrite*, also when it is there."""
        self._target = target
        self._overwrite = overwrite
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    async def __aenter__(self) -> Self:
        """Open the file to write to.

        Raises:
            InvalidInputError: If the target cannot be made.
        """
        try:
            await anyio.to_thread.run_sync(self._open)
        except OSError as failure:
            reason = failure.strerror
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
        """Write a whole answer, from the start: what an attempt before it wrote is dropped."""
        await anyio.to_thread.run_sync(self._rewind)
        pending = bytearray()
        async for chunk in reply.chunks():
            pending += chunk
            if len(pending) >= CHUNK:
                await anyio.to_thread.run_sync(self._write, bytes(pending))
                pending.clear()
        await anyio.to_thread.run_sync(self._write, bytes(pending))
        return b""

    async def keep(self) -> Path:
        """Put the file in its place, durably.

        Raises:
            InvalidInputError: If a file has come to stand there meanwhile and must not be replaced.
        """
        await anyio.to_thread.run_sync(self._settle)
        return self._target

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was not kept."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._drop)

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
            raise InvalidInputError("the file to download to has come into being meanwhile") from None
        except OSError:  # a file system without hard links
            path.rename(self._target)
        else:
            path.unlink()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None
