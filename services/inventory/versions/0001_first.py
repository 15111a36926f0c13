"""First tables of the inventory database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.participant.migration_1 import create_shell_tables

revision = "inventory_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables; the order of the primary key serves the look-up by sku."""
    create_shell_tables()
    op.create_table(
        "stock",
        sa.Column("sku", sa.String, primary_key=True),
        sa.Column("warehouse_id", sa.String, primary_key=True),
        sa.Column("on_hand", sa.BigInteger, nullable=False),
        sa.Column("reserved", sa.BigInteger, nullable=False),
        sa.Column("initial", sa.BigInteger, nullable=False),
        sa.CheckConstraint("on_hand >= 0", name="stock_on_hand"),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name="stock_reserved"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "allocations",
        sa.Column("saga_id", sa.String, primary_key=True),
        sa.Column("warehouse_id", sa.String, primary_key=True),
        sa.Column("sku", sa.String, primary_key=True),
        sa.Column("quantity", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.CheckConstraint("quantity > 0", name="allocations_quantity"),
        sa.CheckConstraint("state IN ('reserved', 'released', 'deducted', 'restocked')", name="allocations_state"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("allocations", "stock", "outbox", "effects", "commands"):
        op.drop_table(table)
