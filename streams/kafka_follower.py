"""Follows one partition of a topic from its first record on: read_committed, no consumer group. For small topics."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message
from confluent_kafka import TopicPartition as ClientPartition

from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_errors import ends_consumer, kafka_error
from streams.kafka_reader import to_record
from streams.logs import CLIENT_LOG
from streams.record import Record, TopicPartition

_log = logging.getLogger(__name__)

_BATCH = 500
_POLL_S = 0.05


class EndNotReached(Exception):
    """The end of the topic was not reached in time: there may be more in it than was read."""


class KafkaFollower:
    """One consumer and where it stands. Not thread-safe."""

    def __init__(self, config: KafkaConfig, partition: TopicPartition) -> None:
        """Begin to read; the broker is not waited for."""
        self._partition = partition
        self._position = 0
        self._read: list[Record] = []
        self._consumer = Consumer({**config.reader(), "auto.offset.reset": "earliest"}, logger=CLIENT_LOG)
        self._ends = Consumer(config.offsets(), logger=CLIENT_LOG)
        self._consumer.assign([ClientPartition(*partition, 0)])

    def check(self, timeout_s: float) -> None:
        """Raise Fatal where the topic does not exist or no broker answers in time."""
        topic = self._partition.topic
        try:
            found = self._ends.list_topics(topic, timeout=timeout_s).topics[topic]
        except KafkaException as error:
            raise Fatal(f"no broker answers: {kafka_error(error).str()}") from error
        if found.error is not None:
            raise Fatal(f"topics do not exist: {topic}")

    def take(self) -> Sequence[Record]:
        """Return what has come and was not returned before; never waits. Raises Fatal."""
        self._consume(0)
        return self._handed()

    def take_to_end(self, timeout_s: float) -> Sequence[Record]:
        """Return all that is committed now and was not returned before.

        The end is the high watermark of the moment: a transaction that was open then is waited for. Raises
        EndNotReached, after which nothing is lost: the next call goes on; and Fatal.
        """
        deadline = time.monotonic() + timeout_s
        end = self._end(deadline, timeout_s)
        while self._position < end:
            self._consume(_POLL_S)
            if self._position < end and time.monotonic() > deadline:
                raise EndNotReached(f"{self._partition.topic}: at {self._position} of {end} after {timeout_s} s")
        return self._handed()

    def _end(self, deadline: float, timeout_s: float) -> int:
        """Return the high watermark. A topic that was just created has no leader for a moment. Raises EndNotReached."""
        while True:
            try:
                return int(self._ends.get_watermark_offsets(ClientPartition(*self._partition), timeout_s)[1])
            except KafkaException as error:
                if time.monotonic() > deadline or kafka_error(error).fatal():
                    raise EndNotReached(f"{self._partition.topic}: {kafka_error(error).str()}") from error
                self._consume(_POLL_S)

    def close(self) -> None:
        """Leave no thread behind."""
        self._consumer.close()
        self._ends.close()

    def _handed(self) -> Sequence[Record]:
        read, self._read = self._read, []
        return read

    def _consume(self, wait_s: float) -> None:
        first = self._consumer.poll(wait_s)
        if first is not None:
            for message in [first, *self._consumer.consume(_BATCH, 0)]:
                self._keep(message)

    def _keep(self, message: Message) -> None:
        error, offset = message.error(), message.offset()
        if error is None:
            self._read.append(to_record(message))
            self._position = max(self._position, (offset or 0) + 1)
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for a local event
            self._position = max(self._position, offset or 0)
        elif ends_consumer(error):
            raise Fatal(f"following {self._partition.topic}: {error.str()}")
        else:
            _log.warning("following %s: %s", self._partition.topic, error.str())
