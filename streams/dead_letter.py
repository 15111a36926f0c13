"""The shape of a dead letter: the record as it came, with its origin and why it could not be used."""

from __future__ import annotations

from streams.record import Headers, Record

MAX_DETAIL = 1_000
"""Characters of detail that are kept."""
MAX_VALUE = 900_000
"""Bytes of the value that are kept: a dead letter must always fit into its topic."""


def dead_letter_headers(record: Record, code: str, detail: str, kept: int = MAX_VALUE) -> Headers:
    """Return the headers: the origin, the error, and the original headers prefixed with `original_`.

    `kept` is how many bytes of the value the letter has; where the value has more, a header says how many.
    """
    headers: Headers = [
        ("origin_topic", record.topic.encode()),
        ("origin_partition", b"%d" % record.partition),
        ("origin_offset", b"%d" % record.offset),
        ("origin_timestamp", b"%d" % record.timestamp_ms),
        ("error_code", code.encode()),
        ("error_detail", detail[:MAX_DETAIL].encode(errors="replace")),
    ]
    if record.value is not None and len(record.value) > kept:
        headers.append(("value_truncated_from", b"%d" % len(record.value)))
    headers.extend((f"original_{name}", value) for name, value in record.headers)
    return headers


def dead_letter_value(record: Record, kept: int = MAX_VALUE) -> bytes | None:
    """Return the value as it came, cut to `kept` bytes."""
    return None if record.value is None else record.value[:kept]
