"""First tables of the gateway database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "submissions",
        sa.Column("order_id", sa.String, primary_key=True),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("idempotency_key", sa.String, nullable=False),
        sa.Column("body_sha256", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.UniqueConstraint("client", "idempotency_key", name="submissions_key"),
    )


def downgrade() -> None:
    """Drop everything."""
    op.drop_table("submissions")
