"""Dead letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "projector_0004"
down_revision = "projector_0003"


def upgrade() -> None:
    """Create the table; the projector fills it from the first letter on."""
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("log_offset", sa.BigInteger, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("saga_id", sa.String),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("origin_topic", sa.String),
        sa.Column("origin_partition", sa.BigInteger),
        sa.Column("origin_offset", sa.BigInteger),
        sa.Column("step", sa.String),
        sa.Column("sequence", sa.BigInteger),
        sa.Column("key", sa.LargeBinary),
        sa.Column("value", sa.LargeBinary),
        sa.Column("value_bytes", sa.BigInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("parked", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("decided_by", sa.String),
        sa.Column("reason", sa.Text),
        sa.Column("decided_at_ms", sa.BigInteger),
    )
    op.create_index("dead_letters_by_time", "dead_letters", ["at_ms", "log_offset", "partition"])
    op.create_index("dead_letters_by_saga", "dead_letters", ["saga_id"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("dead_letters")
