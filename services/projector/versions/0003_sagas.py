"""The sagas that are no orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "projector_0003"
down_revision = "projector_0002"


def upgrade() -> None:
    """Create the table; sagas that started before are in it only after a rebuild."""
    op.create_table(
        "sagas",
        sa.Column("saga_id", sa.String, primary_key=True),
        sa.Column("definition", sa.String, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("started_at_ms", sa.BigInteger, nullable=False),
        sa.Column("updated_at_ms", sa.BigInteger, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("lifecycle", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("current_steps", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("sagas")
