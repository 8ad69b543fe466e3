"""The ledger file: SQLite, and the only place that knows it. Blocking: it is used from one thread, its own."""

import os
import sqlite3
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs

from plextera_async._sansio.ledger_states import ENDS, Event, State, after
from plextera_async.errors import LedgerError
from plextera_async.ingest.rows import Counts, Entry, OutMark, Row

__all__ = ["Ledger"]

_APPLICATION = 0x504C5841  # "PLXA", where SQLite keeps whose file it is
_VERSION = 1
_SECONDS_FOR_A_LOCK = 1.0  # of a process that is just ending
_PAGE = 200
_OWNER_ONLY = 0o600

# Neither contents nor field values, and of a web address neither query nor fragment: what a source is told apart by is
# a hash (`identity`), what people need to recognise it is `source`.
_SCHEMA = """
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL UNIQUE,
    key TEXT NOT NULL,
    source TEXT,
    state TEXT NOT NULL,
    run INTEGER NOT NULL,
    sends INTEGER NOT NULL DEFAULT 0,
    began TEXT,
    extraction_id TEXT,
    error TEXT,
    content_hash BLOB,
    taken INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX documents_not_taken ON documents (id) WHERE taken = 0;
CREATE INDEX documents_by_content ON documents (content_hash) WHERE content_hash IS NOT NULL;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    began TEXT NOT NULL
);
CREATE TABLE out_file (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    path TEXT NOT NULL,
    length INTEGER NOT NULL,
    last_length INTEGER NOT NULL,
    last_checksum INTEGER NOT NULL
);
"""
_TELL_THE_ID = (Event.CREATED, Event.ABSENT)
_COLUMNS = "id, key, source, state, run, sends, began, extraction_id, error, taken"


class Ledger:
    """An open ledger. It belongs to one process: another one is refused until this one has ended, however it ends."""

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
            self._sql = sqlite3.connect(self._path, timeout=_SECONDS_FOR_A_LOCK, isolation_level=None)
        try:
            with self._telling():
                self._prepare()
        except BaseException:
            self._sql.close()
            raise

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
        for statement in _SCHEMA.split(";"):
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
        except sqlite3.Error as failure:
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
                with suppress(sqlite3.Error):  # what went wrong is told; SQLite may have rolled back by itself
                    self._sql.execute("ROLLBACK")
                raise

    def begin_run(self) -> int:
        """Give the number of a new run."""
        return int(self._sql.execute("INSERT INTO runs (began) VALUES (?)", (_now(),)).lastrowid or 0)

    def enter(self, entry: Entry, *, run: int) -> Row | None:
        """Give the row of a document, which is made if it is new; None if this run has met it before."""
        row = self._one("identity = ?", entry.identity)
        if row is None:
            values = (entry.identity, entry.key, entry.source, State.FOUND.value, run)
            marks = "identity, key, source, state, run"
            made = self._sql.execute(f"INSERT INTO documents ({marks}) VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608 - ours
            return self.row(int(made.lastrowid or 0))
        if row.run == run:
            return None
        return row if row.is_taken else self._update(row.id, {"run": run})

    def left_over(self, *, run: int) -> list[Row]:
        """Give some documents that have no end or no taken one and that this run has not met, and let it meet them."""
        rows = self._some("taken = 0 AND run != ?", run)
        return [self._update(row.id, {"run": run}) for row in rows]

    def row(self, id: int) -> Row:
        """Give a row as it is now."""
        row = self._one("id = ?", id)
        if row is None:
            raise LedgerError(f"{self._path} has lost a row that was there")
        return row

    def move(
        self, id: int, event: Event, *, extraction_id: str | None = None, error: str | None = None
    ) -> Row:
        """Write down what happened to a document, and give its row.

        Args:
            id: Of the row.
            event: What happened; for `SEND` and `RETRY` there are methods of their own.
            extraction_id: The id that `CREATED` tells of.
            error: Code of what it met; None if it met nothing.

        Raises:
            LedgerError: If that cannot happen in its state.
        """
        changes: dict[str, Any] = {"state": after(self.row(id).state, event).value, "error": error}
        if event in _TELL_THE_ID:
            changes["extraction_id"] = extraction_id
        return self._update(id, changes)

    def send(self, id: int, *, content_hash: bytes | None = None) -> Row:
        """Write down that a document is going to be sent.

        Args:
            id: Of the row.
            content_hash: Of its bytes; None if they do not matter.

        Returns:
            The document that is to be sent; or another one that was sent with these bytes, and then this one is not.
        """
        if content_hash is not None and (other := self._with_content(content_hash, but=id)) is not None:
            return other
        row = self.row(id)
        changes = {"state": after(row.state, Event.SEND).value, "sends": row.sends + 1, "error": None}
        changes["began"] = _now() if row.began is None else row.began.isoformat()
        return self._update(id, {**changes, "content_hash": content_hash})

    def _with_content(self, content_hash: bytes, *, but: int) -> Row | None:
        was_sent = "state != 'found' AND NOT (state = 'failed' AND extraction_id IS NULL)"
        return self._one(f"content_hash = ? AND id != ? AND {was_sent}", content_hash, but)

    def renew(self, id: int) -> Row:
        """Let a document that failed or was rejected be done anew; under another key if there is an extraction."""
        row = self.row(id)
        changes: dict[str, Any] = {"state": after(row.state, Event.RETRY).value, "taken": 0, "error": None}
        if row.extraction_id is not None:
            changes |= {"key": next_key(row.key), "began": None, "extraction_id": None, "content_hash": None}
        return self._update(id, changes)

    def take(self, id: int) -> None:
        """Write down that the outcome of a document was taken; of one that has not ended it does nothing."""
        if self.row(id).state in ENDS:
            self._update(id, {"taken": 1})

    def in_state(self, *states: State) -> Iterator[Row]:
        """Give the documents in these states, oldest first; they may change meanwhile."""
        condition, last = f"id > ? AND state IN ({', '.join('?' * len(states))})", 0
        while rows := self._some(condition, last, *(state.value for state in states)):
            last = rows[-1].id
            yield from rows

    def with_key(self, key: str) -> Row | None:
        """Give the document that is sent under a key."""
        return self._one("key = ?", key)

    def counts(self) -> Counts:
        """Count the documents."""
        rows = self._sql.execute("SELECT state, taken, count(*) FROM documents GROUP BY state, taken")
        return Counter({(State(state), bool(taken)): number for state, taken, number in rows})

    def out_mark(self) -> OutMark | None:
        """Give what is known of the output file; None if there is none."""
        query = "SELECT path, length, last_length, last_checksum FROM out_file"
        row = self._sql.execute(query).fetchone()
        names = ("path", "length", "last_length", "last_checksum")
        return None if row is None else OutMark(**dict(zip(names, row, strict=True)))

    def set_out_mark(self, mark: OutMark) -> None:
        """Write down how much of the output file counts."""
        self._sql.execute("INSERT OR REPLACE INTO out_file VALUES (1, ?, ?, ?, ?)", attrs.astuple(mark))

    def _update(self, id: int, changes: dict[str, Any]) -> Row:
        columns = ", ".join(f"{name} = ?" for name in changes)
        self._sql.execute(f"UPDATE documents SET {columns} WHERE id = ?", (*changes.values(), id))  # noqa: S608 - ours
        return self.row(id)

    def _one(self, condition: str, *values: Any) -> Row | None:
        return next(iter(self._some(condition, *values, most=1)), None)

    def _some(self, condition: str, *values: Any, most: int = _PAGE) -> list[Row]:
        query = f"SELECT {_COLUMNS} FROM documents WHERE {condition} ORDER BY id LIMIT {most}"  # noqa: S608 - ours
        return [_to_row(row) for row in self._sql.execute(query, values).fetchall()]


def next_key(key: str) -> str:
    """Give the name of the next submission: two extractions must not be found by one key."""
    name, mark, number = key.rpartition("~")
    return f"{name}~{int(number) + 1}" if mark and number.isdecimal() else f"{key}~2"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _to_row(values: tuple[Any, ...]) -> Row:
    fields = dict(zip(_COLUMNS.split(", "), values, strict=True))
    began = fields.pop("began")
    return Row(
        state=State(fields.pop("state")),
        began=None if began is None else datetime.fromisoformat(began),
        is_taken=bool(fields.pop("taken")),
        **fields,
    )


def _find(path: Path, *, create: bool) -> None:
    """See to it that there is a file."""
    try:
        if create:
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
        if path.is_dir():
            raise LedgerError(f"{path} is a folder, not a ledger")
        path.stat()
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


_MEANINGS = (
    ("SQLITE_BUSY", "is in use by another process: wait until that has ended"),
    ("SQLITE_LOCKED", "is in use by another process: wait until that has ended"),
    ("SQLITE_FULL", "cannot be written: the disk is full; what is in it is safe"),
    ("SQLITE_READONLY", "cannot be written: it is read-only"),
    ("SQLITE_NOTADB", "is no ledger: it is not an SQLite file, or its beginning is damaged"),
    ("SQLITE_CORRUPT", "is damaged"),
    ("SQLITE_IOERR", "cannot be read or written: the disk reports an error"),
    ("SQLITE_CANTOPEN", "cannot be opened"),
)


def _explain(failure: sqlite3.Error) -> str:
    name = getattr(failure, "sqlite_errorname", None) or type(failure).__name__
    known = next((meaning for code, meaning in _MEANINGS if name.startswith(code)), None)
    return known or f"cannot be used: {name}"
