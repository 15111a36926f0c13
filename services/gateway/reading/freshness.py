"""How far the read model is behind what happened: pure bookkeeping over samples of the topics' ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, Protocol

STALE_AFTER_MS = 5_000
"""How old what the read model says may be before it is called stale."""
_MOST_SAMPLES = 600


class Lag(NamedTuple):
    """One partition: how far it is projected, where it ends; None where that is not known."""

    partition: int
    position: int
    end: int | None


class Staleness(NamedTuple):
    """Whether what is shown may be out of date, since how long (ms), and because of what."""

    stale: bool
    age_ms: int
    because: str | None = None
    lags: tuple[Lag, ...] = ()


class Freshness(Protocol):
    """Who knows how fresh the read model is."""

    def now(self) -> Staleness:
        """Return how fresh the read model is. Never blocks."""


class Samples:
    """Where the topic ended at which times, and up to which of them the read model has come.

    A sample counts only while everything that writes events is at work. So what is shown is as old as the newest
    sample whose ends are all projected.
    """

    def __init__(self, now_ms: int) -> None:
        """Begin as if everything were projected now."""
        self._as_of_ms = now_ms
        self._waiting: deque[tuple[int, Mapping[int, int]]] = deque()
        self._because: str | None = None
        self._positions: Mapping[int, int] = {}
        self._ends: Mapping[int, int] = {}

    def take(self, at_ms: int, ends: Mapping[int, int], trouble: str | None) -> None:
        """Note where the topic ended at a time, unless something was wrong then."""
        self._because = trouble
        if ends:
            self._ends = ends
        if trouble is not None:
            return
        if len(self._waiting) >= _MOST_SAMPLES:
            self._waiting = deque(list(self._waiting)[::2])
        self._waiting.append((at_ms, ends))

    def reach(self, positions: Mapping[int, int]) -> None:
        """Note how far the read model has come."""
        self._positions = positions
        while self._waiting and _reached(positions, self._waiting[0][1]):
            self._as_of_ms = max(self._as_of_ms, self._waiting.popleft()[0])

    def staleness(self, now_ms: int) -> Staleness:
        """Return how old what the read model says is."""
        age_ms = max(0, now_ms - self._as_of_ms)
        stale = age_ms > STALE_AFTER_MS
        partitions = sorted({*self._ends, *self._positions})
        lags = tuple(Lag(one, self._positions.get(one, 0), self._ends.get(one)) for one in partitions)
        return Staleness(stale, age_ms, (self._because or "read-model") if stale else None, lags)


def _reached(positions: Mapping[int, int], ends: Mapping[int, int]) -> bool:
    return all(positions.get(partition, 0) >= end for partition, end in ends.items())
