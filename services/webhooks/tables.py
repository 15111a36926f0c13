"""The tables of webhooks: whose each saga is and how it stood last, what is to be told to whom, how far it has read."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text

METADATA = MetaData()
REVISION = "webhooks_0001"
"""The revision of the schema this program needs."""

SAGAS = Table(
    "sagas",
    METADATA,
    Column("saga_id", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("lifecycle", String, nullable=False),
    Column("status", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
"""Sagas that are about a customer, as their last event left them."""

MESSAGES = Table(
    "messages",
    METADATA,
    Column("message_id", String, primary_key=True),
    Column("endpoint", String, primary_key=True),
    Column("body", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_ms", BigInteger, nullable=False, index=True),
    Column("problem", Text, nullable=False),
)
"""`state` is `waiting`, then `done`, or `dead` when all attempts were in vain."""

POSITIONS = Table(
    "positions",
    METADATA,
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
)
"""How far each partition of saga.events has been read; of events before `since_ms` nobody is told."""
