"""Who decided what about dead letters that no saga waits for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0003"
down_revision = "gateway_0002"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "dead_letter_decisions",
        sa.Column("place", sa.String, primary_key=True),
        sa.Column("letter_id", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("request", sa.String, nullable=False),
        sa.Column("claim", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("dead_letter_decisions")
