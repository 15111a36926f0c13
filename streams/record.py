"""The record types that cross the boundary between a driver, the runtime and a processor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Headers = list[tuple[str, bytes]]


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Record:
    """A consumed record. `timestamp_ms` is the record's own timestamp, in milliseconds since the epoch."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers
