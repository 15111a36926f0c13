"""Keeps submissions: concurrent requests share one transaction, written by one thread, waited for by the event loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from services.gateway.tables import REVISION, SUBMISSIONS
from services.participant.database import Conflict, Database, DatabaseError, execute

_BATCH = 500
_MAX_WAITING = 20_000
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


class Unavailable(Exception):
    """The database did not take the submission, or too many wait for it."""


class Submissions(Protocol):
    """Where the gateway remembers requests."""

    async def register(self, submission: Submission) -> Held:
        """Remember the request unless its key is known, and return what is remembered. Raises Unavailable."""

    async def accept(self, order_id: str) -> None:
        """Remember that Kafka has the order. Raises Unavailable."""

    def find(self, order_id: str) -> Submission | None:
        """Return an accepted submission. Blocks; raises Unavailable."""

    def check(self) -> None:
        """Raise Unavailable when the database does not answer. Blocks."""


class _Job(NamedTuple):
    """Work of the writing thread: a submission to register, or an order id to accept; and who waits for it."""

    submission: Submission | None
    accepted: str
    done: asyncio.Future[Held]


_NOTHING = Held("", "")


class SqlSubmissions:
    """Submissions in SQL. `start` and the waiting happen on the event loop's thread, the writing on one of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_MAX_WAITING)
        self._thread = threading.Thread(target=self._work, name="submissions", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        mark = "?" if database.is_sqlite else "%s"
        marks = ", ".join([mark] * len(_COLUMNS))
        self._insert = f"INSERT INTO submissions ({', '.join(_COLUMNS)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - our columns
        self._accept = f"UPDATE submissions SET state = 'accepted' WHERE order_id = {mark}"  # noqa: S608 - a parameter mark
        self._held = database.select_by("order_id, body_sha256, state", "submissions", "order_id")

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start the writing thread. Raises Unmigrated."""
        self._database.require(REVISION)
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end the thread and close the database."""
        self._jobs.put(None)
        self._thread.join()
        self._database.close()

    async def register(self, submission: Submission) -> Held:
        """Remember the request unless its key is known, and return what is remembered. Raises Unavailable."""
        return await self._submit(submission, "")

    async def accept(self, order_id: str) -> None:
        """Remember that Kafka has the order. Raises Unavailable."""
        await self._submit(None, order_id)

    async def _submit(self, submission: Submission | None, accepted: str) -> Held:
        done: asyncio.Future[Held] = asyncio.get_running_loop().create_future()
        try:
            self._jobs.put_nowait(_Job(submission, accepted, done))
        except queue.Full as error:
            raise Unavailable(f"{_MAX_WAITING} submissions wait for the database already") from error
        return await done

    def _work(self) -> None:
        assert self._loop is not None
        while True:
            job = self._jobs.get()
            batch: list[_Job] = []
            while job is not None:
                batch.append(job)
                if len(batch) == _BATCH or self._jobs.empty():
                    break
                job = self._jobs.get()
            if batch:
                problem = self._write(batch)
                self._loop.call_soon_threadsafe(_finish, *problem)
            if job is None:
                return

    def _write(self, batch: Sequence[_Job]) -> tuple[Sequence[_Job], dict[str, Held], Exception | None]:
        new = [job.submission for job in batch if job.submission is not None]
        held: dict[str, Held] = {}
        try:
            with self._database.begin() as connection:
                execute(connection, self._insert, new)
                execute(connection, self._accept, [(job.accepted,) for job in batch if job.submission is None])
                if new:
                    keys = self._database.keys([submission.order_id for submission in new])
                    rows = connection.exec_driver_sql(self._held, keys).all()
                    held = {row[0]: Held(row[1], row[2]) for row in rows}
        except (DatabaseError, Conflict) as error:
            return batch, {}, Unavailable(str(error))
        return batch, held, None

    def find(self, order_id: str) -> Submission | None:
        """Return an accepted submission. Blocks; raises Unavailable."""
        try:
            with self._database.begin() as connection:
                row = connection.execute(
                    SUBMISSIONS.select().where(SUBMISSIONS.c.order_id == order_id, SUBMISSIONS.c.state == "accepted")
                ).first()
        except DatabaseError as error:
            raise Unavailable(str(error)) from error
        return None if row is None else Submission(*row)

    def check(self) -> None:
        """Raise Unavailable when the database does not answer. Blocks."""
        try:
            with self._database.begin() as connection:
                connection.exec_driver_sql("SELECT 1")
        except DatabaseError as error:
            raise Unavailable(str(error)) from error


def _finish(batch: Sequence[_Job], held: dict[str, Held], problem: Exception | None) -> None:
    """Tell the waiting requests, on the event loop's thread."""
    for job in batch:
        if job.done.done():
            continue
        if problem is not None:
            job.done.set_exception(problem)
        else:
            job.done.set_result(_NOTHING if job.submission is None else held[job.submission.order_id])
