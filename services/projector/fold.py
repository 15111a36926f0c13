"""What an event means for the read model: pure functions from events to rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from services.projector.gates import Gates, gates_after, renamed

DEFINITIONS = frozenset({"order-fulfillment", "order-fulfillment-payment-first"})
"""Only sagas of these definitions are orders."""

REPORTING = "daily-report"
"""Sagas of this definition make the report of a day."""

REPORT_STEP = "produce"
_UNDO = ":undo"

_JSON_FIELDS = ("output", "parameters", "data", "options", "parent", "items", "context", "renamed", "outputs")
_REASONS = frozenset({"CompensationStarted", "SagaRevoked", "SagaSuspended", "StepHeld"})


class Gap(Exception):
    """An event's predecessor never came: the read model would be wrong from here on."""


class EventRow(NamedTuple):
    """A row of `order_events`, in the order of its columns."""

    saga_id: str
    sequence: int
    at_ms: int
    type: str
    step: str | None
    lifecycle: str
    status: str
    attempt: int | None
    detail: str
    cause: str | None


class NewOrder(NamedTuple):
    """The columns of `orders` that never change."""

    order_id: str
    reference: str | None
    customer_id: str | None
    currency: str | None
    total_minor: int | None
    lines: str
    created_at_ms: int
    definition: str


class NewSaga(NamedTuple):
    """The columns of `sagas` that never change, in their order."""

    saga_id: str
    definition: str
    version: int
    data: str
    started_at_ms: int


class Report(NamedTuple):
    """A row of `reports`, in the order of its columns."""

    date: str
    saga_id: str
    at_ms: int
    report: str


@dataclass(slots=True)
class Order:
    """The columns of `orders` that change; `sagas` has all but the warehouse and the tracking number.

    `steps` are those in progress, `:undo` marks a compensation; `gates` are those of them that wait for a person's
    decision.
    """

    updated_at_ms: int = 0
    sequence: int = 0
    lifecycle: str = "pending"
    status: str = "RUNNING"
    reason: str | None = None
    warehouse_id: str | None = None
    tracking_number: str | None = None
    steps: tuple[str, ...] = ()
    gates: Gates = ()


def _text(value: object) -> str | None:
    """Return a text that both databases can hold (PostgreSQL knows no NUL), None for anything else."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else None


def _amount(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return value if whole and isinstance(value, int) else None


def new_order(meta: Mapping[str, Any], data: str) -> NewOrder:
    """Return what `SagaStarted.data` says of an order; what is not as it should be is left out, never an error."""
    try:
        fields = orjson.loads(data)
    except orjson.JSONDecodeError:
        fields = {}
    if not isinstance(fields, dict):
        fields = {}
    lines = fields.get("lines")
    return NewOrder(
        order_id=meta["saga_id"],
        reference=_text(fields.get("reference")),
        customer_id=_text(fields.get("customer_id")),
        currency=_text(fields.get("currency")),
        total_minor=_amount(fields.get("total_minor")),
        lines=orjson.dumps(lines if isinstance(lines, list) else []).decode(),
        created_at_ms=meta["at"],
        definition=meta["definition"],
    )


def new_saga(meta: Mapping[str, Any], data: str) -> NewSaga:
    """Return what `SagaStarted` says of a saga that is no order."""
    return NewSaga(meta["saga_id"], meta["definition"], meta["version"], data, meta["at"])


def report_of(kind: str, meta: Mapping[str, Any], fields: Mapping[str, Any]) -> Report | None:
    """Return the report that an event of a reporting saga brings; None for its other events."""
    if kind != "StepCompleted" or fields["step"] != REPORT_STEP or fields["undo"]:
        return None
    made = _document(fields["output"])
    date = _text(made.get("date")) if isinstance(made, dict) else None
    return None if date is None else Report(date, meta["saga_id"], meta["at"], fields["output"])


def _document(written: str) -> Any:
    """Return JSON text as a document, so that it is not a text within a text; what is no JSON stays as it is."""
    try:
        return orjson.loads(written)
    except orjson.JSONDecodeError:
        return written


def _without(steps: tuple[str, ...], step: str) -> tuple[str, ...]:
    return tuple(other for other in steps if other != step) if step in steps else steps


def _learn_output(order: Order, step: str, output: str) -> None:
    """Take over what the finished step tells about the order."""
    if step not in ("lock-inventory", "ship"):
        return
    told = _document(output)
    if isinstance(told, dict):
        order.warehouse_id = _text(told.get("warehouse_id")) or order.warehouse_id
        order.tracking_number = _text(told.get("tracking_number")) or order.tracking_number


def _label(fields: Mapping[str, Any]) -> str:
    return f"{fields['step']}{_UNDO}" if fields.get("undo") else fields["step"]


def _steps_after(steps: tuple[str, ...], kind: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the steps in progress after an event."""
    match kind:
        case "StepScheduled" | "SignalAwaited" | "TimerStarted" | "StepHeld":
            # A step whose undoing starts is no longer waited for.
            label, others = _label(fields), _without(steps, fields["step"])
            return others if label in others else (*others, label)
        case "StepCompleted":
            return _without(steps, _label(fields))
        case "SignalReceived" if fields["settles"]:
            return _without(steps, fields["step"])
        case "StepFailed" if fields["final"]:
            return _without(steps, _label(fields))
        case _:
            return _steps_after_rarer(steps, kind, fields)


def _steps_after_rarer(steps: tuple[str, ...], kind: str, fields: Mapping[str, Any]) -> tuple[str, ...]:
    match kind:
        case "SagaCompleted" | "SagaRevoked" | "SagaSuspended":
            return ()
        case "ScopeFailed":
            inside = f"{fields['step']}/{fields['part']}/"
            return tuple(step for step in steps if not step.startswith(inside) or step.endswith(_UNDO))
        case "InterventionMade" if not fields["undo"] and fields["action"] == "skip":
            return tuple(step for step in steps if step not in fields["steps"])
        case "SagaMigrated":
            names = orjson.loads(fields["renamed"])
            return tuple(renamed(step, names) for step in steps)
        case _:
            return steps


def apply(order: Order, kind: str, meta: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
    """Bring an order, or another saga, up to one further event. Raises Gap when the event is not the next one."""
    if meta["sequence"] != order.sequence + 1:
        raise Gap(f"saga {meta['saga_id']}: event {meta['sequence']} came after {order.sequence}")
    order.sequence = meta["sequence"]
    order.updated_at_ms = meta["at"]
    order.lifecycle = meta["lifecycle"]
    order.status = meta["status"]
    order.steps = _steps_after(order.steps, kind, fields)
    if order.gates or kind == "SignalAwaited":
        gates = gates_after(order.gates, kind, meta, fields)
        order.gates = tuple(gate for gate in gates if gate.step in order.steps)
    if kind == "StepCompleted" and not fields["undo"]:
        _learn_output(order, fields["step"], fields["output"])
    elif kind in _REASONS:
        order.reason = _text(fields["code"])
    elif kind == "InterventionMade" and not fields["undo"]:
        order.reason = None


def event_row(kind: str, meta: Mapping[str, Any], fields: dict[str, Any]) -> EventRow:
    """Return the row of an event; `fields` without `meta` is used up."""
    step, attempt = fields.pop("step", None), fields.pop("attempt", None)
    if kind == "SagaStarted":
        del fields["data"]  # the row of the order or saga has it
        fields["definition"], fields["version"] = meta["definition"], meta["version"]
    for name in _JSON_FIELDS:
        if fields.get(name) is not None:
            fields[name] = _document(fields[name])
    return EventRow(
        meta["saga_id"],
        meta["sequence"],
        meta["at"],
        kind,
        step,
        meta["lifecycle"],
        meta["status"],
        attempt,
        orjson.dumps(fields).decode(),
        _text(meta["cause"]),
    )
