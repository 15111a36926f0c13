"""The SQLite file of a sandbox: acts of concurrent requests share one commit, and nobody is answered before it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson

_SHARED_TABLES = """
CREATE TABLE IF NOT EXISTS answers(
  operation TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB, status INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (operation, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS attempts(key TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults(id INTEGER PRIMARY KEY, rule BLOB NOT NULL, remaining INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counters(name TEXT PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID;
"""


class Answer(NamedTuple):
    """What a caller is told: an HTTP status and a JSON body."""

    status: int
    body: bytes


def refusal(status: int, code: str, message: str) -> Answer:
    """Return an answer whose body is `{"error": {code, message}}`."""
    return Answer(status, orjson.dumps({"error": {"code": code, "message": message}}))


class Ledger:
    """One connection, used by the event loop's thread only.

    An act runs at once inside the open transaction; the transaction commits when the loop has run every handler that
    was ready, so a commit is shared by all requests of one turn of the loop. A committed act survives kill -9 of the
    process; survival of a power cut is not promised (no fsync: a provider's disk is not what is tested here).
    """

    def __init__(self, path: Path, tables: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=5000;")
        self._connection.executescript(_SHARED_TABLES + tables)
        self._committed: asyncio.Future[None] | None = None
        self._before_commit: Callable[[sqlite3.Connection], object] | None = None

    def before_commit(self, action: Callable[[sqlite3.Connection], object]) -> None:
        """Have one statement ride along with every commit, such as the count of calls."""
        self._before_commit = action

    def read(self) -> sqlite3.Connection:
        """Return the connection for a query. It sees acts not yet committed: await `durable` before answering."""
        return self._connection

    def write(self) -> sqlite3.Connection:
        """Return the connection inside the open transaction, which commits at the end of this turn of the loop."""
        if self._committed is None:
            loop = asyncio.get_running_loop()
            self._connection.execute("BEGIN IMMEDIATE")
            self._committed = loop.create_future()
            loop.call_soon(self._commit, self._committed)
        return self._connection

    async def durable(self) -> None:
        """Return when everything written so far is committed. Raises sqlite3.Error when the commit failed."""
        if self._committed is not None:
            await asyncio.shield(self._committed)

    def _commit(self, done: asyncio.Future[None]) -> None:
        self._committed = None
        try:
            if self._before_commit is not None:
                self._before_commit(self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            done.set_exception(error)
        else:
            done.set_result(None)

    def known(self, operation: str, key: str, fingerprint: bytes) -> Answer | None:
        """Return the answer this key has had already, or a 409 when it came with another body."""
        row = self._connection.execute(
            "SELECT status, body, fingerprint FROM answers WHERE operation = ? AND key = ?", (operation, key)
        ).fetchone()
        if row is None:
            return None
        if row[2] is not None and row[2] != fingerprint:
            return refusal(409, "key_reused", "this Idempotency-Key came with another body before")
        return Answer(row[0], row[1])

    def remember(self, operation: str, key: str, fingerprint: bytes, answer: Answer) -> Answer:
        """Store the answer of a key and return it."""
        self.write().execute(
            "INSERT INTO answers VALUES (?, ?, ?, ?, ?)", (operation, key, fingerprint, answer.status, answer.body)
        )
        return answer

    def close_key(self, operation: str, key: str) -> None:
        """Refuse the key from now on, whatever the body."""
        closed = refusal(409, "key_closed", "the key was closed by a lookup that found no effect")
        self.write().execute(
            "INSERT INTO answers VALUES (?, ?, NULL, ?, ?) ON CONFLICT DO UPDATE"
            " SET fingerprint = NULL, status = excluded.status, body = excluded.body",
            (operation, key, closed.status, closed.body),
        )

    def attempt(self, key: str) -> int:
        """Count one more attempt with the key and return how many there were, this one included."""
        row = self.write().execute(
            "INSERT INTO attempts VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n", (key,)
        )
        return int(row.fetchone()[0])

    def close(self) -> None:
        """Commit nothing more and close the file; an open transaction is rolled back, its callers got no answer."""
        self._connection.close()
