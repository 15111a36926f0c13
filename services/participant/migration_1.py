"""Revision 1 of the shell's tables, as migrations create them: never changed, a later revision alters them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def create_shell_tables() -> None:
    """Create commands, effects and outbox."""
    op.create_table(
        "commands",
        sa.Column("command_id", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("token", sa.String, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("undoes", sa.String),
        sa.Column("received_at_ms", sa.BigInteger, nullable=False),
        sa.Column("reply", sa.LargeBinary),
    )
    op.create_table(
        "effects",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("result", sa.Text),
        sa.Column("command_id", sa.String),
        sa.Column("partition", sa.Integer),
        sa.Column("intent", sa.LargeBinary),
        sa.Column("traceparent", sa.String),
        sa.Column("claim", sa.String),
        sa.CheckConstraint("state IN ('open', 'done', 'refused', 'undone', 'barred')", name="effects_state"),
    )
    only_open = sa.text("state = 'open'")
    op.create_index("effects_open", "effects", ["partition"], sqlite_where=only_open, postgresql_where=only_open)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
    )
