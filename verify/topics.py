"""Read committed records of whole topics, from the first offset to the end as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # OffsetSpec is public and missing in __all__
    AdminClient,
    OffsetSpec,
)

from streams.kafka_security import connection
from verify.sources import Unreachable

_ANSWER_S = 10.0
_POLL_S = 1.0
_SILENT_POLLS = 20
_BATCH = 2_000

_LATEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client ships it without types

EndOffsets = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as it lies on the topic."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: str
    value: bytes | None
    headers: Mapping[str, str]


class Reader:
    """A consumer outside every group, so that looking changes nothing. Use as a context manager."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._admin = AdminClient({**connection(bootstrap), "log_level": 0})
        self._consumer = Consumer(
            {
                **connection(bootstrap),
                "group.id": "saga-verify",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "log_level": 0,
            }
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """Return where each partition ends for a reader of committed records. Raises Unreachable."""
        try:
            latest = {TopicPartition(place.topic, place.partition): _LATEST for place in self._partitions(topics)}
            asked = self._admin.list_offsets(
                latest, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ANSWER_S
            )
            return {(place.topic, place.partition): answer.result().offset for place, answer in asked.items()}
        except KafkaException as error:
            raise Unreachable(f"Kafka on {self._bootstrap} does not answer: {error.args[0].str()}") from error

    def existing(self, topics: Sequence[str]) -> Sequence[str]:
        """Return those of the topics that there are. Raises Unreachable."""
        try:
            known = self._consumer.list_topics(timeout=_ANSWER_S).topics
        except KafkaException as error:
            raise Unreachable(f"Kafka on {self._bootstrap} does not answer: {error.args[0].str()}") from error
        return [topic for topic in topics if topic in known]

    def read(self, topics: Sequence[str], start: EndOffsets = MappingProxyType({})) -> Iterator[Raw]:
        """Yield the committed records from `start`, or the first, up to the end, each partition in its order.

        Raises Unreachable.
        """
        try:
            partitions = self._partitions(topics)
            for place in partitions:
                place.offset = start.get((place.topic, place.partition), OFFSET_BEGINNING)
            self._consumer.assign(partitions)
        except KafkaException as error:
            raise Unreachable(f"Kafka on {self._bootstrap} does not answer: {error.args[0].str()}") from error
        open_partitions = {(place.topic, place.partition) for place in partitions}
        silent = 0
        while open_partitions:
            first = self._consumer.poll(_POLL_S)
            messages = [] if first is None else [first, *self._consumer.consume(_BATCH, 0)]
            silent = 0 if messages else silent + 1
            if silent > _SILENT_POLLS:
                raise Unreachable(f"Kafka on {self._bootstrap} went silent while {sorted(open_partitions)} were read")
            for message in messages:
                trouble = message.error()
                if trouble is None:
                    yield _raw(message)
                elif trouble.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                    open_partitions.discard((str(message.topic()), int(message.partition() or 0)))
                elif not trouble.retriable():
                    raise Unreachable(f"Kafka on {self._bootstrap}: {trouble.str()}")

    def _partitions(self, topics: Sequence[str]) -> list[TopicPartition]:
        known = self._consumer.list_topics(timeout=_ANSWER_S).topics
        missing = [topic for topic in topics if topic not in known]
        if missing:
            raise Unreachable(f"Kafka on {self._bootstrap} has no topic {', '.join(missing)}")
        return [
            TopicPartition(topic, number, OFFSET_BEGINNING) for topic in topics for number in known[topic].partitions
        ]


def _raw(message: Message) -> Raw:
    key, value = message.key(), message.value()
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Raw(
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        message.timestamp()[1],
        _text(key),
        value if isinstance(value, bytes) else None,
        {name: _text(content) for name, content in pairs},
    )


def _text(data: object) -> str:
    return data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else str(data or "")
