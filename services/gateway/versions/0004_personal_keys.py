"""The keys that customers' personal data is sealed with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "gateway_0004"
down_revision = "gateway_0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "personal_keys",
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("customer_id", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("wrapped", sa.Text),
        sa.Column("created_at_ms", sa.BigInteger, nullable=False),
        sa.Column("destroyed_at_ms", sa.BigInteger),
        sa.Column("destroyed_by", sa.String),
        sa.UniqueConstraint("customer_id", "generation", name="personal_keys_generation"),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("personal_keys")
