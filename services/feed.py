"""Follows every partition of a topic from positions the caller keeps: read_committed, no consumer group."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.kafka_security import connection
from streams.logs import CLIENT_LOG

_METADATA_S = 10.0
_METADATA_TRIES = 6


class TopicUnavailable(Exception):
    """The topic cannot be read: it does not exist, or no broker answers."""


class PositionLost(Exception):
    """The log no longer holds the position the database names: the topic was cut or made anew."""


class Entry(NamedTuple):
    """One record of the topic; time and headers only where the feed was asked for whole records."""

    partition: int
    offset: int
    value: bytes | None
    key: bytes | None = None
    at_ms: int = 0
    headers: Sequence[tuple[str, bytes]] = ()


class Feed:
    """A consumer with manual assignment. Not thread-safe."""

    def __init__(self, bootstrap: str, topic: str, client: str, *, whole: bool = False) -> None:
        """Read this topic; `whole`: with the time and the headers of each record, which most have no use for."""
        self._topic = topic
        self._whole = whole
        self._at_end: set[int] = set()
        self._ends: dict[int, int] = {}
        self._consumer = Consumer(
            {
                **connection(bootstrap),
                "client.id": client,
                "log_level": 2,
                "logger": CLIENT_LOG,
                "group.id": client,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 100,
                "queued.max.messages.kbytes": 16_384,
            }
        )

    def partitions(self) -> Sequence[int]:
        """Return the numbers of the topic's partitions. Raises TopicUnavailable after a minute."""
        problem = "no broker answers"
        for _ in range(_METADATA_TRIES):
            try:
                found = self._consumer.list_topics(self._topic, timeout=_METADATA_S).topics[self._topic]
            except KafkaException as error:
                problem = str(error)
                continue
            if found.error is None and found.partitions:
                return sorted(found.partitions)
            problem = f"topic {self._topic}: {found.error}"
            time.sleep(1.0)
        raise TopicUnavailable(problem)

    def start(self, positions: Mapping[int, int]) -> None:
        """Read each partition from the offset given."""
        self._consumer.assign(
            [TopicPartition(self._topic, partition, offset) for partition, offset in positions.items()]
        )

    def take(self, limit: int, wait_s: float, linger_s: float) -> list[Entry]:
        """Wait for a first record at most `wait_s`, for more of them at most `linger_s`; at most `limit` in all.

        Raises PositionLost, and TopicUnavailable for an error the client cannot mend itself.
        """
        first = self._consumer.poll(wait_s)
        if first is None:
            return []
        messages = [first, *self._consumer.consume(limit - 1, linger_s)]
        return [entry for entry in map(self._entry, messages) if entry is not None]

    def at_end(self, partition: int) -> bool:
        """Tell whether the partition had nothing more when it was last read."""
        return partition in self._at_end

    def ends(self) -> Mapping[int, int]:
        """Return where each partition ended when it was last read to its end, markers of transactions included."""
        return dict(self._ends)

    def _entry(self, message: Message) -> Entry | None:
        error = message.error()
        partition, offset = message.partition(), message.offset()
        assert partition is not None
        if error is not None:
            if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own public name
                self._at_end.add(partition)
                if offset is not None:
                    self._ends[partition] = offset
                return None
            if error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001 - the client's own name for it
                raise PositionLost(f"{self._topic}/{partition}: {error.str()}")
            if error.fatal() or not error.retriable():
                raise TopicUnavailable(f"{self._topic}: {error.str()}")
            return None
        assert offset is not None
        self._at_end.discard(partition)
        key = message.key()
        entry = Entry(partition, offset, message.value(), key if isinstance(key, bytes) else None)
        if not self._whole:
            return entry
        headers: list[tuple[str, bytes]] = [(name, value or b"") for name, value in message.headers() or ()]  # type: ignore[misc,str-unpack]  # the stub allows texts, which the client never gives
        return entry._replace(at_ms=message.timestamp()[1], headers=headers)

    def close(self) -> None:
        """Leave no thread behind."""
        self._consumer.close()
