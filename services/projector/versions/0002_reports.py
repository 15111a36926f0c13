"""The reports of days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "projector_0002"
down_revision = "projector_0001"


def upgrade() -> None:
    """Create the table; a projector that is rebuilt fills it from the first event on."""
    op.create_table(
        "reports",
        sa.Column("date", sa.String, primary_key=True),
        sa.Column("saga_id", sa.String, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("reports")
