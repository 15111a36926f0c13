"""What sagas wait for a person to decide."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "projector_0006"
down_revision = "projector_0005"

_GATED = sa.text("gates <> '[]'")
_TABLES = {"orders": ("order_id", "created_at_ms"), "sagas": ("saga_id", "started_at_ms")}


def upgrade() -> None:
    """Add the column with its indexes, and fill it for what waits at this moment."""
    for table, (key, at) in _TABLES.items():
        op.add_column(table, sa.Column("gates", sa.Text, nullable=False, server_default="[]"))
        op.create_index(f"{table}_gated", table, [at, key], sqlite_where=_GATED, postgresql_where=_GATED)
        _fill(table, key)


def _fill(table: str, key: str) -> None:
    """Note the last step that asks for an approval, of each saga that is at it."""
    connection = op.get_bind()
    query = sa.text(
        f"SELECT s.{key}, s.current_steps, e.step, e.sequence, e.at_ms, e.detail FROM {table} s"  # noqa: S608 - our tables
        f" JOIN order_events e ON e.saga_id = s.{key} AND e.type = 'SignalAwaited'"
        " WHERE s.status = 'AWAITING_APPROVAL' ORDER BY e.sequence"
    )
    update = sa.text(f"UPDATE {table} SET gates = :gates WHERE {key} = :key")  # noqa: S608 - our tables
    for row in connection.execute(query).all():
        if row.step in orjson.loads(row.current_steps):
            gates = orjson.dumps([_gate(row)]).decode()
            connection.execute(update, {"gates": gates, "key": row[0]})


def _gate(row: Any) -> dict[str, Any]:
    detail = orjson.loads(row.detail)
    signals = detail["signals"]
    said = [
        next((name for name in names if name in signals), None)
        for names in (("approve", "confirm", "accept"), ("reject", "decline", "refuse"))
    ]
    return {
        "step": row.step,
        "signals": signals,
        "approve": said[0],
        "reject": said[1],
        "sequence": row.sequence,
        "since_ms": row.at_ms,
        "until_ms": detail["timeout_at"],
    }


def downgrade() -> None:
    """Drop them."""
    for table in _TABLES:
        op.drop_index(f"{table}_gated", table)
        op.drop_column(table, "gates")
