"""What one UTC day's events of orders add up to: a pure fold from rows of the read model to the report's numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

_ENDS: Mapping[str, str] = {"SagaCompleted": "completed", "SagaRevoked": "revoked", "SagaSuspended": "suspended"}
_PAYMENTS = frozenset({"capture-payment", "capture"})
"""The step of order-fulfillment, and that of the fragment undoable-charge."""

_LOCKED = "Inventory_Locked"
_MANUAL = "MANUAL_INTERVENTION"
_MAX_CODES = 50


class EventRow(NamedTuple):
    """One event of one order; `detail` is JSON text. Rows come saga by saga, each in the order of its events."""

    saga_id: str
    at_ms: int
    type: str
    step: str | None
    status: str
    detail: str


def _within(path: str) -> str:
    """Return the name of a step without the iterations and attempts around it."""
    return path.rpartition("/")[2]


def _last(path: str | None) -> str:
    """Return the name that a fragment gave a step, or its own."""
    return _within(path or "").rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Targets:
    """What is promised, in milliseconds."""

    order_ms: int = 60_000
    """From the start of an order to its end, waits for people left out."""
    payment_ms: int = 5_000
    """From the first command of the payment step to its decision."""
    locked_ms: int = 300_000
    """How long stock may be locked before somebody is paged."""


@dataclass(slots=True)
class _Saga:
    """One order on the way through its events."""

    started_ms: int | None = None
    waited_ms: int = 0
    waiting_since: int | None = None
    paying_since: int | None = None
    locked_since: int | None = None
    status: str = ""
    ended: bool = False


@dataclass(slots=True)
class _Share:
    """How many of how many were in time."""

    counted: int = 0
    in_time: int = 0

    def count(self, took_ms: int, target_ms: int) -> None:
        self.counted += 1
        self.in_time += took_ms <= target_ms

    def shown(self, target_ms: int) -> dict[str, Any]:
        percent = round(100 * self.in_time / self.counted, 2) if self.counted else None
        return {"target_ms": target_ms, "counted": self.counted, "in_time": self.in_time, "percent": percent}


@dataclass(slots=True)
class DayBook:
    """The numbers of the day from `start_ms` until before `end_ms`."""

    start_ms: int
    end_ms: int
    targets: Targets = Targets()
    received: int = 0
    unfinished: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Counter[str]] = field(default_factory=dict)
    pages: Counter[str] = field(default_factory=Counter)
    orders: _Share = field(default_factory=_Share)
    payments: _Share = field(default_factory=_Share)

    def add(self, rows: Iterable[EventRow]) -> None:
        """Fold all rows of the orders that lived in the day; rows after the day are not looked at."""
        saga_id, saga = "", _Saga(ended=True)
        for row in rows:
            if row.saga_id != saga_id:
                self._close(saga)
                saga_id, saga = row.saga_id, _Saga()
            if row.at_ms < self.end_ms:
                self._event(saga, row)
        self._close(saga)

    def _in_day(self, at_ms: int) -> bool:
        return self.start_ms <= at_ms < self.end_ms

    def _event(self, saga: _Saga, row: EventRow) -> None:
        at_ms, today = row.at_ms, self._in_day(row.at_ms)
        self._watch(saga, row.status, at_ms)
        match row.type:
            case "SagaStarted":
                saga.started_ms = at_ms
                self.received += today
            case "SignalAwaited":
                saga.waiting_since = at_ms
            case "StepFailed" if today:
                self._failed(row)
            case kind if kind in _ENDS and not saga.ended:
                saga.ended = True
                if today:
                    self._ended(saga, row)
            case _:
                pass
        if row.type != "SignalAwaited" and saga.waiting_since is not None and row.type != "InputIgnored":
            saga.waited_ms += at_ms - saga.waiting_since
            saga.waiting_since = None
        if _last(row.step) in _PAYMENTS:
            self._pay(saga, row, today)

    def _watch(self, saga: _Saga, status: str, at_ms: int) -> None:
        """Count the pages that a change of status brings, or its absence for too long."""
        if status == saga.status:
            return
        if saga.status == _LOCKED:
            self._unlock(saga, at_ms)
        if status == _LOCKED:
            saga.locked_since = at_ms
        if status == _MANUAL and self._in_day(at_ms):
            self.pages["manual_intervention"] += 1
        saga.status = status

    def _unlock(self, saga: _Saga, until_ms: int) -> None:
        since, saga.locked_since = saga.locked_since, None
        if since is not None and since + self.targets.locked_ms < until_ms:
            self.pages["inventory_locked_too_long"] += self._in_day(since + self.targets.locked_ms)

    def _failed(self, row: EventRow) -> None:
        told = orjson.loads(row.detail)
        step = _within(str(row.step))
        codes = self.failures.setdefault(f"{step}:undo" if told.get("undo") else step, Counter())
        code = str(told.get("code"))
        codes[code if code in codes or len(codes) < _MAX_CODES else "other"] += 1

    def _ended(self, saga: _Saga, row: EventRow) -> None:
        outcome = _ENDS[row.type]
        self.outcomes[outcome] += 1
        if outcome == "revoked":
            code = str(orjson.loads(row.detail).get("code"))
            self.reasons[code if code in self.reasons or len(self.reasons) < _MAX_CODES else "other"] += 1
        if saga.started_ms is not None and outcome != "suspended":
            waiting = 0 if saga.waiting_since is None else row.at_ms - saga.waiting_since
            self.orders.count(row.at_ms - saga.started_ms - saga.waited_ms - waiting, self.targets.order_ms)

    def _pay(self, saga: _Saga, row: EventRow, today: bool) -> None:
        told = orjson.loads(row.detail)
        if told.get("undo"):
            return
        decided = row.type == "StepCompleted" or (row.type == "StepFailed" and told.get("final"))
        if row.type == "StepScheduled" and saga.paying_since is None:
            saga.paying_since = row.at_ms
        elif decided and saga.paying_since is not None:
            if today:
                self.payments.count(row.at_ms - saga.paying_since, self.targets.payment_ms)
            saga.paying_since = None

    def _close(self, saga: _Saga) -> None:
        if saga.status == _LOCKED:
            self._unlock(saga, self.end_ms)
        self.unfinished += not saga.ended

    def report(self) -> dict[str, Any]:
        """Return the numbers as the report shows them."""
        return {
            "orders": {"received": self.received, "unfinished_at_the_end": self.unfinished},
            "outcomes": {name: self.outcomes[name] for name in _ENDS.values()},
            "revoked_because": dict(sorted(self.reasons.items())),
            "failures": {
                step: {"attempts": codes.total(), "codes": dict(sorted(codes.items()))}
                for step, codes in sorted(self.failures.items())
            },
            "sla": {
                "orders": self.orders.shown(self.targets.order_ms),
                "payments": self.payments.shown(self.targets.payment_ms),
            },
            "pages": {name: self.pages[name] for name in ("inventory_locked_too_long", "manual_intervention")},
        }
