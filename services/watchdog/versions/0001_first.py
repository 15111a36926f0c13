"""First tables of the watchdog's database."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "watchdog_0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "locked",
        sa.Column("saga_id", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("alerted", sa.Boolean, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("since_ms", sa.BigInteger, nullable=False),
        sa.Column("raised_ms", sa.BigInteger, nullable=False),
        sa.Column("searched_from", sa.BigInteger, nullable=False),
        sa.Column("sent", sa.Boolean, nullable=False),
    )
    op.create_table(
        "positions",
        sa.Column("partition", sa.Integer, primary_key=True),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop everything."""
    for table in ("positions", "alerts", "locked"):
        op.drop_table(table)
