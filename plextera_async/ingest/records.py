"""What is asked of a ledger and written into it, in SQL. What it runs on is `ledger.py`'s business."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import attrs

from plextera_async._sansio.ledger_states import ENDS, Event, State, after, undoes_send
from plextera_async.errors import LedgerError
from plextera_async.ingest.rows import MISSING, Counts, Entry, OutMark, Row

__all__ = ["SCHEMA", "Records", "next_key"]

_PAGE = 200

# Neither contents nor field values, and of a web address neither query nor fragment: what a source is told apart by is
# a hash (`identity`), what people need to recognise it is `source`.
SCHEMA = """
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
CREATE TABLE service (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    name TEXT NOT NULL
);
CREATE TABLE out_file (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    path TEXT NOT NULL,
    inode TEXT NOT NULL,
    length INTEGER NOT NULL,
    last_length INTEGER NOT NULL,
    last_checksum INTEGER NOT NULL
);
"""
_MISSING = f"(state = 'submitted' AND error = '{MISSING}')"
_MAY_BE_THERE = "(extraction_id IS NOT NULL OR state IN ('submitting', 'undecided', 'submitted'))"
_COLUMNS = "id, key, source, state, run, sends, began, extraction_id, error, taken"


class Records:
    """The documents of a ledger, and how much of the output file counts.

    Each call belongs in a transaction, which also tells of values that nobody here has written: a `ValueError`.
    """

    def __init__(self, execute: Callable[..., Any]) -> None:
        """Ask and write with *execute*: a statement and its values in, a cursor out."""
        self._execute = execute

    def belong_to(self, service: str) -> None:
        """Write down whose documents these are, if that is not known yet, or if nothing was submitted there.

        Raises:
            LedgerError: If they are another service's, which alone knows what was submitted.
        """
        self._execute("INSERT OR IGNORE INTO service VALUES (1, ?)", (service,))
        ((known,),) = self._execute("SELECT name FROM service").fetchall()
        if known == service:
            return
        if self._execute(f"SELECT 1 FROM documents WHERE {_MAY_BE_THERE} LIMIT 1").fetchone():  # noqa: S608 - ours
            raise LedgerError(
                f"the ledger belongs to {known}, where documents of it were submitted, or may have been: "
                f"use another ledger for {service}"
            )
        self._execute("UPDATE service SET name = ?", (service,))

    def begin_run(self) -> int:
        """Give the number of a new run."""
        began = (datetime.now(UTC).isoformat(),)
        return int(self._execute("INSERT INTO runs (began) VALUES (?)", began).lastrowid or 0)

    def enter(self, entry: Entry, *, run: int) -> Row | None:
        """Give the row of a document, which is made if it is new; None if this run has met it before."""
        row = self._one("identity = ?", entry.identity)
        if row is None:
            values = (entry.identity, entry.key, entry.source, State.FOUND.value, run)
            marks = "identity, key, source, state, run"
            made = self._execute(f"INSERT INTO documents ({marks}) VALUES (?, ?, ?, ?, ?)", values)  # noqa: S608 - ours
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
            raise LedgerError("the ledger has lost a row that was there")
        return row

    def move(
        self, id: int, event: Event, *, extraction_id: str | None = None, error: str | None = None
    ) -> Row:
        """Write down what happened to a document, and give its row.

        Args:
            id: Of the row.
            event: What happened; for `SEND` and `RETRY` there are methods of their own.
            extraction_id: Its extraction from now on; None leaves it, or with `ABSENT` takes it away.
            error: Code of what it met; None if it met nothing.

        Raises:
            LedgerError: If that cannot happen in its state.
        """
        row = self.row(id)
        changes: dict[str, Any] = {"state": after(row.state, event).value, "error": error}
        if undoes_send(row.state, event):
            changes["sends"] = row.sends - 1
        if event is Event.ABSENT or extraction_id is not None:
            changes["extraction_id"] = extraction_id
        return self._update(id, changes)

    def send(self, id: int, *, now: datetime, content_hash: bytes | None = None) -> Row:
        """Write down that a document is going to be sent.

        Args:
            id: Of the row.
            now: The time, by the clock of who sends.
            content_hash: Of its bytes; None if they do not matter.

        Returns:
            The document that is to be sent; or another one that was sent with these bytes, and then this one is not.
        """
        if content_hash is not None and (other := self._with_content(content_hash, but=id)) is not None:
            return other
        row = self.row(id)
        changes = {"state": after(row.state, Event.SEND).value, "sends": row.sends + 1, "error": None}
        changes["began"] = (row.began or now).isoformat()
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
        rows = self._execute(
            "SELECT state, count(*), sum(taken = 0) FROM documents GROUP BY state"
        ).fetchall()
        states = {State(state): (number, not_taken) for state, number, not_taken in rows}
        by_state = {state: states[state][0] for state in State if state in states}
        not_taken = sum(states[state][1] for state in ENDS & states.keys())
        (missing,) = self._execute(f"SELECT count(*) FROM documents WHERE {_MISSING}").fetchone()  # noqa: S608 - ours
        return Counts(by_state, not_taken, missing)

    def unsettled(self) -> Iterator[Row]:
        """Give the documents that may wait for a person's decision, oldest first; they may change meanwhile."""
        last = 0
        while rows := self._some(f"id > ? AND (state IN ('undecided', 'submitting') OR {_MISSING})", last):
            last = rows[-1].id
            yield from rows

    def out_mark(self) -> OutMark | None:
        """Give what is known of the output file; None if there is none."""
        query = "SELECT path, inode, length, last_length, last_checksum FROM out_file"
        row = self._execute(query).fetchone()
        return None if row is None else OutMark(row[0], int(row[1]), *row[2:])

    def set_out_mark(self, mark: OutMark) -> None:
        """Write down how much of the output file counts."""
        path, inode, *sizes = attrs.astuple(mark)
        values = (path, str(inode), *sizes)  # an inode may be too large for SQLite's integers
        self._execute("INSERT OR REPLACE INTO out_file VALUES (1, ?, ?, ?, ?, ?)", values)

    def _update(self, id: int, changes: dict[str, Any]) -> Row:
        columns = ", ".join(f"{name} = ?" for name in changes)
        self._execute(f"UPDATE documents SET {columns} WHERE id = ?", (*changes.values(), id))  # noqa: S608 - ours
        return self.row(id)

    def _one(self, condition: str, *values: Any) -> Row | None:
        return next(iter(self._some(condition, *values, most=1)), None)

    def _some(self, condition: str, *values: Any, most: int = _PAGE) -> list[Row]:
        query = f"SELECT {_COLUMNS} FROM documents WHERE {condition} ORDER BY id LIMIT {most}"  # noqa: S608 - ours
        return [_to_row(row) for row in self._execute(query, values).fetchall()]


def next_key(key: str) -> str:
    """Give the name of the next submission: two extractions must not be found by one key."""
    name, mark, number = key.rpartition("~")
    return f"{name}~{int(number) + 1}" if mark and number.isdecimal() else f"{key}~2"


def _to_row(values: tuple[Any, ...]) -> Row:
    fields = dict(zip(_COLUMNS.split(", "), values, strict=True))
    began, is_taken = fields.pop("began"), bool(fields.pop("taken"))
    begun = None if began is None else datetime.fromisoformat(began)
    return Row(state=State(fields.pop("state")), began=begun, is_taken=is_taken, **fields)
