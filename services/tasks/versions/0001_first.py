"""First tables of the tasks database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.participant.migration_1 import create_shell_tables

revision = "tasks_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    create_shell_tables()
    op.create_table(
        "extracted",
        sa.Column("batch", sa.String, primary_key=True),
        sa.Column("n", sa.Integer, primary_key=True),
        sa.Column("sku", sa.String, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger, nullable=False),
    )
    for table in ("transformed", "loaded"):
        op.create_table(
            table,
            sa.Column("batch", sa.String, primary_key=True),
            sa.Column("sku", sa.String, primary_key=True),
            sa.Column("quantity", sa.BigInteger, nullable=False),
            sa.Column("amount_minor", sa.BigInteger, nullable=False),
        )
    op.create_table(
        "reservations",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('held', 'released')", name="reservations_state"),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("reservations", "loaded", "transformed", "extracted", "outbox", "effects", "commands"):
        op.drop_table(table)
