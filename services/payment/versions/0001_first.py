"""First tables of the payment database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.participant.migration_1 import create_shell_tables

revision = "payment_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    create_shell_tables()
    op.create_table(
        "charges",
        sa.Column("token", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("charge_id", sa.String, nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String, nullable=False),
        sa.Column("refund_id", sa.String),
        sa.Column("refunded_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint("refunded_minor >= 0 AND refunded_minor <= amount_minor", name="charges_refunded"),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("charges", "outbox", "effects", "commands"):
        op.drop_table(table)
