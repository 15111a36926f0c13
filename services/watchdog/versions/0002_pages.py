"""Alerts of more than one kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "watchdog_0002"
down_revision = "watchdog_0001"


def upgrade() -> None:
    """Add what tells the kinds apart; every alert so far was about locked inventory."""
    locked = {"kind": "inventory_locked_too_long", "status": "Inventory_Locked", "about": ""}
    for name, was in locked.items():
        op.add_column("alerts", sa.Column(name, sa.Text, nullable=False, server_default=was))
    op.add_column("alerts", sa.Column("step", sa.Text))


def downgrade() -> None:
    """Drop it."""
    for name in ("step", "about", "status", "kind"):
        op.drop_column("alerts", name)
