"""The record types that cross the boundary between a driver, the runtime and a processor."""

from __future__ import annotations

from typing import NamedTuple

Headers = list[tuple[str, bytes]]


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(NamedTuple):
    """A consumed record. `timestamp_ms` is the record's own timestamp, in milliseconds since the epoch.

    A named tuple, because one is made for every message: a frozen dataclass takes four times as long to make.
    """

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Outgoing(NamedTuple):
    """A record to write; murmur2 of its key decides about the partition."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers
