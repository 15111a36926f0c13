"""Check that compensations ran once each, in reverse order of what was done, and left nothing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from verify.cases import Case, Cases
from verify.evidence import Event
from verify.report import Finding

COMPENSATED: frozenset[str] = frozenset({"LockInventory", "CapturePayment", "DeductInventory", "ShipOrder"})
"""Commands whose effect an order must undo when it turns round; a sent confirmation is followed by a cancellation."""

_WHOLE = ""
"""The plan of the saga itself; the others have the path of the part that was left."""


@dataclass(slots=True)
class _Undoing:
    """What is planned to be undone, by part; `begun` are compensations sent at least once."""

    plans: dict[str, list[str]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    started: dict[str, int] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)


def compensation_findings(cases: Cases) -> Iterator[Finding]:
    """Yield compensations that are missing, repeated, unplanned or out of order."""
    for case in cases.by_id.values():
        undone = [event.step for event in case.events if event.name == "StepCompleted" and event.undo]
        for step, times in Counter(undone).items():
            if times > 1:
                yield Finding("compensation", (case.saga_id,), f"{step} was undone {times} times")
        for detail in _walk(case.events):
            yield Finding("compensation", (case.saga_id,), detail)
        if case.is_order and any(event.name == "CompensationStarted" for event in case.events):
            yield from _left_out(case)


def _walk(events: Sequence[Event]) -> Iterator[str]:
    undoing = _Undoing()
    for event in events:
        fields = event.fields
        match event.name:
            case "StepScheduled" | "StepCompleted" | "StepFailed":
                yield from _moved(undoing, event)
            case "ScopeFailed":
                part = f"{event.step}/{fields['part']}"
                undoing.plans = {key: plan for key, plan in undoing.plans.items() if not key.startswith(f"{part}/")}
                yield from _planned(undoing, part, fields["plan"])
            case "CompensationStarted":
                undoing.plans = {}
                yield from _planned(undoing, _WHOLE, fields["plan"])
            case "InterventionMade" if event.undo and fields["action"] != "skip":
                undoing.begun.difference_update(fields["steps"])
                undoing.plans = {**undoing.plans, _WHOLE: list(fields["steps"])}
            case "ScopeUnwound" | "SagaRevoked":
                yield from _closed(undoing, f"{event.step}/{fields['part']}" if event.step else _WHOLE)
            case _:
                pass


def _moved(undoing: _Undoing, event: Event) -> Iterator[str]:
    match event.name, event.undo:
        case "StepScheduled", True:
            yield from _sent(undoing, event.step)
        case "StepScheduled", False:
            undoing.started.setdefault(event.step, event.sequence)
        case "StepCompleted", False:
            undoing.done[event.step] = event.sequence
        case _, True if event.fields.get("final", True):
            yield from _ended(undoing, event.step)
        case _:
            pass


def _planned(undoing: _Undoing, part: str, plan: Sequence[str]) -> Iterator[str]:
    """Take a plan in: what is not being undone already has to be in reverse order of what was done."""
    undoing.plans[part] = list(plan)
    latest = ""
    for step in reversed([step for step in plan if step not in undoing.begun]):
        if latest and undoing.done.get(step, undoing.started.get(latest, 0)) < undoing.started.get(latest, 0):
            yield f"{step} is undone before {latest}, which was done after it"
        if not latest or undoing.started.get(step, 0) > undoing.started.get(latest, 0):
            latest = step


def _sent(undoing: _Undoing, step: str) -> Iterator[str]:
    plan = next((plan for plan in undoing.plans.values() if step in plan), None)
    if plan is None:
        yield f"{step} is being undone, and no plan names it"
    elif step not in undoing.begun and plan[0] != step:
        before = [other for other in plan[: plan.index(step)] if other not in undoing.begun]
        ahead = before[0] if before else plan[0]
        yield f"{step} is being undone before {ahead} has been, which is planned first"
    undoing.begun.add(step)


def _ended(undoing: _Undoing, step: str) -> Iterator[str]:
    if not any(step in plan for plan in undoing.plans.values()):
        yield f"{step} is undone, and no plan names it"
    for plan in undoing.plans.values():
        if step in plan:
            plan.remove(step)


def _closed(undoing: _Undoing, part: str) -> Iterator[str]:
    left = undoing.plans.pop(part, [])
    if left:
        yield f"{', '.join(left)} was planned to be undone{f' in {part}' if part else ''}, and never was"


def _left_out(case: Case) -> Iterator[Finding]:
    """Yield steps of an order that had an effect and are in no plan, and planned ones that were never sent."""
    plan = {step for event in case.events for step in event.fields.get("plan", ())}
    sent = {
        event.step: str(event.fields["command"]).rpartition(".")[2]
        for event in case.events
        if event.name == "StepScheduled" and not event.undo
    }
    for event in case.events:
        done = event.name == "StepCompleted" and not event.undo
        if done and sent.get(event.step) in COMPENSATED and event.step not in plan:
            yield Finding("compensation", (case.saga_id,), f"{event.step} was done, and is not planned to be undone")
    for step in sorted(plan - sent.keys()):
        yield Finding("compensation", (case.saga_id,), f"{step} is planned to be undone, and was never done")
