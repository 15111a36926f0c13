"""Check each change of an order's business state against a table of the legal ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from verify.cases import Cases
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
"""What may follow each saga status, whatever the event."""

_BY_EVENT: frozenset[tuple[str, str, str]] = frozenset(
    {
        ("StepHeld", "RUNNING", "MANUAL_INTERVENTION"),
        ("StepHeld", "AWAITING_APPROVAL", "MANUAL_INTERVENTION"),
        ("StepHeld", "Inventory_Locked", "MANUAL_INTERVENTION"),
        ("InterventionMade", "MANUAL_INTERVENTION", "RUNNING"),
        ("InterventionMade", "MANUAL_INTERVENTION", "COMPENSATING"),
        ("CompensationStarted", "MANUAL_INTERVENTION", "COMPENSATING"),
        ("SagaRevoked", "MANUAL_INTERVENTION", "TRANSACTION_REVOKED"),
        ("CompensationStarted", "COMPLETED", "COMPENSATING"),
    }
)
"""Event and status before and after: what only a step that waits, a person, or the saga above may bring about."""

_FINAL_STATUS = {
    "SagaCompleted": "COMPLETED",
    "SagaRevoked": "TRANSACTION_REVOKED",
    "SagaSuspended": "MANUAL_INTERVENTION",
}


def transition_findings(cases: Cases) -> Iterator[Finding]:
    """Yield illegal changes of lifecycle or status, of orders alone: other definitions name their own states."""
    for case in cases.orders:
        for before, after in pairwise(case.events):
            lifecycles = before.lifecycle, after.lifecycle
            if before.lifecycle != after.lifecycle and lifecycles not in LEGAL_LIFECYCLES:
                yield _illegal(after, f"lifecycle {before.lifecycle} -> {after.lifecycle}")
            if before.status != after.status and not _may_follow(after, before.status):
                yield _illegal(after, f"status {before.status} -> {after.status}")
        for event in case.events:
            if event.name in TERMINAL and event.status != _FINAL_STATUS[event.name]:
                yield _illegal(event, f"{event.name} with status {event.status}")
            if event.status == "TRANSACTION_REVOKED" and event.lifecycle != "cancelled":
                yield _illegal(event, f"TRANSACTION_REVOKED while {event.lifecycle}")


def _may_follow(event: Event, before: str) -> bool:
    return event.status in LEGAL_STATUSES.get(before, ()) or (event.name, before, event.status) in _BY_EVENT


def _illegal(event: Event, what: str) -> Finding:
    return Finding("transition", (event.saga_id,), f"{what} by {event.name} at sequence {event.sequence}")
