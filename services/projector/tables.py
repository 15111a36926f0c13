"""The tables of the read model."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

METADATA = MetaData()
REVISION = "projector_0006"
"""The revision of the schema this program needs."""

_FAILED = text("type = 'StepFailed'")
_GATED = text("gates <> '[]'")
_WAITING = text("status IN ('AWAITING_APPROVAL', 'MANUAL_INTERVENTION')")

ORDERS = Table(
    "orders",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("reference", String),
    Column("customer_id", String),
    Column("currency", String),
    Column("total_minor", BigInteger),
    Column("lines", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("lifecycle", String, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("warehouse_id", String),
    Column("tracking_number", String),
    Column("current_steps", Text, nullable=False),
    Column("definition", String),
    Column("gates", Text, nullable=False, server_default="[]"),
    Index("orders_by_time", "created_at_ms", "order_id"),
    Index("orders_by_customer", "customer_id", "created_at_ms", "order_id"),
    # Only what waits for a person is looked for by status often, and few rows at a time are in it.
    Index("orders_waiting", "status", "created_at_ms", "order_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
    Index("orders_gated", "created_at_ms", "order_id", sqlite_where=_GATED, postgresql_where=_GATED),
)
"""One row an order, as it is after its event `sequence`. Amounts in minor units; `lines`, `current_steps`: JSON.

`gates`, JSON: the steps that wait for a person's decision.
"""

SAGAS = Table(
    "sagas",
    METADATA,
    Column("saga_id", String, primary_key=True),
    Column("definition", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("updated_at_ms", BigInteger, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("lifecycle", String, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String),
    Column("current_steps", Text, nullable=False),
    Column("gates", Text, nullable=False, server_default="[]"),
    Index("sagas_by_time", "started_at_ms", "saga_id"),
    Index("sagas_gated", "started_at_ms", "saga_id", sqlite_where=_GATED, postgresql_where=_GATED),
)
"""One row for each saga that is no order, as it is after its event `sequence`.

`data`, `current_steps`, `gates`: JSON.
"""

ORDER_EVENTS = Table(
    "order_events",
    METADATA,
    Column("saga_id", String, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("type", String, nullable=False),
    Column("step", String),
    Column("lifecycle", String, nullable=False),
    Column("status", String, nullable=False),
    Column("attempt", Integer),
    Column("detail", Text, nullable=False),
    Column("cause", String),
    Index("failures_by_time", "at_ms", sqlite_where=_FAILED, postgresql_where=_FAILED),
    sqlite_with_rowid=False,
)
"""Every event of every order and of every other saga; `detail` is JSON.

`cause` is the id of the input, reply or timer that caused it; null in rows from before it was kept.
"""

REPORTS = Table(
    "reports",
    METADATA,
    Column("date", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("report", Text, nullable=False),
)
"""The report of each UTC day, JSON; `at_ms` is when it was made."""

PROJECTION = Table(
    "projection",
    METADATA,
    Column("topic", String, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    Column("seen_offset", BigInteger),
)
"""How far each partition has been projected: written with the rows that follow from it.

`seen_offset` is where the partition ended when it was last read to its end: behind the markers of transactions.
"""

DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    Column("id", String, primary_key=True),
    Column("partition", Integer, nullable=False),
    Column("log_offset", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("saga_id", String),
    Column("kind", String, nullable=False),
    Column("code", String, nullable=False),
    Column("detail", Text, nullable=False),
    Column("origin_topic", String),
    Column("origin_partition", BigInteger),
    Column("origin_offset", BigInteger),
    Column("step", String),
    Column("sequence", BigInteger),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("value_bytes", BigInteger, nullable=False),
    Column("headers", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("parked", Boolean, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("decided_by", String),
    Column("reason", Text),
    Column("decided_at_ms", BigInteger),
    Index("dead_letters_by_time", "at_ms", "log_offset", "partition"),
    Index("dead_letters_by_saga", "saga_id"),
)
"""What nobody could use, and what people decided about it; `headers` is JSON."""
