"""First tables of the shipping database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.participant.migration_1 import create_shell_tables

revision = "shipping_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables; the feed starts before its first event."""
    create_shell_tables()
    op.create_table(
        "shipments",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("shipment_id", sa.String, nullable=False, unique=True),
        sa.Column("tracking_number", sa.String, nullable=False),
        sa.Column("label_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('active', 'cancelled', 'delivered')", name="shipments_state"),
    )
    op.create_table(
        "feed",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.execute("INSERT INTO feed (name, position) VALUES ('carrier', 0)")


def downgrade() -> None:
    """Drop everything."""
    for table in ("feed", "shipments", "outbox", "effects", "commands"):
        op.drop_table(table)
