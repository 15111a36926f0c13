"""The contract of a task's state store: values with due times, the changelog position and the input offsets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from streams.record import TopicPartition

NO_DUE = 0
"""The due time of an entry that has none; every real due time is a positive number of milliseconds."""


class Entry(NamedTuple):
    """A stored value and its due time, milliseconds since the epoch or NO_DUE."""

    value: bytes
    due_ms: int


class Due(NamedTuple):
    """A key whose due time lies in the asked range."""

    due_ms: int
    key: bytes


class StorePosition(NamedTuple):
    """How far a store has come: one atomic batch moves it together with the values."""

    changelog_id: str
    """Which incarnation of the changelog topic the offset counts in; empty for a new store."""
    changelog_offset: int
    """Offset of the next changelog record to apply."""
    input_offsets: Mapping[TopicPartition, int]
    """Offsets of the next input records to process."""


class StateStore(Protocol):
    """The values of one partition. Nothing uncommitted ever reaches it. Not thread-safe."""

    def get(self, key: bytes) -> Entry | None:
        """Return the entry of a key."""

    def apply(
        self,
        writes: Mapping[bytes, Entry | None],
        position: StorePosition,
        previous_due: Mapping[bytes, int],
    ) -> None:
        """Write entries (None deletes), the due index and the position in one atomic batch.

        Input offsets that `position` does not name stay as they are.

        `previous_due` holds the stored due time of those keys the caller has read already; others are looked up.
        """

    def due_until(self, until_ms: int, limit: int) -> Sequence[Due]:
        """Return at most `limit` keys due at or before `until_ms`, earliest first."""

    def scan(self, after: bytes, limit: int) -> Sequence[tuple[bytes, Entry]]:
        """Return at most `limit` entries with keys after `after` (empty: from the first) in key order: a slice."""

    def position(self) -> StorePosition:
        """Return the position written with the last batch."""

    def wipe(self) -> None:
        """Forget everything, the position too: the store is new."""

    def close(self) -> None:
        """Let go of files and locks; what was applied stays."""


StoreFactory = Callable[[int], StateStore]
"""Opens the store of a partition. Raises Fatal when its place on the disk cannot be used."""
