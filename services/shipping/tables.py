"""Shipping's tables, and what one batch does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, bindparam, insert, select, update

from services.participant.command import Command
from services.participant.database import Conflict, Database, execute, fetch
from services.participant.job import FeedPage, JobDone
from services.participant.outcome import Done

METADATA = MetaData()
SHIPMENTS = Table(
    "shipments",
    METADATA,
    Column("token", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("shipment_id", String, nullable=False),
    Column("tracking_number", String, nullable=False),
    Column("label_id", String, nullable=False),
    Column("state", String, nullable=False),
)
FEED = Table("feed", METADATA, Column("name", String, primary_key=True), Column("position", BigInteger, nullable=False))
CARRIER_FEED = "carrier"


@dataclass(slots=True)
class Shipments:
    """What a batch knows of shipments and the feed, and what it changes."""

    known: set[str] = field(default_factory=set)
    position: int = 0
    shipped: list[tuple[Any, ...]] = field(default_factory=list)
    changed: list[tuple[str, str]] = field(default_factory=list)
    """New state and shipment id."""
    moved_to: int | None = None


class ShippingTables:
    """Loads and saves what a batch touches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._select = database.select_by("token", "shipments", "token")
        self._insert = database.sql(insert(SHIPMENTS))
        which = SHIPMENTS.c.shipment_id == bindparam("which")
        self._change = database.sql(update(SHIPMENTS).where(which).values(state=bindparam("after")))

    def position(self, connection: Connection) -> int:
        """Return the number of the last recorded event of the carrier."""
        return int(connection.execute(select(FEED.c.position).where(FEED.c.name == CARRIER_FEED)).scalar_one())

    def load(
        self, connection: Connection, _commands: Sequence[Command], ended: Sequence[JobDone | FeedPage]
    ) -> Shipments:
        """Read which shipments are known, and the position if there are events to record."""
        shipments = Shipments()
        jobs = [end.job for end in ended if isinstance(end, JobDone) and isinstance(end.outcome, Done)]
        if jobs:
            keys = self._database.keys([job.undoes or job.token for job in jobs])
            shipments.known.update(row[0] for row in fetch(connection, self._select, keys))
        if any(isinstance(end, FeedPage) for end in ended):
            shipments.position = self.position(connection)
        return shipments

    def save(self, connection: Connection, shipments: Shipments) -> None:
        """Write the changes. Raises Conflict if another replica recorded the same events."""
        execute(connection, self._insert, shipments.shipped)
        execute(connection, self._change, shipments.changed)
        if shipments.moved_to is not None:
            here = (FEED.c.name == CARRIER_FEED) & (FEED.c.position == shipments.position)
            moved = connection.execute(update(FEED).where(here).values(position=shipments.moved_to))
            if moved.rowcount != 1:
                raise Conflict("another replica recorded these deliveries")
