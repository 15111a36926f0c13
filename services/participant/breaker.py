"""The circuit breaker of one provider: closed, open for a while, then probes decide."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Closed:
    """Calls go through; `failures` in a row so far, and what answers have earned since the last of them."""

    failures: int = 0
    earned: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """Nothing is called until `until_ms` (milliseconds of the clock the breaker is asked with)."""

    until_ms: int


@dataclass(frozen=True, slots=True)
class HalfOpen:
    """Probes are under way; everything else waits for them."""

    under_way: int
    answered: int = 0


Circuit = Closed | Open | HalfOpen


class Breaker:
    """Not thread-safe: it belongs to the thread that makes the calls."""

    def __init__(self, failures: int, open_ms: int, probes: int = 1) -> None:
        self._limit = failures
        self._open_ms = open_ms
        self._probes = probes
        self.circuit: Circuit = Closed()
        self.opened = 0
        """How often trouble opened it."""

    @property
    def places(self) -> int | None:
        """How many calls may be under way at once, None where `admit` alone decides.

        As many as may still fail, so that trouble costs no more calls than that, and one more for each answer since.
        """
        match self.circuit:
            case Closed(failures, earned):
                return self._limit - failures + earned
            case _:
                return None

    def admit(self, now_ms: int) -> int | None:
        """Return None if the call may go, and it must report; else after how many milliseconds to ask again."""
        match self.circuit:
            case Closed():
                return None
            case Open(until_ms) if now_ms < until_ms:
                return until_ms - now_ms
            case Open():
                self.circuit = HalfOpen(1)
                return None
            case HalfOpen(under_way, answered) if under_way + answered < self._probes:
                self.circuit = HalfOpen(under_way + 1, answered)
                return None
            case HalfOpen():
                return min(self._open_ms, 1_000)

    @property
    def is_probing(self) -> bool:
        """Tell whether the calls that are under way decide whether there are to be others."""
        return isinstance(self.circuit, HalfOpen)

    def rest_ms(self, now_ms: int) -> int:
        """Return for how many milliseconds nothing at all is called."""
        return max(0, self.circuit.until_ms - now_ms) if isinstance(self.circuit, Open) else 0

    def succeeded(self, *, crowded: bool) -> None:
        """Report that the provider answered, whatever it said; to an open circuit that is old news.

        `crowded` says that others wait for a place: only then is one more earned.
        """
        match self.circuit:
            case Closed(_, earned):
                self.circuit = Closed(0, earned + crowded)
            case HalfOpen(under_way, answered) if answered + 1 < self._probes:
                self.circuit = HalfOpen(max(0, under_way - 1), answered + 1)
            case HalfOpen():
                self.circuit = Closed()
            case Open():
                pass

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

    def withdrawn(self) -> None:
        """Report that an admitted call was given up without any result: a probe leaves its place to the next one."""
        match self.circuit:
            case HalfOpen(under_way, answered):
                self.circuit = HalfOpen(max(0, under_way - 1), answered)
            case _:
                pass

    def rested(self) -> None:
        """Report that nothing was called for a while: what answers have earned says little by now."""
        match self.circuit:
            case Closed(failures, earned) if earned:
                self.circuit = Closed(failures)
            case _:
                pass
