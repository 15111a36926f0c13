"""What failed and why: records to dead-letter instead of processing, timers to push back instead of firing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from streams.record import Record

MAX_TIMERS = 10_000
"""Timers whose failures are counted; beyond it the oldest starts again from the first back-off."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something could not be processed."""

    code: str
    detail: str

    @staticmethod
    def of(error: Exception) -> Failure:
        """Describe an exception that came out of a processor."""
        return Failure("PROCESSOR_FAILED", f"{type(error).__name__}: {error}")


@dataclass(frozen=True, slots=True)
class TimerFailure:
    """A timer's last failure and how many there were in a row."""

    failure: Failure
    attempts: int
    reported: bool


class Quarantine:
    """Failures by their place. Records are few: one is blamed per aborted transaction and leaves with its commit."""

    def __init__(self, backoff_ms: int, backoff_limit_ms: int) -> None:
        self._backoff_ms = backoff_ms
        self._backoff_limit_ms = backoff_limit_ms
        self.records: dict[tuple[str, int, int], Failure] = {}
        """By topic, partition, offset."""
        self.timers: OrderedDict[tuple[int, bytes], TimerFailure] = OrderedDict()
        """By task and key."""

    def blame_record(self, record: Record, failure: Failure) -> None:
        """Dead-letter this record in the next transaction."""
        self.records[record.topic, record.partition, record.offset] = failure

    def blame_timer(self, partition: int, key: bytes, failure: Failure) -> None:
        """Dead-letter this timer in the next transaction and push it back."""
        known = self.timers.pop((partition, key), None)
        attempts = 1 if known is None else known.attempts + 1
        self.timers[partition, key] = TimerFailure(failure, attempts, reported=False)
        if len(self.timers) > MAX_TIMERS:
            self.timers.popitem(last=False)

    def pushed_back_to(self, now_ms: int, attempts: int) -> int:
        """Return when a timer with this many failures is tried again."""
        return now_ms + min(self._backoff_ms << min(attempts - 1, 30), self._backoff_limit_ms)

    def release(self, records: Iterable[Record], reported: Iterable[tuple[int, bytes]]) -> None:
        """Forget records whose dead letter is committed; mark timers whose dead letter is."""
        for record in records:
            self.records.pop((record.topic, record.partition, record.offset), None)
        for where in reported:
            known = self.timers.get(where)
            if known is not None:
                self.timers[where] = TimerFailure(known.failure, known.attempts, reported=True)

    def cleared(self, partition: int, key: bytes) -> None:
        """A timer fired without failing."""
        self.timers.pop((partition, key), None)

    def __len__(self) -> int:
        return len(self.records) + len(self.timers)
