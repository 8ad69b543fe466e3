"""The ledger file: SQLite, and the only place that knows it. Blocking: it is used from one thread, its own."""

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from plextera_async.errors import LedgerError, PlexteraError
from plextera_async.ingest.records import SCHEMA, Records

__all__ = ["Ledger"]

_APPLICATION = 0x504C5841  # "PLXA", where SQLite keeps whose file it is
_VERSION = 1
_SECONDS_FOR_A_LOCK = 1.0  # of a process that is just ending
_OWNER_ONLY = 0o600


class Ledger:
    """An open ledger. It belongs to one process: another one is refused until this one has ended, however it ends.

    Attributes:
        records: What is in it.
    """

    def __init__(self, path: str | os.PathLike[str], *, create: bool) -> None:
        """Open it, and check it from end to end.

        Args:
            path: The file; SQLite keeps two more beside it while it is open, `-wal` and perhaps `-shm`.
            create: Whether one that is not there is made.

        Raises:
            LedgerError: If it is in use, damaged, of a newer release, no ledger, or cannot be read or written.
        """
        self._path = Path(path)
        _find(self._path, create=create)
        with self._telling():
            whole = self._path.absolute()  # SQLite takes some names for something else than a file
            self._sql = sqlite3.connect(whole, timeout=_SECONDS_FOR_A_LOCK, isolation_level=None)
        try:
            with self._telling():
                self._prepare()
        except BaseException:
            self._sql.close()
            raise
        self.records = Records(self._sql.execute)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close it, and let others have it. Safe to call twice."""
        with self._telling():
            self._sql.close()

    def _prepare(self) -> None:
        self._sql.execute("PRAGMA locking_mode = EXCLUSIVE")  # from the first look on, until it is closed
        self._check_that_it_is_ours()
        _make_private(self._path)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            self._sql.execute(f"PRAGMA {pragma}")
        with self.transaction():  # takes the lock to write, even if there is nothing to write yet
            if self._is_empty():
                self._create()
        if (problem := self._pragma("integrity_check(1)")) != "ok":
            raise LedgerError(f"{self._path} is damaged: {problem}")

    def _check_that_it_is_ours(self) -> None:
        application, version = self._pragma("application_id"), self._pragma("user_version")
        if application != _APPLICATION and not (application == version == 0 and self._is_empty()):
            raise LedgerError(f"{self._path} is no ledger: it belongs to another program")
        if version > _VERSION:
            raise LedgerError(
                f"{self._path} was written by a newer release of plextera_async, which is needed to go on with it "
                f"(its version is {version}, this release knows {_VERSION})"
            )

    def _create(self) -> None:
        for statement in SCHEMA.split(";"):
            self._sql.execute(statement)
        self._sql.execute(f"PRAGMA application_id = {_APPLICATION}")
        self._sql.execute(f"PRAGMA user_version = {_VERSION}")

    def _pragma(self, name: str) -> Any:
        return self._sql.execute(f"PRAGMA {name}").fetchone()[0]

    def _is_empty(self) -> bool:
        return self._sql.execute("SELECT 1 FROM sqlite_master").fetchone() is None

    @contextmanager
    def _telling(self) -> Generator[None, None, None]:
        try:
            yield
        except PlexteraError:
            raise
        except (sqlite3.Error, ValueError) as failure:  # a ValueError: what is in it is none of what we write
            said = _explain(failure)
        else:
            return
        raise LedgerError(f"{self._path} {said}")

    @contextmanager
    def transaction(self) -> Generator[None, None, None]:
        """Write all of what happens in the block, durably when it is left, or nothing of it.

        Raises:
            LedgerError: If it cannot be written; nothing of it is.
        """
        with self._telling():
            self._sql.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._sql.execute("COMMIT")
            except BaseException:
                with suppress(
                    sqlite3.Error
                ):  # what went wrong is told; SQLite may have rolled back by itself
                    self._sql.execute("ROLLBACK")
                raise


def _find(path: Path, *, create: bool) -> None:
    """See to it that there is a file."""
    try:
        if create:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
        if path.is_dir():
            raise LedgerError(f"{path} is a folder, not a ledger")
        path.stat()
        if not os.access(path, os.W_OK):  # SQLite would tell of a disk that reports an error
            raise LedgerError(f"{path} {_READ_ONLY}")
    except FileNotFoundError:
        reason = "its folder does not exist" if create else "there is no such file"
    except (OSError, ValueError) as failure:
        reason = getattr(failure, "strerror", None) or "it is no usable path"
    else:
        return
    raise LedgerError(f"{path} cannot be opened as a ledger: {reason}")


def _make_private(path: Path) -> None:
    """Let only its owner read it; SQLite gives its other files the same mode."""
    try:
        if path.stat().st_mode & 0o777 != _OWNER_ONLY:
            path.chmod(_OWNER_ONLY)
    except OSError as failure:
        reason = failure.strerror
    else:
        return
    raise LedgerError(f"{path} cannot be made readable for its owner only: {reason}")


_READ_ONLY = "cannot be written: it is read-only"
_MEANINGS = (
    ("SQLITE_BUSY", "is in use by another process: wait until that has ended"),
    ("SQLITE_LOCKED", "is in use by another process: wait until that has ended"),
    ("SQLITE_FULL", "cannot be written: the disk is full; what is in it is safe"),
    ("SQLITE_READONLY", _READ_ONLY),
    ("SQLITE_NOTADB", "is no ledger: it is not an SQLite file, or its beginning is damaged"),
    ("SQLITE_CORRUPT", "is damaged"),
    ("SQLITE_IOERR", "cannot be read or written: the disk reports an error"),
    ("SQLITE_CANTOPEN", "cannot be opened"),
)


def _explain(failure: sqlite3.Error | ValueError) -> str:
    if isinstance(failure, ValueError):
        return "is damaged: it holds a value that cannot be read"
    name = getattr(failure, "sqlite_errorname", None) or type(failure).__name__
    known = next((meaning for code, meaning in _MEANINGS if name.startswith(code)), None)
    return known or f"cannot be used: {name}"
