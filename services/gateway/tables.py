"""The gateway's own tables: which request stands for which order, and which signed messages came already."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String, Table, Text, UniqueConstraint

METADATA = MetaData()
REVISION = "gateway_0004"
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

SEEN_MESSAGES = Table(
    "seen_messages",
    METADATA,
    Column("client", String, primary_key=True),
    Column("message_id", String, primary_key=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
"""Messages whose signatures would still be good."""

DEAD_LETTER_DECISIONS = Table(
    "dead_letter_decisions",
    METADATA,
    Column("place", String, primary_key=True),
    Column("letter_id", String, nullable=False),
    Column("action", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request", String, nullable=False),
    Column("claim", String, nullable=False),
    Column("state", String, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""One decision about each record that no saga waits for; `state` is `under_way`, then `done`."""

PERSONAL_KEYS = Table(
    "personal_keys",
    METADATA,
    Column("key_id", String, primary_key=True),
    Column("customer_id", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("wrapped", Text),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("destroyed_at_ms", BigInteger),
    Column("destroyed_by", String),
    UniqueConstraint("customer_id", "generation", name="personal_keys_generation"),
)
"""The keys of personal data; `wrapped` is null once a key is destroyed. The newest generation is in force."""
