"""The webhooks database: every batch of events, and every round of attempts, is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import delete, insert, select, update

from services.participant.database import Conflict, Database, execute
from services.webhooks.notices import Known, Outcome
from services.webhooks.tables import MESSAGES, POSITIONS, REVISION, SAGAS


class Message(NamedTuple):
    """A message that is due to be sent to an endpoint; `attempts` made so far."""

    message_id: str
    endpoint: str
    body: str
    attempts: int


class Store:
    """One process writes it; a second one is found out by the position."""

    def __init__(self, database: Database) -> None:
        self._database = database
        mark = "?" if database.is_sqlite else "%s"
        five, seven = (", ".join([mark] * number) for number in (5, 7))
        self._upsert = (
            f"INSERT INTO sagas VALUES ({five}) ON CONFLICT (saga_id) DO UPDATE SET "  # noqa: S608 - parameter marks
            "customer_id = excluded.customer_id, lifecycle = excluded.lifecycle, status = excluded.status, "
            "at_ms = excluded.at_ms"
        )
        self._insert = f"INSERT INTO messages VALUES ({seven}) ON CONFLICT DO NOTHING"  # noqa: S608 - parameter marks
        self._known = database.select_by("saga_id, customer_id, lifecycle, status, at_ms", "sagas", "saga_id")

    def open(self, partitions: Sequence[int], now_ms: int) -> tuple[dict[int, int], int]:
        """Return where to read on in each partition, and since when somebody is told. Raises Unmigrated."""
        self._database.require(REVISION)
        with self._database.begin() as connection:
            rows = connection.execute(select(POSITIONS)).all()
            since_ms = min((row.since_ms for row in rows), default=now_ms)
            known = {row.partition: row.next_offset for row in rows}
            new = [{"partition": p, "next_offset": 0, "since_ms": since_ms} for p in partitions if p not in known]
            if new:
                connection.execute(insert(POSITIONS), new)
        return {partition: known.get(partition, 0) for partition in partitions}, since_ms

    def known(self, saga_ids: Iterable[str]) -> dict[str, Known]:
        """Return what is known of some sagas."""
        with self._database.begin() as connection:
            rows = connection.exec_driver_sql(self._known, self._database.keys(list(saga_ids))).all()
        return {row[0]: Known(*row) for row in rows}

    def write(
        self, sagas: Iterable[Known], messages: Iterable[Message], moves: Mapping[int, tuple[int, int]], now_ms: int
    ) -> None:
        """Write what a batch of events changed. Raises Conflict when another process writes here."""
        with self._database.begin() as connection:
            for partition, (old, new) in moves.items():
                moved = connection.execute(
                    update(POSITIONS)
                    .where(POSITIONS.c.partition == partition, POSITIONS.c.next_offset == old)
                    .values(next_offset=new)
                )
                if moved.rowcount != 1:
                    raise Conflict(f"partition {partition} is no longer at {old}: another process writes here")
            execute(connection, self._upsert, list(sagas))
            rows = [(one.message_id, one.endpoint, one.body, "waiting", 0, now_ms, "") for one in messages]
            execute(connection, self._insert, rows)

    def due(self, now_ms: int, limit: int) -> list[Message]:
        """Return messages that are due, the longest due first."""
        query = (
            select(MESSAGES.c.message_id, MESSAGES.c.endpoint, MESSAGES.c.body, MESSAGES.c.attempts)
            .where(MESSAGES.c.state == "waiting", MESSAGES.c.due_ms <= now_ms)
            .order_by(MESSAGES.c.due_ms, MESSAGES.c.message_id)
            .limit(limit)
        )
        with self._database.begin() as connection:
            return [Message(*row) for row in connection.execute(query)]

    def settle(self, outcomes: Iterable[tuple[Message, Outcome]]) -> None:
        """Write what became of some attempts."""
        with self._database.begin() as connection:
            for message, outcome in outcomes:
                connection.execute(
                    update(MESSAGES)
                    .where(MESSAGES.c.message_id == message.message_id, MESSAGES.c.endpoint == message.endpoint)
                    .values(
                        state=outcome.state,
                        attempts=message.attempts + 1,
                        due_ms=outcome.due_ms,
                        problem=outcome.problem,
                    )
                )

    def forget(self, before_ms: int) -> None:
        """Forget messages that were done and sagas that stood still before a time; dead messages stay."""
        with self._database.begin() as connection:
            connection.execute(delete(MESSAGES).where(MESSAGES.c.state == "done", MESSAGES.c.due_ms < before_ms))
            connection.execute(delete(SAGAS).where(SAGAS.c.at_ms < before_ms))
