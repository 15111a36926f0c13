"""The gateway's own table: which request stands for which order."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()
REVISION = "gateway_0001"
"""The revision of the schema this program needs."""

SUBMISSIONS = Table(
    "submissions",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("client", String, nullable=False),
    Column("idempotency_key", String, nullable=False),
    Column("body_sha256", String, nullable=False),
    Column("state", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    UniqueConstraint("client", "idempotency_key", name="submissions_key"),
)
"""`state` is `pending` until Kafka has the order, then `accepted`; `data` is the saga's data, JSON."""
