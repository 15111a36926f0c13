"""A log in memory with Kafka's transactional rules: markers, aborted data, the last stable offset, fencing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from streams.errors import Fatal
from streams.memory_group import MemoryGroup
from streams.partitioner import partition_for
from streams.record import Headers, Record, TopicPartition


class Outcome(Enum):
    """What became of a transaction."""

    OPEN = auto()
    COMMITTED = auto()
    ABORTED = auto()


class MemoryTransaction:
    """One transaction and the partitions it wrote to."""

    __slots__ = ("first", "outcome", "written")

    def __init__(self) -> None:
        self.outcome = Outcome.OPEN
        self.first: dict[TopicPartition, int] = {}
        """Offset of the first record by partition."""
        self.written: dict[TopicPartition, int] = {}
        """Offset of the last record by partition."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One offset: a record, or the marker that ends a transaction (no record)."""

    record: Record | None
    transaction: MemoryTransaction | None


@dataclass(slots=True)
class _Topic:
    id: str
    partitions: list[list[_Slot]]
    unkeyed: int = 0


@dataclass(slots=True)
class _Identity:
    epoch: int = 0
    transaction: MemoryTransaction | None = None


class MemoryLog:
    """The broker of memory drivers. Nothing happens in the background; time passes only through `clock_ms`."""

    def __init__(self, clock_ms: Callable[[], int], session_timeout_ms: int = 3_000) -> None:
        """Start empty; a member that has not polled for `session_timeout_ms` is expelled when somebody else polls."""
        self._clock_ms = clock_ms
        self._session_timeout_ms = session_timeout_ms
        self._topics: dict[str, _Topic] = {}
        self._groups: dict[str, MemoryGroup] = {}
        self._identities: dict[str, _Identity] = {}
        self._open: set[MemoryTransaction] = set()
        self._incarnations = 0

    def create_topic(self, name: str, partitions: int) -> None:
        """Create an empty topic; one that exists is replaced by a new incarnation."""
        self._incarnations += 1
        self._topics[name] = _Topic(f"{name}#{self._incarnations}", [[] for _ in range(partitions)])

    def _topic(self, name: str) -> _Topic:
        if name not in self._topics:
            raise Fatal(f"topics do not exist: {name}")
        return self._topics[name]

    def topic_id(self, name: str) -> str:
        """Return the identity of the topic's incarnation. Raises Fatal if there is none."""
        return self._topic(name).id

    def partitions_of(self, name: str) -> int:
        """Return the number of partitions. Raises Fatal for an unknown topic."""
        return len(self._topic(name).partitions)

    def group(self, name: str) -> MemoryGroup:
        """Return the group of this name, a new one the first time."""
        return self._groups.setdefault(name, MemoryGroup(self._clock_ms, self._session_timeout_ms))

    def produce(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int | None = None,
    ) -> Record:
        """Append outside of any transaction, as a plain client does; return the record as it is stored."""
        return self.append(None, topic, key, value, headers or [], partition)

    def append(
        self,
        transaction: MemoryTransaction | None,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        partition: int | None,
    ) -> Record:
        """Append as part of a transaction; without a partition, murmur2 of the key decides."""
        found = self._topic(topic)
        number = self._choose(found, key) if partition is None else partition
        slots = found.partitions[number]
        record = Record(topic, number, len(slots), self._clock_ms(), key, value, list(headers))
        slots.append(_Slot(record, transaction))
        if transaction is not None:
            where = TopicPartition(topic, number)
            transaction.written[where] = record.offset
            transaction.first.setdefault(where, record.offset)
        return record

    @staticmethod
    def _choose(topic: _Topic, key: bytes | None) -> int:
        if key is not None:
            return partition_for(key, len(topic.partitions))
        topic.unkeyed += 1
        return topic.unkeyed % len(topic.partitions)

    def take_over(self, transactional_id: str) -> int:
        """Abort what the id left open and fence its holder; return the new epoch."""
        identity = self._identities.setdefault(transactional_id, _Identity())
        identity.epoch += 1
        if identity.transaction is not None:
            self._finish(identity.transaction, Outcome.ABORTED)
            identity.transaction = None
        return identity.epoch

    def _current(self, transactional_id: str, epoch: int) -> _Identity:
        identity = self._identities[transactional_id]
        if identity.epoch != epoch:
            raise Fatal(f"transactional id {transactional_id} was taken over")
        return identity

    def begin(self, transactional_id: str, epoch: int) -> MemoryTransaction:
        """Open a transaction. Raises Fatal if the id was taken over."""
        identity = self._current(transactional_id, epoch)
        identity.transaction = MemoryTransaction()
        self._open.add(identity.transaction)
        return identity.transaction

    def check(self, transactional_id: str, epoch: int) -> None:
        """Raise Fatal if the id was taken over."""
        self._current(transactional_id, epoch)

    def end(self, transactional_id: str, epoch: int, outcome: Outcome) -> None:
        """End the open transaction with its markers. Raises Fatal if the id was taken over."""
        identity = self._current(transactional_id, epoch)
        if identity.transaction is not None:
            self._finish(identity.transaction, outcome)
            identity.transaction = None

    def _finish(self, transaction: MemoryTransaction, outcome: Outcome) -> None:
        transaction.outcome = outcome
        self._open.discard(transaction)
        for topic, number in transaction.written:
            self._topic(topic).partitions[number].append(_Slot(None, None))

    def end_offset(self, where: TopicPartition) -> int:
        """Return the offset of the next slot, open transactions included."""
        return len(self._topic(where.topic).partitions[where.partition])

    def last_stable_offset(self, where: TopicPartition) -> int:
        """Return the first offset of an open transaction, or the end."""
        blocked = [open_one.first[where] for open_one in self._open if where in open_one.first]
        return min(blocked, default=self.end_offset(where))

    def read(self, where: TopicPartition, start: int, limit: int) -> tuple[Sequence[Record], int]:
        """Return at most `limit` committed records from `start`, and the position after them."""
        slots = self._topic(where.topic).partitions[where.partition]
        stable = self.last_stable_offset(where)
        found: list[Record] = []
        position = start
        while position < stable and len(found) < limit:
            slot = slots[position]
            position += 1
            if slot.record is not None and (slot.transaction is None or slot.transaction.outcome is Outcome.COMMITTED):
                found.append(slot.record)
        return found, position

    def committed_records(self, topic: str) -> Sequence[Record]:
        """Return everything a read_committed consumer would see, partition by partition."""
        return [
            record
            for number in range(self.partitions_of(topic))
            for record in self.read(TopicPartition(topic, number), 0, self.end_offset(TopicPartition(topic, number)))[0]
        ]
