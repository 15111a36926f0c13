"""The log of every request a sandbox got: the newest ones in memory, their number in the ledger."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

from services.sandboxes.ledger import Ledger

KEPT = 20_000
"""How many calls are kept for GET /v1/calls."""


class Call:
    """One request. `status` None: no answer was sent, or not yet."""

    __slots__ = ("at_ms", "key", "method", "n", "path", "status")

    def __init__(self, n: int, at_ms: int, method: str, path: str, key: str) -> None:
        self.n = n
        self.at_ms = at_ms
        self.method = method
        self.path = path
        self.key = key
        self.status: int | None = None


class CallLog:
    """Bounded log. After a kill the numbers go on from the last one that rode along with a commit."""

    def __init__(self, ledger: Ledger, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._calls: deque[Call] = deque(maxlen=KEPT)
        row = ledger.read().execute("SELECT n FROM counters WHERE name = 'calls'").fetchone()
        self._count = int(row[0]) if row else 0
        ledger.before_commit(self._save)

    def _save(self, connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO counters VALUES ('calls', ?)", (self._count,))

    def open(self, method: str, path: str, key: str) -> Call:
        """Log a request that has just come."""
        self._count += 1
        call = Call(self._count, self._now_ms(), method, path, key)
        self._calls.append(call)
        return call

    def shown(self, key: str | None) -> list[dict[str, Any]]:
        """Return the kept calls, oldest first, of one key or of all."""
        return [
            {"n": c.n, "at_ms": c.at_ms, "method": c.method, "path": c.path, "key": c.key, "status": c.status}
            for c in self._calls
            if key is None or c.key == key
        ]
