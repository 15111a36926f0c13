"""First tables of the read model."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "projector_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String, primary_key=True),
        sa.Column("reference", sa.String),
        sa.Column("customer_id", sa.String),
        sa.Column("currency", sa.String),
        sa.Column("total_minor", sa.BigInteger),
        sa.Column("lines", sa.Text, nullable=False),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("warehouse_id", sa.String),
        sa.Column("tracking_number", sa.String),
        sa.Column("current_steps", sa.Text, nullable=False),
    )
    op.create_index("orders_by_time", "orders", ["created_at_ms", "order_id"])
    waiting = sa.text("status IN ('AWAITING_APPROVAL', 'MANUAL_INTERVENTION')")
    op.create_index(
        "orders_waiting",
        "orders",
        ["status", "created_at_ms", "order_id"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "order_events",
        sa.Column("saga_id", sa.String, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("step", sa.String),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "projection",
        sa.Column("topic", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("projection", "order_events", "orders"):
        op.drop_table(table)
