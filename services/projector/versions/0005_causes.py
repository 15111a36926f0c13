"""What caused each event, the definition of each order, how far partitions were seen, and indexes for all this."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "projector_0005"
down_revision = "projector_0004"

_FAILED = sa.text("type = 'StepFailed'")


def upgrade() -> None:
    """Add columns and indexes; causes of earlier events are there only after a rebuild."""
    op.add_column("orders", sa.Column("definition", sa.String))
    op.add_column("order_events", sa.Column("cause", sa.String))
    op.add_column("projection", sa.Column("seen_offset", sa.BigInteger))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    said = "json_extract(detail, '$.definition')" if is_sqlite else "detail::json ->> 'definition'"
    op.execute(
        f"UPDATE orders SET definition = (SELECT {said} FROM order_events"  # noqa: S608 - one of two constants
        " WHERE saga_id = order_id AND order_events.sequence = 1)"
    )
    op.create_index("orders_by_customer", "orders", ["customer_id", "created_at_ms", "order_id"])
    op.create_index("sagas_by_time", "sagas", ["started_at_ms", "saga_id"])
    op.create_index("failures_by_time", "order_events", ["at_ms"], sqlite_where=_FAILED, postgresql_where=_FAILED)


def downgrade() -> None:
    """Drop them."""
    op.drop_index("failures_by_time", "order_events")
    op.drop_index("sagas_by_time", "sagas")
    op.drop_index("orders_by_customer", "orders")
    op.drop_column("projection", "seen_offset")
    op.drop_column("order_events", "cause")
    op.drop_column("orders", "definition")
