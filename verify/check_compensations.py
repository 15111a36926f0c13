"""Check that compensations ran once each, in reverse order of what was done, and left nothing out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from verify.cases import Case, Cases
from verify.evidence import Event
from verify.report import Finding

COMPENSATED: frozenset[str] = frozenset({"LockInventory", "CapturePayment", "DeductInventory", "ShipOrder"})
"""Commands whose effect an order must undo when it turns round; a sent confirmation is followed by a cancellation."""


def compensation_findings(cases: Cases) -> Iterator[Finding]:
    """Yield compensations that are missing, repeated, unplanned or out of order."""
    for case in cases.by_id.values():
        turns = [event for event in case.events if event.name == "CompensationStarted"]
        undone = [event.step for event in case.events if event.name == "StepCompleted" and event.undo]
        for step, times in Counter(undone).items():
            if times > 1:
                yield Finding("compensation", (case.saga_id,), f"{step} was undone {times} times")
        if not turns:
            if undone:
                yield Finding("compensation", (case.saga_id,), f"{', '.join(undone)} undone, and no turn is recorded")
            continue
        yield from _against_plan(case, turns[0], undone)
        if case.is_order:
            yield from _left_out(case, turns[0])


def _against_plan(case: Case, turn: Event, undone: Sequence[str]) -> Iterator[Finding]:
    plan = list(turn.fields["plan"])
    order = f"planned {', '.join(plan) or 'nothing'}; undone {', '.join(undone) or 'nothing'}"
    if case.outcome == "REVOKED" and Counter(undone) != Counter(plan) and len(set(undone)) == len(undone):
        yield Finding("compensation", (case.saga_id,), f"not what was planned: {order}")
    if [step for step in plan if step in undone] != list(dict.fromkeys(undone)):
        yield Finding("compensation", (case.saga_id,), f"not in the planned order: {order}")
    started, done = _spans(case.events)
    for later, first in zip(range(1, len(plan)), plan, strict=False):
        for second in plan[later:]:
            if first in done and second in started and done[first] < started[second]:
                detail = f"{first} is undone before {second}, which was done after it"
                yield Finding("compensation", (case.saga_id,), detail)
    yield from _overlaps(case)


def _spans(events: Sequence[Event]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the sequence at which each forward step was first sent, and at which it was done."""
    started: dict[str, int] = {}
    done: dict[str, int] = {}
    for event in events:
        if event.name == "StepScheduled" and not event.undo:
            started.setdefault(event.step, event.sequence)
        elif event.name == "StepCompleted" and not event.undo:
            done[event.step] = event.sequence
    return started, done


def _overlaps(case: Case) -> Iterator[Finding]:
    """Yield compensations sent while an earlier one had no result: reverse order means one after the other."""
    waiting: str | None = None
    for event in case.events:
        if not event.undo:
            continue
        if event.name == "StepScheduled":
            if waiting is not None and waiting != event.step:
                detail = f"{event.step} is being undone before {waiting} has been"
                yield Finding("compensation", (case.saga_id,), detail)
            waiting = event.step
        elif event.name == "StepCompleted" or (event.name == "StepFailed" and event.fields["final"]):
            waiting = None


def _left_out(case: Case, turn: Event) -> Iterator[Finding]:
    plan = set(turn.fields["plan"])
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
