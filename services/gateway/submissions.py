"""Keeps submissions: concurrent requests share one transaction, written by one thread, waited for by the event loop."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from itertools import chain
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, or_

from services.gateway.checkpoints import Checkpoints
from services.gateway.tables import REVISION, SUBMISSIONS
from services.participant.database import Conflict, Database, Unwell, execute

_BATCH = 500
MAX_WAITING = 20_000
_GATHER_S = 0.005
"""How long the first submission of a batch waits for others, to share its transaction with them."""
_MARKS_WAIT_S = 0.05
_UNDECIDED_MS = 10_000
_log = logging.getLogger(__name__)
_COLUMNS = tuple(column.name for column in SUBMISSIONS.columns)
_NAMES = ", ".join(_COLUMNS)
_ROWS = 100
"""Submissions in one statement: both databases take so many values, and both drivers keep so many statements."""


class Submission(NamedTuple):
    """One request to be remembered; a row of `submissions`, in the order of its columns."""

    order_id: str
    client: str
    idempotency_key: str
    body_sha256: str
    state: str
    created_at_ms: int
    data: str


class Held(NamedTuple):
    """What is remembered under an idempotency key."""

    body_sha256: str
    state: str
    created_at_ms: int


class Unavailable(Exception):
    """The database did not take the submission, or too many wait for it."""


class Submissions(Protocol):
    """Where the gateway remembers requests."""

    async def register(self, submission: Submission) -> Held:
        """Remember the request unless its key is known, and return what is remembered. Raises Unavailable."""

    def accept(self, order_id: str) -> None:
        """Remember that Kafka has the order, soon: lost in a crash, the mark costs one more record at a repetition."""

    def find(self, order_id: str, now_ms: int) -> Submission | None:
        """Return a submission that is accepted, or may be any moment. Blocks; raises Unavailable."""

    def check(self) -> None:
        """Raise Unavailable when the database does not answer. Blocks."""


class _Waiting(NamedTuple):
    """A submission to register, and who waits for it."""

    submission: Submission
    done: asyncio.Future[Held]


class _Batch(NamedTuple):
    """What goes into one transaction: submissions to register, and the ids of accepted orders to mark."""

    waiting: list[_Waiting]
    accepted: list[str]

    def __len__(self) -> int:
        """Return how much there is to write."""
        return len(self.waiting) + len(self.accepted)


class SqlSubmissions:
    """Submissions in SQL, gathered on the event loop's thread and written by one of its own.

    What comes within a moment goes to that thread at once: each time it is woken the two threads wait for each other.
    All methods but `find` and `check` belong to the event loop's thread.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batches: queue.SimpleQueue[_Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="submissions", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._gathering = _Batch([], [])
        self._handing_over: asyncio.TimerHandle | None = None
        self._waiting = 0
        self._checkpoints = Checkpoints(database.engine) if database.is_sqlite else None
        self._row = f"({', '.join(['?' if database.is_sqlite else '%s'] * len(_COLUMNS))})"
        # For ON CONFLICT, SQLite would keep a copy of every page that a statement of many rows changes.
        self._insert, self._unless_there = (
            ("INSERT OR IGNORE INTO", "") if database.is_sqlite else ("INSERT INTO", "ON CONFLICT DO NOTHING")
        )
        which = "IN (SELECT value FROM json_each(?))" if database.is_sqlite else "= ANY(%s)"
        self._accept = f"UPDATE submissions SET state = 'accepted' WHERE order_id {which}"  # noqa: S608 - a parameter mark
        self._held = database.select_by("order_id, body_sha256, state, created_at_ms", "submissions", "order_id")

    @property
    def waiting(self) -> int:
        """How much waits for the database, at most MAX_WAITING."""
        return self._waiting

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the writing thread, and the one that spares it checkpoints. Raises Unmigrated."""
        self._database.require(REVISION)
        self._loop = loop
        self._thread.start()
        if self._checkpoints is not None:
            self._checkpoints.start()

    def stop(self) -> None:
        """Write what waits, then end the threads and close the database."""
        self._hand_over()
        self._batches.put(None)
        self._thread.join()
        if self._checkpoints is not None:
            self._checkpoints.stop()
        self._database.close()

    async def register(self, submission: Submission) -> Held:
        """Remember the request unless its key is known, and return what is remembered. Raises Unavailable."""
        if self._waiting >= MAX_WAITING:
            raise Unavailable(f"{MAX_WAITING} submissions wait for the database already")
        done: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._gathering.waiting.append(_Waiting(submission, done))
        if len(self._gathering) >= _BATCH:
            self._hand_over()
        elif len(self._gathering.waiting) == 1:
            self._hand_over_in(_GATHER_S)
        return await done

    def accept(self, order_id: str) -> None:
        """Remember that Kafka has the order, soon: lost in a crash, the mark costs one more record at a repetition."""
        if self._waiting >= MAX_WAITING:
            _log.warning("left an accepted order unmarked: too many wait", extra={"order_id": order_id})
            return
        self._waiting += 1
        self._gathering.accepted.append(order_id)
        if len(self._gathering) >= _BATCH:
            self._hand_over()
        elif self._handing_over is None:
            self._hand_over_in(_MARKS_WAIT_S)

    def _hand_over_in(self, wait_s: float) -> None:
        assert self._loop is not None
        if self._handing_over is not None:
            self._handing_over.cancel()
        self._handing_over = self._loop.call_later(wait_s, self._hand_over)

    def _hand_over(self) -> None:
        """Give the writing thread what was gathered: marks ride along with submissions, or go after a short while."""
        if self._handing_over is not None:
            self._handing_over.cancel()
            self._handing_over = None
        if self._gathering:
            self._batches.put(self._gathering)
            self._gathering = _Batch([], [])

    def _work(self) -> None:
        """Write batches until stopped; those that came meanwhile are written together."""
        while (batch := self._batches.get()) is not None:
            stopped = False
            while not stopped and len(batch) < _BATCH and not self._batches.empty():
                more = self._batches.get()
                stopped = more is None
                if more is not None:
                    batch = _Batch(batch.waiting + more.waiting, batch.accepted + more.accepted)
            self._write(batch)
            if stopped:
                return

    def _write(self, batch: _Batch) -> None:
        assert self._loop is not None
        held: dict[str, Held] = {}
        problem: Unavailable | None = None
        try:
            with self._database.apart() as connection:
                if batch.accepted:
                    execute(connection, self._accept, [self._database.keys(batch.accepted)])
                if batch.waiting:
                    held = self._register(connection, [one.submission for one in batch.waiting])
        except (Unwell, Conflict) as error:
            problem = Unavailable(str(error))
            _log.error("submissions were not stored", extra={"why": str(error), "submissions": len(batch.waiting)})
        self._loop.call_soon_threadsafe(self._finish, batch, held, problem)

    def _register(self, connection: Connection, new: list[Submission]) -> dict[str, Held]:
        """Insert what is not there, and return what is there. Runs in the transaction."""
        inserted = sum(self._add(connection, new[at : at + _ROWS]) for at in range(0, len(new), _ROWS))
        if inserted == len(new):
            return {one.order_id: Held(one.body_sha256, one.state, one.created_at_ms) for one in new}
        keys = self._database.keys([submission.order_id for submission in new])
        found = connection.exec_driver_sql(self._held, keys).all()
        return {row[0]: Held(row[1], row[2], row[3]) for row in found}

    def _add(self, connection: Connection, new: list[Submission]) -> int:
        """Insert what is not there, all at once: the driver gives up the interpreter's lock at each statement."""
        rows = ", ".join([self._row] * len(new))
        text = f"{self._insert} submissions ({_NAMES}) VALUES {rows} {self._unless_there}"
        return execute(connection, text, [tuple(chain.from_iterable(new))])

    def _finish(self, batch: _Batch, held: dict[str, Held], problem: Exception | None) -> None:
        """Tell the waiting requests, on the event loop's thread."""
        self._waiting -= len(batch)
        for submission, done in batch.waiting:
            if done.done():
                continue
            if problem is not None:
                done.set_exception(problem)
            else:
                done.set_result(held[submission.order_id])

    def find(self, order_id: str, now_ms: int) -> Submission | None:
        """Return a submission that is accepted, or may be any moment. Blocks; raises Unavailable."""
        fresh = SUBMISSIONS.c.created_at_ms >= now_ms - _UNDECIDED_MS
        query = SUBMISSIONS.select().where(
            SUBMISSIONS.c.order_id == order_id, or_(SUBMISSIONS.c.state == "accepted", fresh)
        )
        try:
            with self._database.apart() as connection:
                row = connection.execute(query).first()
        except (Unwell, Conflict) as error:
            raise Unavailable(str(error)) from error
        return None if row is None else Submission(*row)

    def check(self) -> None:
        """Raise Unavailable when the database does not answer. Blocks."""
        try:
            with self._database.apart() as connection:
                connection.exec_driver_sql("SELECT 1")
        except (Unwell, Conflict) as error:
            raise Unavailable(str(error)) from error
