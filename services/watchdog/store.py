"""The watchdog's database: every batch of events and every alert is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from services.participant.database import Conflict, Database
from services.watchdog.alert import Alert
from services.watchdog.tables import ALERTS, LOCKED, POSITIONS, REVISION
from services.watchdog.watch import Changes, Locked

_MAX_UNSENT = 500
_FREE = delete(LOCKED).where(LOCKED.c.saga_id == bindparam("freed"))
_MARK_ALERTED = update(LOCKED).where(LOCKED.c.saga_id == bindparam("overdue")).values(alerted=True)
_MARK_SENT = update(ALERTS).where(ALERTS.c.alert_id == bindparam("written")).values(sent=True)


class Unsent(NamedTuple):
    """An alert not known to be sent; were it sent, it is at or after `searched_from` in the alerts topic."""

    alert: Alert
    searched_from: int


class Store:
    """One process writes it; a second one is found out by the position."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return where to read on in each partition. Raises Unmigrated."""
        self._database.require(REVISION)
        with self._database.begin() as connection:
            known = {row.partition: row.next_offset for row in connection.execute(select(POSITIONS))}
            new = [{"partition": p, "next_offset": 0} for p in partitions if p not in known]
            if new:
                connection.execute(insert(POSITIONS), new)
        return {partition: known.get(partition, 0) for partition in partitions}

    def locked(self) -> list[Locked]:
        """Return the sagas that are locked."""
        with self._database.begin() as connection:
            return [Locked(*row) for row in connection.execute(select(LOCKED))]

    def write(
        self, changes: Changes, positions: Mapping[int, tuple[int, int]], pages: Sequence[Alert], searched_from: int
    ) -> None:
        """Write what a batch of events changed, and the alerts it calls for, to be sent.

        Raises Conflict when another watchdog writes here.
        """
        with self._database.begin() as connection:
            for partition, (old, new) in positions.items():
                moved = connection.execute(
                    update(POSITIONS)
                    .where(POSITIONS.c.partition == partition, POSITIONS.c.next_offset == old)
                    .values(next_offset=new)
                )
                if moved.rowcount != 1:
                    raise Conflict(f"partition {partition} is no longer at {old}: another watchdog writes here")
            if changes.freed:
                connection.execute(_FREE, [{"freed": saga_id} for saga_id in changes.freed])
            if changes.locked:
                connection.execute(
                    insert(LOCKED),
                    [
                        {"saga_id": k.saga_id, "partition": k.partition, "since_ms": k.since_ms, "alerted": k.alerted}
                        for k in changes.locked
                    ],
                )
            if pages:
                connection.execute(insert(ALERTS), _rows(pages, searched_from))

    def raise_alerts(self, alerts: Sequence[Alert], searched_from: int) -> None:
        """Put alerts on record, to be sent; their sagas are not alerted again while they stay locked."""
        with self._database.begin() as connection:
            connection.execute(insert(ALERTS), _rows(alerts, searched_from))
            connection.execute(_MARK_ALERTED, [{"overdue": alert.saga_id} for alert in alerts])

    def unsent(self) -> list[Unsent]:
        """Return alerts that are on record and not known to be sent."""
        query = select(ALERTS).where(ALERTS.c.sent.is_(False)).order_by(ALERTS.c.raised_ms).limit(_MAX_UNSENT)
        with self._database.begin() as connection:
            return [
                Unsent(Alert(**{name: getattr(row, name) for name in Alert._fields}), row.searched_from)
                for row in connection.execute(query)
            ]

    def sent(self, alert_ids: Sequence[str]) -> None:
        """Take in that Kafka has the alerts."""
        with self._database.begin() as connection:
            connection.execute(_MARK_SENT, [{"written": alert_id} for alert_id in alert_ids])


def _rows(alerts: Sequence[Alert], searched_from: int) -> list[dict[str, Any]]:
    return [{**alert._asdict(), "searched_from": searched_from, "sent": False} for alert in alerts]
