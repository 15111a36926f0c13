"""What the runtime tells about itself: counters kept while it works, and the frozen snapshot handed out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from streams.metrics import Histogram


@dataclass(frozen=True, slots=True)
class Stats:
    """One interval; counts are of the interval, gauges (`*_now`) of its end."""

    interval_ms: int
    records: int
    timers: int
    transactions: int
    largest_batch: int
    commit_ms_max: float
    commit_ms_sum: float
    aborts: int
    producer_renewals: int
    dead_letters: int
    restored_records: int
    corrupted_stores: int
    changelog_records: int
    tasks_running_now: int
    tasks_restoring_now: int
    backlog_now: int
    """Records delivered and not yet processed."""
    quarantined_now: int
    """Records and timers that failed and wait for their dead letter or their next try."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a loop has in hand: tasks by state, records delivered and not processed, records and timers set aside."""

    running: int
    restoring: int
    backlog: int
    quarantined: int


class Counters:
    """Counts since the start of the process, which only grow, and the two greatest values of the interval under way.

    One thread counts; any may read.
    """

    __slots__ = (
        "_told",
        "aborts",
        "changelog_records",
        "commit_ms",
        "commit_ms_max",
        "commit_ms_sum",
        "corrupted_stores",
        "dead_letters",
        "largest_batch",
        "records",
        "restored_records",
        "timers",
        "transactions",
    )

    def __init__(self) -> None:
        self.records = 0
        self.timers = 0
        self.transactions = 0
        self.largest_batch = 0
        self.commit_ms_max = 0.0
        self.commit_ms_sum = 0.0
        self.aborts = 0
        self.dead_letters = 0
        self.restored_records = 0
        self.corrupted_stores = 0
        self.changelog_records = 0
        self.commit_ms = Histogram()
        self._told = dict[str, Any](dict.fromkeys(_GROWING, 0))

    def committed(self, size: int, took_ms: float) -> None:
        """Count one transaction of `size` records and timers."""
        self.transactions += 1
        self.largest_batch = max(self.largest_batch, size)
        self.commit_ms_sum += took_ms
        self.commit_ms_max = max(self.commit_ms_max, took_ms)
        self.commit_ms.observe(took_ms)

    def interval(self) -> dict[str, Any]:
        """Return the counts since the last call, by the names that they have in Stats, and begin the next interval."""
        now = {name: getattr(self, name) for name in _GROWING}
        told = {name: value - self._told[name] for name, value in now.items()}
        told.update(commit_ms_max=self.commit_ms_max, largest_batch=self.largest_batch)
        self._told, self.commit_ms_max, self.largest_batch = now, 0.0, 0
        return told


_GROWING = (
    "records", "timers", "transactions", "commit_ms_sum", "aborts", "dead_letters", "restored_records",
    "corrupted_stores", "changelog_records",
)  # fmt: skip
