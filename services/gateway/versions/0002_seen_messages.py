"""Ids of signed messages that came already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0002"
down_revision = "gateway_0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "seen_messages",
        sa.Column("client", sa.String, primary_key=True),
        sa.Column("message_id", sa.String, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("seen_messages")
