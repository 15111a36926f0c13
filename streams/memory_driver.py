"""The driver on a log in memory, for tests and simulation; same contract as the Kafka driver, without waiting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from streams.driver import RebalanceListener
from streams.errors import Abortable, Fatal, TaskCorrupted, TaskMigrated
from streams.memory_log import MemoryLog, MemoryTransaction, Outcome
from streams.record import Headers, Record, TopicPartition

_RESTORE_BATCH = 1_000


class MemoryDriver:
    """One member of a group on a `MemoryLog`. To model a crash, use it no more: nothing of it runs by itself."""

    def __init__(self, log: MemoryLog, application_id: str, instance_id: str) -> None:
        self._log = log
        self._group = log.group(application_id)
        self._instance_id = instance_id
        self._topics: Mapping[str, int] = {}
        self._listener: RebalanceListener | None = None
        self._token = 0
        self._epoch = 0
        self._generation = -1
        self._positions: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._transaction: MemoryTransaction | None = None

    @property
    def renewals(self) -> int:
        """How often the producer was replaced: never, nothing disturbs a log in memory."""
        return 0

    def start(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join; while other members have not polled yet, the assignment comes from a later `poll`. Raises Fatal."""
        self._topics = {topic: self._log.partitions_of(topic) for topic in topics}
        if len(set(self._topics.values())) > 1:
            raise Fatal(f"topics read together must have the same number of partitions: {', '.join(topics)}")
        self._listener = listener
        self._token = self._group.join(self._instance_id, self._topics)
        self._epoch = self._log.take_over(self._instance_id)
        self._rebalance()

    def _told(self) -> RebalanceListener:
        if self._listener is None:
            raise Fatal("the driver is not started")
        return self._listener

    def _rebalance(self) -> None:
        listener = self._told()
        if not self._group.is_member(self._instance_id, self._token):
            listener.on_lost(list(self._positions))
            self._forget()
            self._token = self._group.join(self._instance_id, self._topics)
        if self._group.must_revoke(self._instance_id):
            listener.on_revoked(list(self._positions))
            self._forget()
            self._group.rejoin(self._instance_id)
        assigned = self._group.new_assignment(self._instance_id)
        if assigned is not None:
            self._take(assigned)
            listener.on_assigned(list(assigned))

    def _forget(self) -> None:
        self._positions.clear()
        self._committed.clear()
        self._paused.clear()

    def _take(self, assigned: Sequence[TopicPartition]) -> None:
        self._generation = self._group.generation
        known = self._group.committed
        owners = {known[where].owner for where in assigned if where in known}
        for dead in sorted(owners - self._group.live_members()):
            self._log.take_over(dead)
        self._committed = {where: known[where].offset if where in known else 0 for where in assigned}
        self._positions = dict(self._committed)
        self._group.commit(self._instance_id, self._token, self._generation, self._committed)

    def poll(self, timeout_s: float, limit: int) -> list[Record]:  # noqa: ARG002 - nothing here can be waited for
        """Return what is there, at most `limit`. Raises Fatal."""
        self._rebalance()
        records: list[Record] = []
        for where, position in self._positions.items():
            if where not in self._paused and len(records) < limit:
                found, self._positions[where] = self._log.read(where, position, limit - len(records))
                records.extend(found)
        return records

    def begin(self) -> None:
        """Open a transaction. Raises Fatal."""
        self._transaction = self._log.begin(self._instance_id, self._epoch)

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        """Append to the open transaction. Raises Abortable without one, Fatal for a fenced process."""
        if self._transaction is None:
            raise Abortable(f"producing to {topic}: no transaction is open")
        self._log.check(self._instance_id, self._epoch)
        self._log.append(self._transaction, topic, key, value, headers, partition)

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Commit the records and the offsets together. Raises Abortable, TaskMigrated, Fatal."""
        if self._transaction is None:
            raise Abortable("committing: no transaction is open")
        self._log.check(self._instance_id, self._epoch)
        if offsets:
            self._group.commit(self._instance_id, self._token, self._generation, offsets)
        self._log.end(self._instance_id, self._epoch, Outcome.COMMITTED)
        written, self._transaction = self._transaction.written, None
        self._committed.update(offsets)
        return written

    def abort(self) -> None:
        """Abort the open transaction, if any, and rewind. Raises Fatal."""
        if self._transaction is not None:
            self._transaction = None
            self._log.end(self._instance_id, self._epoch, Outcome.ABORTED)
        self._positions = dict(self._committed)

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop delivering these partitions."""
        self._paused.update(partitions)

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these partitions again."""
        self._paused.difference_update(partitions)

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the group's committed offsets."""
        known = self._group.committed
        return {where: known[where].offset for where in partitions if where in known}

    def topic_id(self, topic: str) -> str:
        """Return the identity of the topic's incarnation. Raises Fatal."""
        return self._log.topic_id(topic)

    def read_committed(self, partition: TopicPartition, start: int) -> Iterator[Sequence[Record]]:
        """Yield batches up to the end. Raises TaskCorrupted outside the log, Fatal when an open transaction blocks."""
        end = self._log.end_offset(partition)
        if start > end:
            raise TaskCorrupted(f"offset {start} of {partition.topic}/{partition.partition} is not in 0..{end}")
        position = start
        while position < end:
            batch, reached = self._log.read(partition, position, _RESTORE_BATCH)
            if reached == position:
                raise Fatal(f"{partition.topic}/{partition.partition} stays at {position} of {end}")
            position = reached
            yield batch

    def close(self) -> None:
        """Abort what is open; the member keeps its place until its session ends."""
        try:
            self.abort()
        except (Fatal, TaskMigrated):
            self._transaction = None
