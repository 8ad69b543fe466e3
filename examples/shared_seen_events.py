"""Which events are done, shared by the processes of one machine in a SQLite file: `WebhookReceiver(verifier, SQLiteSeenEvents(path))`.

On a shared database the statements are the same; what matters is that taking an event is one statement.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from plextera_async.webhooks import Claim

CREATE = (
    "CREATE TABLE IF NOT EXISTS seen (event_id TEXT PRIMARY KEY, done INTEGER NOT NULL, until REAL NOT NULL)"
)
FORGET = "DELETE FROM seen WHERE until <= :now"  # claims that have expired, and what was done long ago
TAKE = "INSERT INTO seen VALUES (:id, 0, :until) ON CONFLICT DO NOTHING"
LOOK = "SELECT done FROM seen WHERE event_id = :id"
COMPLETE = "INSERT INTO seen VALUES (:id, 1, :until) ON CONFLICT DO UPDATE SET done = 1, until = :until"
RELEASE = "DELETE FROM seen WHERE event_id = :id AND NOT done"


class SQLiteSeenEvents:
    def __init__(
        self,
        path: Path,
        *,
        claim_seconds: float = 60,
        keep_seconds: float = 30 * 86400,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = path
        self._claim_seconds = claim_seconds
        self._keep_seconds = keep_seconds
        self._clock = clock

    async def claim(self, event_id: str, /) -> Claim:
        return await asyncio.to_thread(self._claim, event_id)

    async def complete(self, event_id: str, /) -> None:
        await asyncio.to_thread(self._run, COMPLETE, event_id, self._keep_seconds)

    async def release(self, event_id: str, /) -> None:
        await asyncio.to_thread(self._run, RELEASE, event_id, 0)

    def _claim(self, event_id: str) -> Claim:
        with closing(self._open()) as file, file:
            file.execute("BEGIN IMMEDIATE")
            file.execute(FORGET, {"now": self._clock()})
            if file.execute(TAKE, {"id": event_id, "until": self._clock() + self._claim_seconds}).rowcount:
                return Claim.NEW
            (done,) = file.execute(LOOK, {"id": event_id}).fetchone()
            return Claim.DONE if done else Claim.RUNNING

    def _run(self, statement: str, event_id: str, seconds: float) -> None:
        with closing(self._open()) as file, file:
            file.execute(statement, {"id": event_id, "until": self._clock() + seconds})

    def _open(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=5)
        file.execute(CREATE)
        return file
