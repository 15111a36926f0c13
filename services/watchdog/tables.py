"""The watchdog's tables: which sagas are locked since when, which alerts were raised, how far it has read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, Text

METADATA = MetaData()
REVISION = "watchdog_0002"
"""The revision of the schema this program needs."""

LOCKED = Table(
    "locked",
    METADATA,
    Column("saga_id", String, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("alerted", Boolean, nullable=False),
)
"""Sagas whose status is `Inventory_Locked`."""

ALERTS = Table(
    "alerts",
    METADATA,
    Column("alert_id", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("raised_ms", BigInteger, nullable=False),
    Column("searched_from", BigInteger, nullable=False),
    Column("sent", Boolean, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("step", Text),
)
"""The outbox. After a crash the alerts topic is searched from `searched_from` on for those not known to be sent."""

POSITIONS = Table(
    "positions",
    METADATA,
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
)
"""How far each partition of saga.events has been read: written with what follows from it."""
