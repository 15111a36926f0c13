"""The driver on Apache Kafka: one static group member and one transactional producer under the same name."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicCollection
from confluent_kafka import TopicPartition as ClientPartition
from confluent_kafka.admin import AdminClient

from streams.driver import RebalanceListener
from streams.errors import Fatal, TaskMigrated
from streams.kafka_config import KafkaConfig
from streams.kafka_errors import by_consequence, ends_consumer, kafka_error
from streams.kafka_ownership import KafkaOwnership
from streams.kafka_reader import read_to_end, to_record, watermarks
from streams.kafka_transactions import KafkaTransactions
from streams.logs import CLIENT_LOG
from streams.record import Headers, Record, TopicPartition

_log = logging.getLogger(__name__)

_JOIN_POLL_S = 0.05
_STABLE_OFFSETS_WAIT_S = 2.0
_PAUSE_S = 0.05
"""Between two tries of what may fail at once."""


class KafkaDriver:
    """See `streams.driver.Driver`. All work happens on the caller's thread, inside the call that needs it."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._transactions = KafkaTransactions(config)
        self._consumer: Consumer | None = None
        self._listener: RebalanceListener | None = None
        self._group_metadata: object = None
        self._committed: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._joined = False
        self._closing = False
        self._in_rebalance = False
        self._generation = 0
        self._early: list[Message] = []

    @property
    def renewals(self) -> int:
        """How often the producer was replaced after a disturbed transaction."""
        return self._transactions.renewals

    def start(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group, take over the transactional id and fence dead owners of what was assigned. Raises Fatal."""
        self._listener = listener
        consumer = Consumer(self._config.consumer(), logger=CLIENT_LOG)
        self._consumer = consumer
        self._check_topics(consumer, topics)
        consumer.subscribe(list(topics), on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost)
        deadline = time.monotonic() + self._config.join_timeout_s
        while not self._joined:
            message = consumer.poll(_JOIN_POLL_S)
            if message is not None and self._usable(message):
                self._early.append(message)
            if time.monotonic() > deadline:
                raise Fatal(f"not in group {self._config.application_id} after {self._config.join_timeout_s} s")

    def _check_topics(self, consumer: Consumer, topics: Sequence[str]) -> None:
        try:
            known = consumer.list_topics(timeout=self._config.init_timeout_s).topics
        except KafkaException as error:
            raise Fatal(f"no broker answers at {self._config.bootstrap}: {kafka_error(error).str()}") from error
        missing = [topic for topic in topics if topic not in known]
        if missing:
            raise Fatal(f"topics do not exist: {', '.join(missing)}")
        if len({len(known[topic].partitions) for topic in topics}) > 1:
            raise Fatal(f"topics read together must have the same number of partitions: {', '.join(topics)}")

    def _live(self) -> Consumer:
        if self._consumer is None:
            raise Fatal("the driver is not started")
        return self._consumer

    def _on_assign(self, consumer: Consumer, assigned: list[ClientPartition]) -> None:
        if self._closing:
            # An assignment that was under way comes in the midst of closing: nothing can be asked of the client then.
            return
        partitions = [TopicPartition(found.topic, found.partition) for found in assigned]
        self._generation += 1
        self._group_metadata = consumer.consumer_group_metadata()
        if not self._joined:
            self._transactions.start()
            self._joined = True
        owners = self._take_over(partitions)
        committed = self._committed_or_first(consumer, partitions)
        if not self._claim(consumer, committed, owners):
            partitions, committed = [], {}
        self._committed = committed
        self._paused.clear()
        consumer.assign([ClientPartition(*where, offset) for where, offset in committed.items()])
        self._told(lambda listener: listener.on_assigned(partitions))

    def _take_over(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, str]:
        """Fence dead owners until the committed offsets can be read; return who owned what."""
        ownership = KafkaOwnership(self._config)
        deadline = time.monotonic() + self._config.init_timeout_s
        while True:
            try:
                owners = ownership.owners(partitions)
                ownership.fence_dead(owners.values())
                self._live().committed([ClientPartition(*where) for where in partitions], _STABLE_OFFSETS_WAIT_S)
            except KafkaException as error:
                inner = kafka_error(error)
                if inner.fatal() or time.monotonic() > deadline:
                    raise Fatal(f"taking over partitions: {inner.str()}") from error
                _log.warning("offsets are not readable yet: %s", inner.str())
                time.sleep(_PAUSE_S)
            else:
                return owners

    def _committed_or_first(
        self, consumer: Consumer, partitions: Sequence[TopicPartition]
    ) -> dict[TopicPartition, int]:
        committed = dict(self.committed(partitions))
        for where in partitions:
            if where not in committed:
                committed[where], _ = watermarks(self._config, consumer, where)
        return committed

    def _claim(
        self, consumer: Consumer, committed: Mapping[TopicPartition, int], owners: Mapping[TopicPartition, str]
    ) -> bool:
        """Name this instance as the owner; false if the group has moved on meanwhile."""
        mine = self._config.instance_id
        claims = [
            ClientPartition(*where, offset, mine) for where, offset in committed.items() if owners.get(where) != mine
        ]
        if not claims:
            return True
        deadline = time.monotonic() + self._config.init_timeout_s
        while True:
            try:
                consumer.commit(offsets=claims, asynchronous=False)
            except KafkaException as error:
                inner = kafka_error(error)
                failure = by_consequence(inner, "claiming partitions")
                if isinstance(failure, TaskMigrated):
                    _log.warning("%s; waiting for the next assignment", failure)
                    return False
                if inner.fatal() or time.monotonic() > deadline:
                    raise Fatal(str(failure)) from error
                time.sleep(_PAUSE_S)
            else:
                return True

    def _on_revoke(self, _consumer: Consumer, revoked: list[ClientPartition]) -> None:
        self._give_up(revoked, lambda listener, partitions: listener.on_revoked(partitions))

    def _on_lost(self, _consumer: Consumer, lost: list[ClientPartition]) -> None:
        self._give_up(lost, lambda listener, partitions: listener.on_lost(partitions))

    def _give_up(
        self,
        given: list[ClientPartition],
        tell: Callable[[RebalanceListener, Sequence[TopicPartition]], None],
    ) -> None:
        partitions = [TopicPartition(found.topic, found.partition) for found in given]
        self._generation += 1
        self._in_rebalance = True
        try:
            self._told(lambda listener: tell(listener, partitions))
        finally:
            self._in_rebalance = False
            for where in partitions:
                self._committed.pop(where, None)
                self._paused.discard(where)

    def _told(self, tell: Callable[[RebalanceListener], None]) -> None:
        if self._listener is not None and not self._closing:
            tell(self._listener)

    def poll(self, timeout_s: float, limit: int) -> list[Record]:
        """Wait at most `timeout_s` for a first record, then drain up to `limit` without waiting. Raises Fatal."""
        consumer = self._live()
        messages, self._early = self._early, []
        if not messages:
            first = consumer.poll(timeout_s)
            if first is None:
                return []
            messages = [first]
        if limit > 1:
            generation = self._generation
            messages += consumer.consume(limit - 1, 0)
            if generation != self._generation:
                self._rewind()
                return []
        return [to_record(message) for message in messages if message.error() is None or self._usable(message)]

    def _usable(self, message: Message) -> bool:
        error = message.error()
        if error is None:
            return True
        if ends_consumer(error):
            raise Fatal(f"consuming: {error.str()}")
        if error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name for a local event
            _log.warning("consuming: %s", error.str())
        return False

    def begin(self) -> None:
        """Open a transaction. Raises Abortable, Fatal."""
        self._transactions.begin()

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        """Append to the open transaction. Raises Abortable, Fatal; ValueError for a record above the size limit."""
        if partition is None:
            self._transactions.produce(topic, key, value, headers, -1)
        elif topic in self._config.tracked_topics:
            self._transactions.produce_tracked(TopicPartition(topic, partition), key, value, headers)
        else:
            self._transactions.produce(topic, key, value, headers, partition)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Commit, in the generation in which the partitions were assigned. Raises Abortable, TaskMigrated, Fatal."""
        mine = self._config.instance_id
        written = self._transactions.commit(
            [ClientPartition(*where, offset, mine) for where, offset in offsets.items()], self._group_metadata
        )
        self._committed.update(offsets)
        return written

    def abort(self) -> None:
        """Abort the open transaction, if any, and rewind to the committed offsets. Raises Fatal."""
        self._transactions.abort()
        if not self._in_rebalance:
            self._rewind()

    def _rewind(self) -> None:
        self._early = []
        consumer = self._live()
        try:
            for (topic, number), offset in self._committed.items():
                consumer.seek(ClientPartition(topic, number, offset))
        except KafkaException as error:
            inner = kafka_error(error)
            if inner.fatal():
                raise Fatal(f"rewinding: {inner.str()}") from error
            consumer.assign([ClientPartition(*where, offset) for where, offset in self._committed.items()])
            if self._paused:
                consumer.pause([ClientPartition(*where) for where in self._paused])

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop delivering these partitions."""
        self._paused.update(partitions)
        self._live().pause([ClientPartition(*where) for where in partitions])

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these partitions again."""
        self._paused.difference_update(partitions)
        self._live().resume([ClientPartition(*where) for where in partitions])

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the committed offsets; waits for a transaction that still holds one of them. Raises Fatal."""
        deadline = time.monotonic() + self._config.init_timeout_s
        while True:
            try:
                found = self._live().committed(
                    [ClientPartition(*where) for where in partitions], self._config.offsets_timeout_s
                )
            except KafkaException as error:
                inner = kafka_error(error)
                if inner.fatal() or time.monotonic() > deadline:
                    raise Fatal(f"reading committed offsets: {inner.str()}") from error
                time.sleep(_PAUSE_S)
            else:
                return {TopicPartition(it.topic, it.partition): it.offset for it in found if it.offset >= 0}

    def topic_id(self, topic: str) -> str:
        """Return the identity of the topic: one deleted and made again has another. Raises Fatal."""
        admin = AdminClient(self._config.admin(), logger=CLIENT_LOG)
        timeout_s = self._config.offsets_timeout_s
        try:
            described = admin.describe_topics(TopicCollection([topic]), request_timeout=timeout_s)
            return str(described[topic].result().topic_id)
        except KafkaException as error:
            raise Fatal(f"describing {topic}: {kafka_error(error).str()}") from error

    def read_committed(self, partition: TopicPartition, start: int) -> Iterator[Sequence[Record]]:
        """Yield batches of a changelog up to its end. Raises TaskCorrupted if `start` is not in it, Fatal."""
        return read_to_end(self._config, partition, start)

    def close(self) -> None:
        """Abort what is open and stop all threads; a static member keeps its place in the group."""
        self._closing = True
        self._transactions.close()
        if self._consumer is not None:
            self._consumer.close()
            self._consumer = None
