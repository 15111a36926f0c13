"""The circuit breaker of one provider: closed, open for a while, then one probe decides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closed:
    """Calls go through; `failures` in a row so far."""

    failures: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """Nothing is called until `until_ms` (milliseconds of the clock the breaker is asked with)."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """One probe is under way; everything else waits for it."""


Circuit = Closed | Open | HalfOpen


class Breaker:
    """Not thread-safe: it belongs to the thread that makes the calls."""

    def __init__(self, failures: int, open_ms: int) -> None:
        self._limit = failures
        self._open_ms = open_ms
        self.circuit: Circuit = Closed()
        self.opened = 0
        """How often trouble opened it."""

    def admit(self, now_ms: int) -> int | None:
        """Return None if the call may go, and it must report; else after how many milliseconds to ask again."""
        match self.circuit:
            case Closed():
                return None
            case Open(until_ms) if now_ms < until_ms:
                return until_ms - now_ms
            case Open():
                self.circuit = HalfOpen()
                return None
            case HalfOpen():
                return min(self._open_ms, 1_000)

    def succeeded(self) -> None:
        """Report that the provider answered, whatever it said; to an open circuit that is old news."""
        if not isinstance(self.circuit, Open):
            self.circuit = Closed()

    def failed(self, now_ms: int) -> None:
        """Report that the provider is in trouble: no answer, not reachable, 5xx or 429."""
        match self.circuit:
            case Closed(failures) if failures + 1 < self._limit:
                self.circuit = Closed(failures + 1)
            case Closed() | HalfOpen():
                self.opened += 1
                self.circuit = Open(now_ms + self._open_ms)
            case Open():
                pass

    def withdrawn(self, now_ms: int) -> None:
        """Report that an admitted call was given up without any result: a probe leaves its place to the next one."""
        if isinstance(self.circuit, HalfOpen):
            self.circuit = Open(now_ms)
