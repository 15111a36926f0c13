"""An order as it is now, step by step: which are under way, in which attempt, since when and until when."""

from __future__ import annotations

from typing import Any

from schemas.cloudevents import rfc3339
from services.gateway.parts import Parts
from services.gateway.read_model import ReadModelUnavailable, Row
from services.gateway.reading.looking import Seen
from services.gateway.reading.waits import For, Wait, waits
from services.gateway.views import order_view, submitted_view

ENDED = frozenset({"COMPLETED", "TRANSACTION_REVOKED"})


def order_now(parts: Parts, seen: Seen, order_id: str) -> dict[str, Any]:
    """Return an order as it is, and how far it is, as of the event that it is shown at. Blocks."""
    now_ms = parts.now_ms()
    row = seen.row
    if row is None:
        assert seen.submission is not None
        began_ms = seen.submission.created_at_ms
        view = submitted_view(order_id, began_ms, seen.submission.data)
        return {**view, "elapsed_s": _seconds(began_ms, now_ms), "steps_in_progress": []}
    until_ms = row["updated_at_ms"] if row["status"] in ENDED else now_ms
    return {
        **order_view(row),
        "elapsed_s": _seconds(row["created_at_ms"], until_ms),
        "steps_in_progress": [_view(wait, now_ms) for wait in _open(parts, row)],
    }


def _open(parts: Parts, row: Row) -> list[Wait]:
    if row["current_steps"] == "[]":
        return []
    try:
        events = parts.read_model.events(row["order_id"])
    except ReadModelUnavailable:
        return []
    told = waits([event for event in events if event["sequence"] <= row["sequence"]])
    return [wait for wait in told.values() if wait.kind is not For.RECORD]


def _view(wait: Wait, now_ms: int) -> dict[str, Any]:
    return {
        "step": wait.step,
        "undo": wait.undo,
        "attempt": wait.attempt + 1,
        "waits_for": wait.kind.value,
        "since": rfc3339(wait.since_ms),
        "elapsed_s": _seconds(wait.since_ms, now_ms),
        "deadline": None if wait.until_ms is None else rfc3339(wait.until_ms),
    }


def _seconds(from_ms: int, until_ms: int) -> float:
    return max(0, until_ms - from_ms) / 1000
