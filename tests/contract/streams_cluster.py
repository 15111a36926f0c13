"""What the contract tests need of a log, in memory and on a real broker, behind one interface."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka import TopicPartition as ClientPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # documented, but not re-exported

from streams.driver import Driver, RebalanceListener
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.kafka_reader import to_record
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.record import Headers, Record, TopicPartition

DEADLINE_S = 90.0


class Owned:
    """A listener that remembers what is owned and what it was told; `before_revoke` runs while it is still owned."""

    def __init__(self) -> None:
        self.partitions: set[TopicPartition] = set()
        self.told: list[str] = []
        self.before_revoke: Callable[[], object] = lambda: None

    def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        self.told.append("assigned")
        self.partitions |= set(partitions)

    def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        self.told.append("revoked")
        self.before_revoke()
        self.partitions -= set(partitions)

    def on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        self.told.append("lost")
        self.partitions -= set(partitions)


class Cluster(Protocol):
    """A log with topics of its own."""

    def topic(self, partitions: int = 2) -> str:
        """Create a topic with a name nobody else uses."""

    def recreate(self, topic: str, partitions: int) -> None:
        """Delete the topic and create it again."""

    def driver(self, group: str, instance: str, tracked: str = "") -> Driver:
        """Make a driver; it is closed when the test ends."""

    def join(self, driver: Driver, topics: Sequence[str], listener: RebalanceListener, peers: Sequence[Driver]) -> None:
        """Start a driver while its peers go on polling."""

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        """Write a record outside of transactions."""

    def records(self, topic: str, at_least: int = 0) -> Sequence[Record]:
        """Return all committed records, once there are so many: a commit shows a little after it has returned."""

    def is_held_back(self, where: TopicPartition) -> bool:
        """Return whether an open transaction has written to the partition."""

    def pass_time(self) -> None:
        """Let a little time pass on a clock that does not run by itself."""

    def clock_ms(self) -> int:
        """Return the time of this cluster."""

    def close(self) -> None:
        """Close all drivers."""


class MemoryCluster:
    """The log in memory."""

    def __init__(self) -> None:
        self.now_ms = 1_000_000
        self.log = MemoryLog(lambda: self.now_ms)

    def topic(self, partitions: int = 2) -> str:
        name = f"t-{uuid.uuid4().hex}"
        self.log.create_topic(name, partitions)
        return name

    def recreate(self, topic: str, partitions: int) -> None:
        self.log.create_topic(topic, partitions)

    def driver(self, group: str, instance: str, tracked: str = "") -> Driver:  # noqa: ARG002 - everything is tracked
        return MemoryDriver(self.log, group, instance)

    def join(
        self,
        driver: Driver,
        topics: Sequence[str],
        listener: RebalanceListener,
        peers: Sequence[Driver],  # noqa: ARG002 - joining does not wait for them
    ) -> None:
        driver.start(topics, listener)

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        self.log.produce(topic, key, value, headers, partition)

    def records(self, topic: str, at_least: int = 0) -> Sequence[Record]:  # noqa: ARG002 - here it shows at once
        return self.log.committed_records(topic)

    def is_held_back(self, where: TopicPartition) -> bool:
        return self.log.last_stable_offset(where) < self.log.end_offset(where)

    def pass_time(self) -> None:
        self.now_ms += 10

    def clock_ms(self) -> int:
        return self.now_ms

    def close(self) -> None:
        """Nothing runs."""


class KafkaCluster:
    """A real broker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self._admin = AdminClient({"bootstrap.servers": bootstrap})
        self._producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "linger.ms": 0})
        self._drivers: list[Driver] = []
        self._tails: dict[str, Tail] = {}

    def topic(self, partitions: int = 2) -> str:
        name = f"t-{uuid.uuid4().hex}"
        self._create(name, partitions)
        return name

    def _create(self, name: str, partitions: int) -> None:
        for created in self._admin.create_topics([NewTopic(name, partitions, 1)]).values():
            created.result(DEADLINE_S)
        wait_until(lambda: name in self._admin.list_topics(timeout=5).topics)

    def recreate(self, topic: str, partitions: int) -> None:
        if topic in self._tails:
            self._tails.pop(topic).close()
        for deleted in self._admin.delete_topics([topic]).values():
            deleted.result(DEADLINE_S)
        wait_until(lambda: topic not in self._admin.list_topics(timeout=5).topics)
        self._create(topic, partitions)

    def driver(self, group: str, instance: str, tracked: str = "") -> Driver:
        driver = KafkaDriver(
            KafkaConfig(
                bootstrap=self.bootstrap,
                application_id=group,
                instance_id=instance,
                tracked_topics=frozenset({tracked} - {""}),
                heartbeat_interval_ms=200,
                restore_timeout_s=2,
            )
        )
        self._drivers.append(driver)
        return driver

    def join(self, driver: Driver, topics: Sequence[str], listener: RebalanceListener, peers: Sequence[Driver]) -> None:
        if not peers:
            driver.start(topics, listener)
            return
        joining = Thread(target=driver.start, args=(topics, listener))
        joining.start()
        wait_until(lambda: not joining.is_alive(), lambda: [peer.poll(0.02, 1) for peer in peers])

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        self._producer.produce(
            topic,
            value,
            key,
            -1 if partition is None else partition,
            headers=headers,  # type: ignore[arg-type]  # list is invariant, its use here is not
        )
        assert self._producer.flush(DEADLINE_S) == 0

    def produce_all(self, topic: str, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """Write keys and values at once."""
        for key, value in pairs:
            self._producer.produce(topic, value, key)
        assert self._producer.flush(DEADLINE_S) == 0

    def records(self, topic: str, at_least: int = 0) -> Sequence[Record]:
        if topic not in self._tails:
            self._tails[topic] = Tail(self.bootstrap, topic)
        found: list[Record] = []

        def are_enough() -> bool:
            found[:] = self._tails[topic].records()
            return len(found) >= at_least

        wait_until(are_enough)
        return found

    def members(self, group: str) -> int:
        """Return how many members a group has."""
        return len(self._admin.describe_consumer_groups([group])[group].result(10).members)

    def is_held_back(self, where: TopicPartition) -> bool:
        return self._latest(where, "read_committed") < self._latest(where, "read_uncommitted")

    def _latest(self, where: TopicPartition, isolation: str) -> int:
        asking = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "contract.check", "isolation.level": isolation}
        )
        try:
            return asking.get_watermark_offsets(ClientPartition(*where), 10)[1]
        finally:
            asking.close()

    def pass_time(self) -> None:
        """It passes by itself."""

    def clock_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        for driver in self._drivers:
            driver.close()
        for tail in self._tails.values():
            tail.close()


class Tail:
    """Follows a topic as a read_committed consumer, from its beginning."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "contract.check",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "fetch.wait.max.ms": 10,
            }
        )
        numbers = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        self._partitions = [ClientPartition(topic, number, 0) for number in numbers]
        self._reached = dict.fromkeys(numbers, 0)
        self._found: list[Record] = []
        self._consumer.assign(self._partitions)

    def records(self) -> Sequence[Record]:
        """Return everything up to the last stable offsets of this moment."""
        ends: dict[int, int] = {}
        wait_until(lambda: self._ask_ends(ends))
        wait_until(lambda: all(self._reached[number] >= end for number, end in ends.items()), self._read)
        return list(self._found)

    def _ask_ends(self, ends: dict[int, int]) -> bool:
        """Fill in the ends; false while the broker of a partition is coming back."""
        try:
            ends.update({one.partition: self._consumer.get_watermark_offsets(one, 10)[1] for one in self._partitions})
        except KafkaException:
            return False
        return True

    def _read(self) -> None:
        message = self._consumer.poll(0.5)
        if message is None:
            return
        number, offset, error = message.partition() or 0, message.offset() or 0, message.error()
        if error is None:
            self._found.append(to_record(message))
            self._reached[number] = offset + 1
        elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's public name
            # The end of a partition also says that the markers before it have been read.
            self._reached[number] = max(self._reached[number], offset)

    def close(self) -> None:
        self._consumer.close()


def wait_until(
    condition: Callable[[], bool],
    meanwhile: Callable[[], object] = lambda: time.sleep(0.01),
    deadline_s: float = DEADLINE_S,
) -> None:
    """Do something until the condition holds; fail at the deadline."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        meanwhile()
