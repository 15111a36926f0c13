"""A topic of records that a test gives bit by bit, to be followed in place of one on a broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.feed import Entry


class Tape:
    """One partition; `end` is where it ends, behind the marker of the last transaction."""

    def __init__(self, records: Sequence[Entry] = (), most: int = 1_000) -> None:
        """Hold these records, and give at most `most` of them at once."""
        self.records = list(records)
        self._most = most
        self._next = 0
        self._ends: dict[int, int] = {}

    def partitions(self) -> Sequence[int]:
        """Return the only partition."""
        return [0]

    def start(self, positions: Mapping[int, int]) -> None:
        """Read from an offset."""
        self._next = positions[0]

    def take(self, limit: int, wait_s: float, linger_s: float) -> Sequence[Entry]:
        """Return what is there, at once."""
        del wait_s, linger_s
        found = [record for record in self.records if record.offset >= self._next][: min(limit, self._most)]
        if found:
            self._next = found[-1].offset + 1
        else:
            self._ends[0] = self.records[-1].offset + 2 if self.records else 0
        return found

    def ends(self) -> Mapping[int, int]:
        """Return where the partition ended when it was last read to its end."""
        return dict(self._ends)
