"""When calls that were not made are to come back: one after the other, not all at the same moment."""

from __future__ import annotations

import math

FIRST_PACE_MS = 5.0
"""Between two of them, before it is known how quickly the provider answers."""
MOST_SPREAD_MS = 30_000
"""However many they are and however slow the provider is, none is put off further than this."""
_WEIGHT = 0.1


class Returns:
    """The queue of those who come back. Its pace is the provider's: the time between two answers while calls wait."""

    __slots__ = ("_answered_ms", "_next_ms", "_pace_ms")

    def __init__(self) -> None:
        self._pace_ms = FIRST_PACE_MS
        self._next_ms = 0.0
        self._answered_ms: int | None = None

    def answered(self, now_ms: int, *, crowded: bool) -> None:
        """Note an answer, and whether calls wait: only then does it tell how quickly the provider works."""
        if crowded and self._answered_ms is not None:
            self._pace_ms += _WEIGHT * (now_ms - self._answered_ms - self._pace_ms)
        self._answered_ms = now_ms if crowded else None

    def after(self, now_ms: int, wait_ms: int) -> int:
        """Return after how many milliseconds the next one may come back, at least `wait_ms`."""
        earliest = now_ms + wait_ms
        at = min(max(earliest, self._next_ms), earliest + MOST_SPREAD_MS)
        self._next_ms = at + self._pace_ms
        return math.ceil(at - now_ms)
