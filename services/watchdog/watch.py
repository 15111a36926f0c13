"""Which sagas are locked, and which of them too long. Pure: time and events come in, alerts come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.watchdog.alert import LOCKED, LOCKED_STATUS, Alert


@dataclass(frozen=True, slots=True)
class Locked:
    """A saga that is locked since an event time, in milliseconds. `alerted`: its alert has been raised."""

    saga_id: str
    partition: int
    since_ms: int
    alerted: bool = False


class Changes(NamedTuple):
    """What a batch of events changed."""

    locked: list[Locked]
    freed: list[str]


class Watch:
    """The sagas that are locked now, as far as the log has been read."""

    def __init__(self, alert_after_ms: int, known: Iterable[Locked]) -> None:
        self._alert_after_ms = alert_after_ms
        self._locked = {locked.saga_id: locked for locked in known}
        self._read_until: dict[int, int] = {}
        self._touched: dict[str, bool] = {}

    def see(self, partition: int, meta: Mapping[str, Any]) -> None:
        """Take in one event by its meta data."""
        saga_id, at_ms = meta["saga_id"], meta["at"]
        self._read_until[partition] = max(at_ms, self._read_until.get(partition, 0))
        was_locked = saga_id in self._locked
        if meta["status"] == LOCKED_STATUS:
            if not was_locked:
                self._touched.setdefault(saga_id, False)
                self._locked[saga_id] = Locked(saga_id, partition, at_ms)
        elif was_locked:
            self._touched.setdefault(saga_id, True)
            del self._locked[saga_id]

    def holds(self, saga_id: str) -> bool:
        """Tell whether a saga is locked now."""
        return saga_id in self._locked

    def changes(self) -> Changes:
        """Return what changed since the last call; a saga locked and freed in between is no change."""
        touched, self._touched = self._touched, {}
        freed = [saga_id for saga_id, was_locked in touched.items() if was_locked]
        return Changes([self._locked[saga_id] for saga_id in touched if saga_id in self._locked], freed)

    def overdue(self, now_ms: int, at_end: Callable[[int], bool], most: int) -> list[Alert]:
        """Return alerts for at most `most` sagas locked too long; they are not returned again once `raised`.

        A saga counts only when its partition has been read to its end, or to an event after the saga was due: what a
        watchdog that lags behind has not read yet may say that the saga has advanced.
        """
        alerts: list[Alert] = []
        for locked in self._locked.values():
            due_ms = locked.since_ms + self._alert_after_ms
            if locked.alerted or now_ms < due_ms:
                continue
            if at_end(locked.partition) or self._read_until.get(locked.partition, 0) >= due_ms:
                alert_id = f"{locked.saga_id}:{LOCKED}:{locked.since_ms}"
                alerts.append(Alert(alert_id, locked.saga_id, locked.since_ms, now_ms))
                if len(alerts) == most:
                    break
        return alerts

    def raised(self, alerts: Iterable[Alert]) -> None:
        """Take in that the alerts are on record."""
        for alert in alerts:
            held = self._locked[alert.saga_id]
            self._locked[alert.saga_id] = Locked(held.saga_id, held.partition, held.since_ms, alerted=True)
