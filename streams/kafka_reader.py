"""Reads a changelog partition to its end, for restores."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as ClientPartition

from streams.errors import Fatal, TaskCorrupted
from streams.kafka_config import KafkaConfig
from streams.kafka_errors import ends_consumer, kafka_error
from streams.logs import CLIENT_LOG
from streams.record import Record, TopicPartition

_BATCH = 1_000
_POLL_S = 0.2


def to_record(message: Message) -> Record:
    """Convert a consumed message that carries no error."""
    return Record(
        message.topic(),  # type: ignore[arg-type]  # None only for messages that carry an error
        message.partition(),  # type: ignore[arg-type]  # the same
        message.offset(),  # type: ignore[arg-type]  # the same
        message.timestamp()[1],
        message.key(),
        message.value(),
        message.headers() or [],  # type: ignore[arg-type]  # the same
    )


def read_to_end(config: KafkaConfig, partition: TopicPartition, start: int) -> Iterator[Sequence[Record]]:
    """Yield committed records from `start` until the position reaches the end that the log had at the call.

    The end is the high watermark: every transaction below it has ended or been fenced when a restore begins, so the
    last stable offset reaches it; stopping at the last stable offset of this moment could miss a commit whose markers
    are still being written. It takes a read_uncommitted client to be told the high watermark; and not an
    admin client, whose answer takes half a second. Raises TaskCorrupted when `start` lies outside the log, Fatal when
    nothing progresses.
    """
    low, end = _first_and_end(config, partition)
    if start > end or (start < low and start != 0):
        raise TaskCorrupted(f"offset {start} of {partition.topic}/{partition.partition} is not in {low}..{end}")
    position = max(start, low)
    if position >= end:
        return
    consumer = Consumer(config.reader(), logger=CLIENT_LOG)
    try:
        consumer.assign([ClientPartition(partition.topic, partition.partition, position)])
        progress_by = time.monotonic() + config.restore_timeout_s
        while position < end:
            batch, reached = _batch(consumer, position)
            if reached > position:
                position = reached
                progress_by = time.monotonic() + config.restore_timeout_s
            elif time.monotonic() > progress_by:
                raise Fatal(f"{partition.topic}/{partition.partition} stays at {position} of {end}")
            yield batch
    finally:
        consumer.close()


def _first_and_end(config: KafkaConfig, partition: TopicPartition) -> tuple[int, int]:
    offsets = Consumer(config.offsets(), logger=CLIENT_LOG)
    try:
        return watermarks(config, offsets, partition)
    finally:
        offsets.close()


def watermarks(config: KafkaConfig, offsets: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """Return the first offset and the end of a partition, as the client's isolation level sees it. Raises Fatal."""
    deadline = time.monotonic() + config.restore_timeout_s
    while True:
        try:
            return offsets.get_watermark_offsets(ClientPartition(*partition), config.offsets_timeout_s)
        except KafkaException as error:
            inner = kafka_error(error)
            if inner.fatal() or time.monotonic() > deadline:
                raise Fatal(f"offsets of {partition.topic}/{partition.partition}: {inner.str()}") from error
            time.sleep(_POLL_S)


def _batch(consumer: Consumer, position: int) -> tuple[list[Record], int]:
    first = consumer.poll(_POLL_S)
    if first is None:
        return [], position
    batch: list[Record] = []
    for message in [first, *consumer.consume(_BATCH, 0)]:
        error = message.error()
        offset = message.offset()
        if error is None:
            batch.append(to_record(message))
            position = max(position, (offset or 0) + 1)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for a local event
            position = max(position, offset or 0)
        elif error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001 - as above
            raise TaskCorrupted(f"changelog: {error.str()}")
        elif ends_consumer(error):
            raise Fatal(f"changelog: {error.str()}")
    return batch, position
