"""Reading topics from their present end, as cheaply as the client allows."""

from __future__ import annotations

import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

_TIMEOUT_S = 10.0
_BATCH = 2_000


def follow(bootstrap: str, name: str, topics: Sequence[str], partitions: int) -> Consumer:
    """Return a consumer of committed records that stands at the end of partitions 0 to `partitions` - 1."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "client.id": name,
            "group.id": name,
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "fetch.queue.backoff.ms": 10,
            "queued.min.messages": 20_000,
            "check.crcs": False,
        }
    )
    wanted = [TopicPartition(topic, partition) for topic in topics for partition in range(partitions)]
    for where in wanted:
        where.offset = _end(consumer, where)
    consumer.assign(wanted)
    return consumer


def _end(consumer: Consumer, where: TopicPartition) -> int:
    """Return the end of a partition; one that was just created may have no leader yet."""
    deadline = time.monotonic() + _TIMEOUT_S
    while True:
        try:
            return consumer.get_watermark_offsets(where, _TIMEOUT_S)[1]
        except KafkaException:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.1)


def batch(consumer: Consumer, wait_s: float) -> list[Message]:
    """Wait at most `wait_s` for a first record, then take what is there. Raises KafkaException."""
    first = consumer.poll(wait_s)
    if first is None:
        return []
    messages = [first, *consumer.consume(_BATCH, 0)]
    for message in messages:
        error = message.error()
        if error is not None:
            raise KafkaException(error)
    return messages
