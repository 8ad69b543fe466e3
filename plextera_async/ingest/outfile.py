"""The file that results are appended to: how much of it counts is in the ledger, so that each line is in it once."""

import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

import attrs

from plextera_async.errors import ConfigurationError, LedgerError
from plextera_async.ingest.records import Records
from plextera_async.ingest.rows import OutMark

__all__ = ["OutFile"]


class OutFile:
    """An open output file. Used by one thread at a time, and after `open` only by the ledger's."""

    def __init__(self, file: BinaryIO, mark: OutMark) -> None:
        """Made by `open`."""
        self._file = file
        self._mark = mark
        self._is_sealed = False

    @classmethod
    def open(cls, path: str, mark: OutMark | None, *, overwrite: bool) -> "OutFile":
        """Open it to go on with, and cut off what the ledger does not know of: half a line, or lines nobody took.

        Args:
            path: The file. Only its owner may read it (mode 0600).
            mark: What the ledger knows of it; None if it knows of none.
            overwrite: Whether a file of unknown origin may be replaced.

        Raises:
            ConfigurationError: If it cannot be written, is no plain file, or is there and must not be replaced.
            LedgerError: If it lacks what the ledger says is in it.
        """
        may_be_new = mark is None or mark.length == 0
        flags = os.O_RDWR | getattr(os, "O_BINARY", 0) | (os.O_CREAT if may_be_new else 0)
        try:
            file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
        except OSError as failure:
            if mark is not None and isinstance(failure, FileNotFoundError):
                raise _lacking(path, mark) from None
            raise ConfigurationError(f"{path} cannot be written: {failure.strerror}") from failure
        try:
            known = _check(file, path, mark, overwrite=overwrite)
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), 0o600)  # one that was there would keep the mode it had
            file.truncate(known.length)
            file.seek(known.length)
            _make_lasting(path)
        except BaseException:
            file.close()
            raise
        return cls(file, known)

    def append(self, line: bytes) -> None:
        """Write a line, with its end; it counts when it is sealed.

        Raises:
            OSError: If it cannot be written. What is there of it is cut off when the file is opened again.
        """
        rest = memoryview(line)
        while rest:  # an unbuffered file may take a part
            rest = rest[self._file.write(rest) :]
        self._mark = attrs.evolve(
            self._mark,
            length=self._mark.length + len(line),
            last_length=len(line),
            last_checksum=zlib.crc32(line),
        )
        self._is_sealed = False

    def seal(self, records: Records) -> None:
        """See to it that all that was written is on the disk, and let it count."""
        if self._is_sealed:
            return
        os.fsync(self._file.fileno())
        records.set_out_mark(self._mark)
        self._is_sealed = True

    def close(self) -> None:
        """Close it. Safe to call twice."""
        self._file.close()


def _check(file: BinaryIO, path: str, mark: OutMark | None, *, overwrite: bool) -> OutMark:
    status = os.fstat(file.fileno())
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{path} is no plain file: with a ledger, results go to one, or to stdout")
    if mark is None:
        if status.st_size > 0 and not overwrite:
            raise ConfigurationError(f"{path} is there already: name another file, or give --overwrite")
        return OutMark(path=_whole(path), inode=status.st_ino)
    if status.st_size < mark.length:
        raise _lacking(path, mark)
    file.seek(mark.length - mark.last_length)
    is_it = zlib.crc32(file.read(mark.last_length)) == mark.last_checksum
    if not is_it or (mark.length == 0 < status.st_size and status.st_ino != mark.inode):
        raise LedgerError(f"{path} is not the file that this ledger wrote to ({mark.path}), or was changed")
    return attrs.evolve(mark, path=_whole(path), inode=status.st_ino)


def _lacking(path: str, mark: OutMark) -> LedgerError:
    return LedgerError(
        f"{path} is shorter than the ledger says: bring back the file that this ledger wrote to ({mark.path})"
    )


def _whole(path: str) -> str:
    """Give the path for people, wherever they stand."""
    return os.fsencode(Path(path).absolute()).decode("utf-8", "backslashreplace")


def _make_lasting(path: str) -> None:
    """Have the file's name on the disk, where the system can: a loss of power must not take it away again."""
    if os.name != "posix":
        return
    folder = os.open(Path(path).absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
