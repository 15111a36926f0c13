"""Virtual time: what is to happen, in the order in which it happens."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any


class Agenda:
    """A clock that jumps from one thing to the next; things at the same millisecond happen in the order of entry."""

    __slots__ = ("_entered", "_heap", "now")

    def __init__(self) -> None:
        self.now = 0
        self._entered = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []

    def at(self, when: int, what: Callable[..., None], *about: Any) -> None:
        """Enter something for a time (milliseconds); never before now."""
        self._entered += 1
        heappush(self._heap, (max(when, self.now), self._entered, what, about))

    def run(self, until: int) -> bool:
        """Let everything happen up to a time. Returns whether nothing is left."""
        heap = self._heap
        while heap and heap[0][0] <= until:
            self.now, _, what, about = heappop(heap)
            what(*about)
        return not heap
