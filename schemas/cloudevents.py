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


@lru_cache(maxsize=1_024)
def _constant(name: str, value: str) -> tuple[str, bytes]:
    return name, value.encode()


@lru_cache(maxsize=256)
def _time(time_ms: int) -> tuple[str, bytes]:
    return "ce_time", rfc3339(time_ms).encode()


_SPECVERSION = ("ce_specversion", b"1.0")


def headers(
    message: str, source: str, event_id: str, saga_id: str, time_ms: int, causation_id: str, traceparent: str
) -> Headers:
    """Return the headers of a message `context.Record` about a saga; without a trace there is no `traceparent`."""
    made = [
        _SPECVERSION,
        ("ce_id", event_id.encode()),
        _constant("ce_type", f"sagaline.{message}"),
        _constant("ce_source", source),
        _time(time_ms),
        ("ce_subject", saga_id.encode()),
        ("causationid", causation_id.encode()),
    ]
    if traceparent:
        made.append(("traceparent", traceparent.encode()))
    return made


def traceparent_of(received: Headers) -> str:
    """Return the trace context that came with a message, or an empty text."""
    for name, value in received:
        if name == "traceparent":
            return value.decode("ascii", "replace")
    return ""
