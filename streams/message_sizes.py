"""How near the messages of a process come to the largest that a topic takes: counted, and warned of now and then."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from streams.metrics import bounded, counter

_log = logging.getLogger(__name__)

_QUIET_S = 60.0
"""At most one warning in this time, however many messages are large."""


class MessageSizes:
    """Told of large messages only, by any thread; an encoding that was not used counts like one that was written."""

    def __init__(self, limit: int, clock_s: Callable[[], float]) -> None:
        """Take the limit in bytes and a clock that nobody sets."""
        self._limit = limit
        self._clock_s = clock_s
        self._near: dict[str, int] = defaultdict(int)
        self._over: dict[str, int] = defaultdict(int)
        self._largest = 0
        self._untold = 0
        self._quiet_until_s = 0.0

    def note(self, name: str, size: int) -> None:
        """Count a message of this many bytes."""
        counts = self._near if size <= self._limit else self._over
        counts[name] += 1
        self._largest = max(self._largest, size)
        self._untold += 1
        now_s = self._clock_s()
        if now_s >= self._quiet_until_s:
            about = {"of": name, "bytes": size, "limit": self._limit, "since_last_warning": self._untold}
            _log.warning("a message is near or over the largest that a topic takes", extra=about)
            self._untold, self._quiet_until_s = 0, now_s + _QUIET_S

    def read(self) -> Iterator[Metric]:
        """Yield the metrics of sizes."""
        for name, about, counts in (
            ("messages_near_limit", "Messages of 80,000 bytes and more that a topic still takes", self._near),
            ("messages_over_limit", "Messages refused because no topic takes as many bytes", self._over),
        ):
            found = counts.copy()
            yield counter(name, about, (({"message": one}, value) for one, value in sorted(found.items())))
        about = "Bytes of the largest message; 0 while none had 80,000"
        yield from bounded("message_largest_bytes", about, self._largest, self._limit)
