"""Check each change of business state against a table of the legal ones, and each event against what precedes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from verify.cases import Case, Cases
from verify.evidence import TERMINAL, Event
from verify.report import Finding

_ALIVE = ("pending", "validated", "paid", "picking", "packed", "shipped")

LEGAL_LIFECYCLES: frozenset[tuple[str, str]] = frozenset(
    [*zip(_ALIVE, (*_ALIVE[1:], "delivered"), strict=True), *((state, "cancelled") for state in _ALIVE)]
)
"""The twelve changes of lifecycle: six forward, and to cancelled from every state but delivered."""

LEGAL_STATUSES: Mapping[str, frozenset[str]] = {
    "RUNNING": frozenset({"AWAITING_APPROVAL", "Inventory_Locked", "COMPENSATING", "COMPLETED"}),
    "AWAITING_APPROVAL": frozenset({"RUNNING", "COMPENSATING"}),
    "Inventory_Locked": frozenset({"RUNNING", "COMPENSATING"}),
    "COMPENSATING": frozenset({"TRANSACTION_REVOKED", "MANUAL_INTERVENTION"}),
    "MANUAL_INTERVENTION": frozenset(),
    "COMPLETED": frozenset(),
    "TRANSACTION_REVOKED": frozenset(),
}
"""What may follow each saga status."""

_FINAL_STATUS = {
    "SagaCompleted": "COMPLETED",
    "SagaRevoked": "TRANSACTION_REVOKED",
    "SagaSuspended": "MANUAL_INTERVENTION",
}

_AFTER_END = frozenset({"InputIgnored", "SignalReceived"})


def transition_findings(cases: Cases) -> Iterator[Finding]:
    """Yield illegal changes of lifecycle or status, of orders alone: other definitions name their own states."""
    for case in cases.orders:
        for before, after in pairwise(case.events):
            lifecycles = before.lifecycle, after.lifecycle
            if before.lifecycle != after.lifecycle and lifecycles not in LEGAL_LIFECYCLES:
                yield _illegal(after, f"lifecycle {before.lifecycle} -> {after.lifecycle}")
            if before.status != after.status and after.status not in LEGAL_STATUSES.get(before.status, ()):
                yield _illegal(after, f"status {before.status} -> {after.status}")
        for event in case.events:
            if event.name in TERMINAL and event.status != _FINAL_STATUS[event.name]:
                yield _illegal(event, f"{event.name} with status {event.status}")
            if event.status == "TRANSACTION_REVOKED" and event.lifecycle != "cancelled":
                yield _illegal(event, f"TRANSACTION_REVOKED while {event.lifecycle}")


def _illegal(event: Event, what: str) -> Finding:
    return Finding("transition", (event.saga_id,), f"{what} by {event.name} at sequence {event.sequence}")


@dataclass(slots=True)
class _Machine:
    """What is known of a saga on the way through its events, just enough to say which event may come next."""

    started: bool = False
    turned: bool = False
    ended: str = ""
    open: dict[tuple[str, bool], str] = field(default_factory=dict)
    attempts: dict[tuple[str, bool], int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)


def order_of_events_findings(cases: Cases) -> Iterator[Finding]:
    """Yield events that may not come where they stand, in every saga of every definition."""
    for case in cases.by_id.values():
        yield from _walk(case)


def _walk(case: Case) -> Iterator[Finding]:
    machine = _Machine()
    for event in case.events:
        wrong = _objection(machine, event)
        if wrong:
            detail = f"{event.name} {event.step} at sequence {event.sequence}: {wrong}"
            yield Finding("event order", (case.saga_id,), detail)
        _advance(machine, event)


def _objection(machine: _Machine, event: Event) -> str:
    if event.name == "SagaStarted":
        return "the saga has started already" if machine.started else ""
    if not machine.started:
        return "the saga has not started"
    if machine.ended and event.name not in _AFTER_END:
        return f"the saga has ended with {machine.ended}"
    objection = _OBJECTIONS.get(event.name)
    return "" if objection is None else objection(machine, event)


def _objection_to_sending(machine: _Machine, event: Event) -> str:
    key = (event.step, event.undo)
    if event.undo and not machine.turned:
        return "a compensation before the saga turned round"
    if machine.turned and not event.undo:
        return "a forward step after the saga turned round"
    if machine.open.get(key) in ("sent", "completed"):
        return f"its command was {machine.open[key]} already"
    expected = machine.attempts.get(key, 0)
    return "" if event.fields["attempt"] == expected else f"attempt {event.fields['attempt']} instead of {expected}"


def _objection_to_result(machine: _Machine, event: Event) -> str:
    if machine.turned and not event.undo:
        return "a forward result after the saga turned round"
    if event.name == "StepCompleted" and event.fields["local"]:
        return ""
    state = machine.open.get((event.step, event.undo))
    if state is None:
        return "it was never scheduled"
    return f"it has its result already ({state})" if state in ("completed", "failed for good") else ""


def _objection_to_retry(machine: _Machine, event: Event) -> str:
    return "" if machine.open.get((event.step, event.undo)) == "failed" else "no failed attempt precedes it"


def _objection_to_turn(machine: _Machine, _event: Event) -> str:
    return "the saga has turned round" if machine.turned else ""


def _objection_to_revocation(machine: _Machine, _event: Event) -> str:
    unfinished = [step for (step, undo), state in machine.open.items() if undo and state != "completed"]
    unsettled = dict.fromkeys([*machine.left, *unfinished])
    return f"{', '.join(unsettled)} is not undone" if unsettled else ""


def _objection_to_suspension(machine: _Machine, _event: Event) -> str:
    return "" if machine.turned else "nothing is being undone"


_OBJECTIONS: Mapping[str, Callable[[_Machine, Event], str]] = {
    "StepScheduled": _objection_to_sending,
    "StepCompleted": _objection_to_result,
    "StepFailed": _objection_to_result,
    "StepRetryScheduled": _objection_to_retry,
    "CompensationStarted": _objection_to_turn,
    "SagaCompleted": _objection_to_turn,
    "SagaRevoked": _objection_to_revocation,
    "SagaSuspended": _objection_to_suspension,
}


def _advance(machine: _Machine, event: Event) -> None:
    key = (event.step, event.undo)
    match event.name:
        case "SagaStarted":
            machine.started = True
        case "StepScheduled":
            machine.open[key] = "sent"
            machine.attempts[key] = event.fields["attempt"]
        case "StepCompleted":
            machine.open[key] = "completed"
            if event.undo and event.step in machine.left:
                machine.left.remove(event.step)
        case "StepFailed":
            machine.open[key] = "failed for good" if event.fields["final"] else "failed"
        case "StepRetryScheduled":
            machine.attempts[key] = event.fields["attempt"]
        case "StepParked":
            machine.open[key] = "parked"
        case "CompensationStarted":
            machine.turned, machine.left = True, list(event.fields["plan"])
        case "SagaCompleted" | "SagaRevoked" | "SagaSuspended":
            machine.ended = event.name
        case _:
            pass
