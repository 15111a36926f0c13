"""Keeps submissions: concurrent requests share one transaction, written by one thread, waited for by the event loop."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import or_

from services.gateway.tables import REVISION, SUBMISSIONS
from services.participant.database import Conflict, Database, Unwell, execute

_BATCH = 500
MAX_WAITING = 20_000
_MARKS_WAIT_S = 0.05
_UNDECIDED_MS = 10_000
_log = logging.getLogger(__name__)
_COLUMNS = tuple(column.name for column in SUBMISSIONS.columns)


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


class _Stop:
    """Ends the writing thread."""


_Job = _Waiting | _Stop | str
"""What the writing thread is given; a text is the id of an accepted order."""


class SqlSubmissions:
    """Submissions in SQL. `start` and the waiting happen on the event loop's thread, the writing on one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: queue.Queue[_Job] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._work, name="submissions", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        mark = "?" if database.is_sqlite else "%s"
        marks = ", ".join([mark] * len(_COLUMNS))
        self._insert = f"INSERT INTO submissions ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our columns
        self._accept = f"UPDATE submissions SET state = 'accepted' WHERE order_id = {mark}"  # noqa: S608 - a parameter mark
        self._held = database.select_by("order_id, body_sha256, state, created_at_ms", "submissions", "order_id")

    @property
    def waiting(self) -> int:
        """How much waits for the database, at most MAX_WAITING."""
        return self._jobs.qsize()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the writing thread. Raises Unmigrated."""
        self._database.require(REVISION)
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end the thread and close the database."""
        self._jobs.put(_Stop())
        self._thread.join()
        self._database.close()

    async def register(self, submission: Submission) -> Held:
        """Remember the request unless its key is known, and return what is remembered. Raises Unavailable."""
        done: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        try:
            self._jobs.put_nowait(_Waiting(submission, done))
        except queue.Full as error:
            raise Unavailable(f"{MAX_WAITING} submissions wait for the database already") from error
        return await done

    def accept(self, order_id: str) -> None:
        """Remember that Kafka has the order, soon: lost in a crash, the mark costs one more record at a repetition."""
        try:
            self._jobs.put_nowait(order_id)
        except queue.Full:
            _log.warning("left an accepted order unmarked: too many wait", extra={"order_id": order_id})

    def _work(self) -> None:
        """Write batches until stopped; marks ride along with the next submissions, or go after a short while."""
        accepted: list[str] = []
        stopped = False
        while not stopped:
            waiting: list[_Waiting] = []
            stopped, patient = self._gather(waiting, accepted)
            if waiting or (accepted and (stopped or not patient)):
                self._write(waiting, accepted)
                accepted = []

    def _gather(self, waiting: list[_Waiting], accepted: list[str]) -> tuple[bool, bool]:
        """Take what is there, up to a batch; return whether to stop, and whether marks may wait longer."""
        timeout = _MARKS_WAIT_S if accepted else None
        while len(waiting) + len(accepted) < _BATCH:
            try:
                job = self._jobs.get(timeout=timeout)
            except queue.Empty:
                return False, bool(waiting)
            match job:
                case _Waiting():
                    waiting.append(job)
                case _Stop():
                    return True, False
                case order_id:
                    accepted.append(order_id)
            if self._jobs.empty():
                return False, True
        return False, False

    def _write(self, waiting: Sequence[_Waiting], accepted: Sequence[str]) -> None:
        assert self._loop is not None
        new = [job.submission for job in waiting]
        held: dict[str, Held] = {}
        problem: Unavailable | None = None
        try:
            with self._database.apart() as connection:
                execute(connection, self._insert, new)
                execute(connection, self._accept, [(order_id,) for order_id in accepted])
                if new:
                    keys = self._database.keys([submission.order_id for submission in new])
                    rows = connection.exec_driver_sql(self._held, keys).all()
                    held = {row[0]: Held(row[1], row[2], row[3]) for row in rows}
        except (Unwell, Conflict) as error:
            problem = Unavailable(str(error))
            _log.error("submissions were not stored", extra={"why": str(error), "submissions": len(new)})
        if waiting:
            self._loop.call_soon_threadsafe(_finish, waiting, held, problem)

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


def _finish(waiting: Sequence[_Waiting], held: dict[str, Held], problem: Exception | None) -> None:
    """Tell the waiting requests, on the event loop's thread."""
    for submission, done in waiting:
        if done.done():
            continue
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(held[submission.order_id])
