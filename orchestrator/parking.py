"""Records of a saga that wait because one of them cannot be used: kept in the store, in order, as they came."""

from __future__ import annotations

import base64

import orjson

from schemas.codec import MAX_MESSAGE_BYTES
from streams.processor import Context
from streams.record import Record

MOST = 100
"""Records of one saga that wait at most; further ones are dead letters."""
RETRY_MS = 30_000
"""How often a record is looked at again that waits for a newer build or a deployment."""
UNKNOWN_SCHEMA, UNKNOWN_DEFINITION = "unknown_schema", "unknown_definition"
WAITS_FOR_A_BUILD = frozenset({UNKNOWN_SCHEMA, UNKNOWN_DEFINITION})
"""What ends by itself, without a person."""


def may_wait(record: Record) -> bool:
    """Tell whether a record can be kept: a longer one was never a message."""
    return record.value is None or len(record.value) <= MAX_MESSAGE_BYTES


def place(record: Record) -> str:
    """Return where a record came from, as people name it."""
    return f"{record.topic}:{record.partition}:{record.offset}"


def keep(context: Context, saga_id: str, number: int, record: Record) -> None:
    """Keep a record."""
    value = None if record.value is None else base64.b64encode(record.value).decode()
    headers = [[name, base64.b64encode(held).decode()] for name, held in record.headers]
    fields = [record.topic, record.partition, record.offset, record.timestamp_ms, value, headers]
    context.put(_key(saga_id, number), orjson.dumps(fields))


def kept(context: Context, saga_id: str, number: int) -> Record:
    """Return a record that was kept. Raises LookupError where it was not."""
    found = context.get(_key(saga_id, number))
    if found is None:
        raise LookupError(f"{saga_id}: record {number} is said to wait, but is not there")
    topic, partition, offset, timestamp_ms, value, headers = orjson.loads(found)
    return Record(
        topic,
        partition,
        offset,
        timestamp_ms,
        saga_id.encode(),
        None if value is None else base64.b64decode(value),
        [(name, base64.b64decode(held)) for name, held in headers],
    )


def let_go(context: Context, saga_id: str, number: int) -> None:
    """Keep a record no longer."""
    context.delete(_key(saga_id, number))


def _key(saga_id: str, number: int) -> bytes:
    return f"{saga_id}/parked/{number}".encode()
