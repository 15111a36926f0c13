"""Kafka headers of a message: CloudEvents 1.0 binary mode, the causation id and the W3C trace context."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

Headers = list[tuple[str, bytes]]


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(time_ms: int) -> str:
    """Return milliseconds since the epoch as RFC 3339 text in UTC."""
    second, millisecond = divmod(time_ms, 1000)
    return f"{_second(second)}.{millisecond:03d}Z"


def headers(
    message: str, source: str, event_id: str, saga_id: str, time_ms: int, causation_id: str, traceparent: str
) -> Headers:
    """Return the headers of a message `context.Record` about a saga."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_type", b"sagaline." + message.encode()),
        ("ce_source", source.encode()),
        ("ce_time", rfc3339(time_ms).encode()),
        ("ce_subject", saga_id.encode()),
        ("causationid", causation_id.encode()),
        ("traceparent", traceparent.encode()),
    ]


def traceparent_of(received: Headers) -> str:
    """Return the trace context that came with a message, or an empty text."""
    for name, value in received:
        if name == "traceparent":
            return value.decode("ascii", "replace")
    return ""
