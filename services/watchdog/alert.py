"""An alert as it is kept and as it goes out, and the events that call for one at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas import catalogue

LOCKED_STATUS = "Inventory_Locked"
LOCKED = "inventory_locked_too_long"
COMPENSATION_FAILED = "compensation_failed"
STEP_HELD = "step_held"
RECORD_PARKED = "record_parked"

_FAILED = "saga.StepFailed"
_HELD = "saga.StepHeld"
_PARKED = "saga.RecordParked"
_BEHIND = "behind"


class Alert(NamedTuple):
    """An alert. Its id follows from the saga and what it is about: the same alert has the same id for ever.

    Of sagas locked too long `since_ms` is the time they were locked, of all others that of the event; `step` and
    `about` say what failed.
    """

    alert_id: str
    saga_id: str
    since_ms: int
    raised_ms: int
    kind: str = LOCKED
    status: str = LOCKED_STATUS
    step: str | None = None
    about: str = ""

    def document(self) -> dict[str, Any]:
        """Return the alert as it goes out."""
        seconds = (self.raised_ms - self.since_ms) // 1000
        told: dict[str, Any] = {
            "alert_id": self.alert_id,
            "kind": self.kind,
            "severity": "high",
            "saga_id": self.saga_id,
            "status": self.status,
            "since_ms": self.since_ms,
            "raised_ms": self.raised_ms,
            "message": self.about or f"order {self.saga_id} has been {self.status} for {seconds} s",
        }
        return told if self.step is None else {**told, "step": self.step}


def calls_for_one() -> tuple[bytes, ...]:
    """Return how the records of events begin that may call for an alert at once: their schema ids on the wire."""
    return tuple(
        b"\x00" + schema_id.to_bytes(4)
        for schema_id, schema in catalogue.load(catalogue.ROOT).items()
        if schema.name in (_FAILED, _HELD, _PARKED)
    )


def alert_of(name: str, fields: Mapping[str, Any], now_ms: int) -> Alert | None:
    """Return the alert that an event calls for.

    A compensation failed for good, a step is held for a person, a saga stands still because of a record.
    """
    if name == _PARKED:
        return None if fields["code"] == _BEHIND else _parked(fields, now_ms)
    if name == _FAILED and fields["undo"] and fields["final"]:
        kind, what = COMPENSATION_FAILED, f"the compensation of {fields['step']} failed for good"
    elif name == _HELD:
        kind, what = STEP_HELD, f"{fields['step']} failed for good and is held"
    else:
        return None
    meta = fields["meta"]
    saga_id = meta["saga_id"]
    about = f"saga {saga_id} needs a person: {what}: {fields['code']}: {fields['message']}"
    alert_id = f"{saga_id}:{kind}:{meta['sequence']}"
    return Alert(alert_id, saga_id, meta["at"], now_ms, kind, meta["status"], fields["step"], about)


def _parked(fields: Mapping[str, Any], now_ms: int) -> Alert:
    """Return the alert about a record that cannot be used."""
    meta = fields["meta"]
    saga_id = meta["saga_id"]
    place = f"{fields['topic']}:{fields['partition']}:{fields['offset']}"
    about = f"saga {saga_id} stands still: the record at {place} cannot be used: {fields['code']}: {fields['detail']}"
    alert_id = f"{saga_id}:{RECORD_PARKED}:{meta['sequence']}"
    return Alert(alert_id, saga_id, meta["at"], now_ms, RECORD_PARKED, meta["status"], None, about)
