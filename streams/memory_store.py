"""The state store in memory, for tests, simulation and topology drivers; same contract as the RocksDB store."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence

from streams.record import TopicPartition
from streams.store import NO_DUE, Due, Entry, StorePosition

_NEW = StorePosition("", 0, {})


class MemoryStore:
    """Keeps its contents after `close`, as a disk would: hand the same object out again to model a restart."""

    def __init__(self) -> None:
        self._entries: dict[bytes, Entry] = {}
        self._due: list[Due] = []
        self._position = _NEW

    def get(self, key: bytes) -> Entry | None:
        """Return the entry of a key."""
        return self._entries.get(key)

    def apply(
        self,
        writes: Mapping[bytes, Entry | None],
        position: StorePosition,
        previous_due: Mapping[bytes, int],  # noqa: ARG002 - the contract's hint; a dictionary needs none
    ) -> None:
        """Write entries, the due index and the position."""
        for key, entry in writes.items():
            old = self._entries.pop(key, None)
            if old is not None and old.due_ms != NO_DUE:
                del self._due[bisect_left(self._due, Due(old.due_ms, key))]
            if entry is not None:
                self._entries[key] = entry
                if entry.due_ms != NO_DUE:
                    insort(self._due, Due(entry.due_ms, key))
        inputs: dict[TopicPartition, int] = {**self._position.input_offsets, **position.input_offsets}
        self._position = StorePosition(position.changelog_id, position.changelog_offset, inputs)

    def due_until(self, until_ms: int, limit: int) -> Sequence[Due]:
        """Return at most `limit` due keys, earliest first."""
        return self._due[: min(limit, bisect_right(self._due, until_ms, key=lambda due: due.due_ms))]

    def scan(self, after: bytes, limit: int) -> Sequence[tuple[bytes, Entry]]:
        """Return one slice of the entries in key order."""
        return sorted((key, entry) for key, entry in self._entries.items() if not after or key > after)[:limit]

    def position(self) -> StorePosition:
        """Return the position written with the last batch."""
        return self._position

    def wipe(self) -> None:
        """Forget everything, the position too."""
        self._entries.clear()
        self._due.clear()
        self._position = _NEW

    def close(self) -> None:
        """Keep the contents: a disk would, too."""
