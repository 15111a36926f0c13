"""First tables of the notification database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.participant.migration_1 import create_shell_tables

revision = "notification_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    create_shell_tables()
    op.create_table(
        "messages",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("channel", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("template", sa.String, nullable=False),
        sa.Column("message_id", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('sent', 'refused')", name="messages_state"),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("messages", "outbox", "effects", "commands"):
        op.drop_table(table)
