"""The contract between the runtime and a log: consume a group's partitions, write in transactions, read changelogs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from streams.record import Headers, Record, TopicPartition


class RebalanceListener(Protocol):
    """Told about ownership from inside `Driver.poll`, on the caller's thread."""

    def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """The partitions are ours; nothing of them has been delivered yet."""

    def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """The partitions are ours until this returns: end the open transaction that holds their offsets first."""

    def on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        """The partitions are somebody else's already: drop their uncommitted work."""


class Driver(Protocol):
    """One group member with one transactional producer. Not thread-safe: one thread calls everything."""

    @property
    def renewals(self) -> int:
        """How often the producer was replaced after a disturbed transaction."""

    def start(self, topics: Sequence[str], listener: RebalanceListener) -> None:
        """Join the group and fence whatever an earlier process of this instance left open. Raises Fatal."""

    def poll(self, timeout_s: float, limit: int) -> list[Record]:
        """Wait at most `timeout_s` for a first record, then drain up to `limit` without waiting. Raises Fatal."""

    def begin(self) -> None:
        """Open a transaction. Raises Abortable, Fatal."""

    def produce(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int | None = None
    ) -> None:
        """Append to the open transaction; without a partition, murmur2 of the key decides. Raises Abortable, Fatal."""

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Commit the open transaction with the offsets of the next records to read.

        Returns the offset of the last record this transaction wrote to each partition it wrote to.
        Raises Abortable (nothing was committed), TaskMigrated (nothing was committed, ownership was lost) and
        Fatal (the outcome is not known, or another process took this instance's identity).
        """

    def abort(self) -> None:
        """Abort the open transaction, if any, and rewind every owned partition to its committed offset."""

    def pause(self, partitions: Sequence[TopicPartition]) -> None:
        """Stop delivering these partitions (bounded intake) without losing their assignment."""

    def resume(self, partitions: Sequence[TopicPartition]) -> None:
        """Deliver these partitions again."""

    def committed(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        """Return the group's committed offsets; a partition without one is left out."""

    def topic_id(self, topic: str) -> str:
        """Return the identity of a topic's incarnation: one deleted and made again has another. Raises Fatal."""

    def read_committed(self, partition: TopicPartition, start: int) -> Iterator[Sequence[Record]]:
        """Yield batches of a changelog from `start` until the position reaches the end it had at the call.

        A batch may be empty. Raises TaskCorrupted when `start` does not lie in the changelog.
        """

    def close(self) -> None:
        """Abort what is open, leave no thread behind; a static member keeps its place in the group."""
