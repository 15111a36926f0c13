"""The tables every participant has: inbox, effects, outbox."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table, Text


def shell_tables(metadata: MetaData) -> tuple[Table, Table, Table]:
    """Declare commands, effects and outbox in `metadata` and return them in this order."""
    commands = Table(
        "commands",
        metadata,
        Column("command_id", String, primary_key=True),
        Column("saga_id", String, nullable=False),
        Column("token", String, nullable=False),
        Column("step", String, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("type", String, nullable=False),
        Column("undoes", String),
        Column("received_at_ms", BigInteger, nullable=False),
        Column("reply", LargeBinary),
    )
    effects = Table(
        "effects",
        metadata,
        Column("token", String, primary_key=True),
        Column("saga_id", String, nullable=False),
        Column("step", String, nullable=False),
        Column("type", String, nullable=False),
        Column("state", String, nullable=False),
        Column("result", Text),
        Column("command_id", String),
        Column("partition", Integer),
        Column("intent", LargeBinary),
        Column("traceparent", String),
        Column("claim", String),
    )
    outbox = Table(
        "outbox",
        metadata,
        Column("id", String, primary_key=True),
        Column("partition", Integer, nullable=False),
        Column("topic", String, nullable=False),
        Column("key", LargeBinary, nullable=False),
        Column("value", LargeBinary, nullable=False),
        Column("headers", Text, nullable=False),
    )
    return commands, effects, outbox


SHELL = MetaData()
COMMANDS, EFFECTS, OUTBOX = shell_tables(SHELL)
