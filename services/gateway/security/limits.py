"""How much each client may ask: a token bucket and a number of requests at once. Time is an input."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_BURST_S = 2.0
_MAX_CLIENTS = 10_000


@dataclass(slots=True)
class _Use:
    """What a client has left: `tokens` as they were at `at`, and its requests in hand."""

    tokens: float
    at: float
    in_hand: int = 0


class Limits:
    """The use of every client that asked lately. `clock` returns seconds that only grow."""

    def __init__(self, rate_per_s: float | None, max_concurrent: int | None, clock: Callable[[], float]) -> None:
        """Take the limits of a client; None: no limit."""
        self._rate_per_s = rate_per_s
        self._max_concurrent = max_concurrent
        self._clock = clock
        self._uses: OrderedDict[str, _Use] = OrderedDict()

    def enter(self, client: str, rate_per_s: float | None) -> int | None:
        """Count a request in; `leave` has to follow. Returns the seconds to wait where it may not come in.

        `rate_per_s`: what this client has in place of the usual rate.
        """
        rate = rate_per_s or self._rate_per_s
        if rate is None and self._max_concurrent is None:
            return None
        now = self._clock()
        use = self._use(client, now, rate)
        if self._max_concurrent is not None and use.in_hand >= self._max_concurrent:
            return 1
        if rate is not None:
            use.tokens = min(_full(rate), use.tokens + (now - use.at) * rate)
            use.at = now
            if use.tokens < 1:
                return max(1, math.ceil((1 - use.tokens) / rate))
            use.tokens -= 1
        use.in_hand += 1
        return None

    def leave(self, client: str) -> None:
        """Count a request out."""
        use = self._uses.get(client)
        if use is not None and use.in_hand > 0:
            use.in_hand -= 1

    def _use(self, client: str, now: float, rate: float | None) -> _Use:
        use = self._uses.get(client)
        if use is None:
            use = self._uses[client] = _Use(_full(rate), now)
            if len(self._uses) > _MAX_CLIENTS:
                self._uses.popitem(last=False)
        self._uses.move_to_end(client)
        return use


def _full(rate: float | None) -> float:
    return 0.0 if rate is None else max(1.0, rate * _BURST_S)
