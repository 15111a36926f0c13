"""A read model in memory, with as much of the log projected as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.tasks.daily import ReadingFailed
from services.tasks.day_book import EventRow


@dataclass(slots=True)
class FakeReadModel:
    """Rows as the projector writes them; `behind` are the partitions that are not projected to the end of the day."""

    rows: list[EventRow] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    down: bool = False

    def positions(self) -> Mapping[int, int]:
        """Return nothing: what is unread, this log knows without."""
        if self.down:
            raise ReadingFailed("down, as the test demands")
        return {}

    def unread(self, _positions: Mapping[int, int], _before_ms: int) -> Sequence[int]:
        """Return the partitions that are behind."""
        return self.behind

    def visit(self, _start_ms: int, _end_ms: int, visitor: Callable[[Iterable[EventRow]], None]) -> None:
        """Give every row."""
        visitor(self.rows)
