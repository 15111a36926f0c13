"""A consumer group in memory: static members, eager range assignment, generations, committed offsets with owners."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from streams.errors import Fatal, TaskMigrated
from streams.record import TopicPartition


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed offset and the instance that committed it."""

    offset: int
    owner: str


@dataclass(slots=True)
class _Member:
    token: int
    seen_ms: int
    has_rejoined: bool = True
    is_told: bool = False
    assigned: list[TopicPartition] = field(default_factory=list)


class MemoryGroup:
    """A rebalance completes when every member has polled; a member that never polls again is expelled by the clock."""

    def __init__(self, clock_ms: Callable[[], int], session_timeout_ms: int) -> None:
        self._clock_ms = clock_ms
        self._session_timeout_ms = session_timeout_ms
        self._members: dict[str, _Member] = {}
        self._topics: Mapping[str, int] = {}
        self._tokens = 0
        self._is_rebalancing = False
        self.generation = 0
        self.committed: dict[TopicPartition, Committed] = {}

    def join(self, instance_id: str, topics: Mapping[str, int]) -> int:
        """Join with topics and their partition counts; an earlier process of this instance is fenced.

        A known static member takes its partitions back without a rebalance. Returns a token of this process.
        """
        self._tokens += 1
        self._topics = topics
        known = self._members.get(instance_id)
        if known is None:
            self._members[instance_id] = _Member(self._tokens, self._clock_ms())
            self._rebalance()
            self._members[instance_id].has_rejoined = True
        else:
            known.token, known.seen_ms, known.is_told, known.has_rejoined = self._tokens, self._clock_ms(), False, True
        self._complete()
        return self._tokens

    def is_member(self, instance_id: str, token: int) -> bool:
        """Count a sign of life; false if the member was expelled. Raises Fatal if a newer process took its place."""
        member = self._members.get(instance_id)
        if member is None:
            return False
        if member.token != token:
            raise Fatal(f"group instance {instance_id} was taken over")
        member.seen_ms = self._clock_ms()
        self._expel()
        return True

    def must_revoke(self, instance_id: str) -> bool:
        """Whether a rebalance waits for this member."""
        return self._is_rebalancing and not self._members[instance_id].has_rejoined

    def rejoin(self, instance_id: str) -> None:
        """Tell that this member has given its partitions up."""
        self._members[instance_id].has_rejoined = True
        self._complete()

    def new_assignment(self, instance_id: str) -> Sequence[TopicPartition] | None:
        """Return an assignment that the member has not been told yet."""
        member = self._members[instance_id]
        if self._is_rebalancing or member.is_told:
            return None
        member.is_told = True
        return member.assigned

    def live_members(self) -> frozenset[str]:
        """Return the instance ids of the members."""
        return frozenset(self._members)

    def commit(self, instance_id: str, token: int, generation: int, offsets: Mapping[TopicPartition, int]) -> None:
        """Store offsets. Raises TaskMigrated outside of the present generation, Fatal for a fenced process."""
        self.check(instance_id, token, generation)
        for where, offset in offsets.items():
            self.committed[where] = Committed(offset, instance_id)

    def check(self, instance_id: str, token: int, generation: int) -> None:
        """Raise TaskMigrated outside of the present generation, Fatal for a fenced process."""
        member = self._members.get(instance_id)
        if member is not None and member.token != token:
            raise Fatal(f"group instance {instance_id} was taken over")
        if member is None or generation != self.generation:
            raise TaskMigrated(f"{instance_id} is not in generation {self.generation}")

    def _expel(self) -> None:
        oldest = self._clock_ms() - self._session_timeout_ms
        silent = [name for name, member in self._members.items() if member.seen_ms < oldest]
        for name in silent:
            del self._members[name]
        if silent:
            self._rebalance()

    def _rebalance(self) -> None:
        self._is_rebalancing = True
        for member in self._members.values():
            member.has_rejoined = not member.assigned
        self._complete()

    def _complete(self) -> None:
        if not self._is_rebalancing or not all(member.has_rejoined for member in self._members.values()):
            return
        self._is_rebalancing = False
        self.generation += 1
        names = sorted(self._members)
        for member in self._members.values():
            member.assigned, member.is_told = [], False
        for topic, count in sorted(self._topics.items()):
            whole, extra = divmod(count, len(names) or 1)
            first = 0
            for index, name in enumerate(names):
                size = whole + (1 if index < extra else 0)
                self._members[name].assigned += [TopicPartition(topic, number) for number in range(first, first + size)]
                first += size
