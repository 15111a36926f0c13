"""Check each event against what precedes it, in every saga of every definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from verify.cases import Case, Cases
from verify.evidence import Event
from verify.machine import (
    AGAIN,
    COMPLETED,
    FAILED,
    FAILED_FOR_GOOD,
    HELD,
    PARKED,
    SENT,
    SKIPPED,
    Machine,
    parts_of,
)
from verify.report import Finding

_LEAVINGS = frozenset({"RETRY", "CATCH", "MISS", "CLOSE"})

_FORWARD = frozenset(
    {
        "BranchChosen", "ContextExported", "EventEmitted", "GatherClosed", "PivotPassed", "ScopeEntered", "ScopeFailed",
        "SignalAwaited", "StepCompleted", "StepFailed", "StepParked", "StepRetryScheduled", "StepScheduled",
        "TimerStarted",
    }
)  # fmt: skip
"""Events of a saga that moves forward; those with `undo` are not among them."""


_WHILE_PARKED = frozenset({"RecordParked", "RecordUnparked", "InputIgnored"})


def order_of_events_findings(cases: Cases) -> Iterator[Finding]:
    """Yield events that may not come where they stand."""
    for case in cases.by_id.values():
        yield from _walk(case)


def _walk(case: Case) -> Iterator[Finding]:
    machine = Machine()
    for event in case.events:
        wrong = _objection(machine, event)
        if wrong:
            detail = f"{event.name} {event.step} at sequence {event.sequence}: {wrong}"
            yield Finding("event order", (case.saga_id,), detail)
        machine.advance(event)


def _objection(machine: Machine, event: Event) -> str:
    if event.name == "SagaStarted":
        return "the saga has started already" if machine.started else ""
    if not machine.started:
        return "the saga has not started"
    wrong = _objection_to_version(machine, event) or _objection_after_end(machine, event)
    if not wrong and machine.parked and not machine.redriving and event.name not in _WHILE_PARKED:
        wrong = f"the saga stands still while record {machine.parked[0]} waits"
    if not wrong and event.name in _FORWARD and not event.undo:
        wrong = _objection_to_going_on(machine, event)
    objection = _OBJECTIONS.get(event.name)
    return wrong or ("" if objection is None else objection(machine, event))


def _objection_to_version(machine: Machine, event: Event) -> str:
    """A saga keeps its definition, and its version until it migrates."""
    expected = event.fields["version"] if event.name == "SagaMigrated" else machine.version
    if (event.definition, event.version) == (machine.definition, expected):
        return ""
    return f"told of {event.definition} version {event.version} instead of {machine.definition} version {expected}"


def _objection_after_end(machine: Machine, event: Event) -> str:
    """After its end a saga goes on only because a person intervenes, or because another saga takes it back."""
    match event.name, machine.ended:
        case (_, "") | ("InputIgnored" | "UndoRequested" | "RecordParked" | "RecordUnparked", _):
            return ""
        case ("SignalReceived", "SagaCompleted") | ("InterventionMade" | "SagaRevoked", "SagaSuspended"):
            return ""
        case "CompensationStarted", "SagaCompleted" if machine.undo_asked:
            return ""
        case _:
            return f"the saga has ended with {machine.ended}"


def _objection_to_going_on(machine: Machine, event: Event) -> str:
    if machine.turned:
        return "a forward step after the saga turned round"
    for scope, part in parts_of(event.step):
        if part in machine.gone:
            return f"{part} was left before"
        if scope not in machine.scopes:
            return f"{scope} is not running"
        undone_first = [one for one in machine.unwinding_in(scope) if machine.parts[one][1] in ("RETRY", "CATCH")]
        if any(one.rpartition("/")[0] == scope for one in undone_first):
            return f"before what {undone_first[0]} did is undone"
    return ""


def _objection_to_sending(machine: Machine, event: Event) -> str:
    key = (event.step, event.undo)
    if event.undo and event.step not in machine.to_undo():
        return "a compensation that no plan names"
    if machine.open.get(key) in (SENT, COMPLETED, FAILED_FOR_GOOD, SKIPPED, HELD):
        return f"its command was {machine.open[key]} already"
    expected = machine.attempts.get(key, 0)
    return "" if event.fields["attempt"] == expected else f"attempt {event.fields['attempt']} instead of {expected}"


def _objection_to_result(machine: Machine, event: Event) -> str:
    if event.step in machine.scopes and event.name == "StepCompleted":
        unfinished = machine.unwinding_in(event.step)
        return f"it ends while {unfinished[0]} is still being undone" if unfinished else ""
    if event.name == "StepCompleted" and event.fields["local"]:
        return ""
    state = machine.open.get((event.step, event.undo))
    if state is None:
        # Local steps and refusals have no command: they fail once, at once, for good.
        local = not event.undo and event.fields.get("kind") == "REJECTED" and event.fields.get("final")
        return "" if local else "it was never scheduled"
    return f"it has its result already ({state})" if state in (COMPLETED, FAILED_FOR_GOOD, SKIPPED, HELD) else ""


def _objection_to_retry(machine: Machine, event: Event) -> str:
    if event.step in machine.scopes:
        return f"{event.step} is still being undone" if machine.unwinding_in(event.step) else ""
    return "" if machine.open.get((event.step, event.undo)) == FAILED else "no failed attempt precedes it"


def _objection_to_parking(machine: Machine, event: Event) -> str:
    return "" if machine.open.get((event.step, event.undo)) in (SENT, PARKED) else "its command is not on its way"


def _objection_to_scope(machine: Machine, event: Event) -> str:
    """A scope begins once; a try may begin again, after its failed attempt was undone and its retry was scheduled."""
    attempt, expected = event.fields["attempt"], machine.attempts.get((event.step, False), 0)
    again = event.step in machine.scopes
    if machine.open.get((event.step, False)) == AGAIN:
        return ""
    if attempt != expected or again != (attempt > 0):
        return f"attempt {attempt} of a scope that {'runs' if again else 'has not begun'}"
    return ""


def _objection_to_leaving(machine: Machine, event: Event) -> str:
    fields = event.fields
    part = f"{event.step}/{fields['part']}"
    if event.step not in machine.scopes:
        return f"{event.step} is not running"
    if part in machine.gone:
        return f"{part} was left before"
    if fields["leaving"] not in _LEAVINGS:
        return f"nothing is known of {fields['leaving']}"
    outside = [step for step in fields["plan"] if not step.startswith(f"{part}/")]
    return f"{', '.join(outside)} is not in {part}" if outside else _objection_to_plan(machine, event)


def _objection_to_plan(machine: Machine, event: Event) -> str:
    for step in event.fields["plan"]:
        if (step, False) not in machine.open:
            return f"{step} is planned to be undone, and was never sent"
        if machine.open.get((step, True)) in (COMPLETED, FAILED_FOR_GOOD, SKIPPED):
            return f"{step} is planned to be undone, and its compensation is {machine.open[step, True]}"
    return ""


def _objection_to_unwound(machine: Machine, event: Event) -> str:
    part = f"{event.step}/{event.fields['part']}"
    if part not in machine.parts:
        return f"{part} was not being undone"
    left = machine.parts[part][0]
    return f"{', '.join(left)} is not undone" if left else ""


def _objection_to_gathering(machine: Machine, event: Event) -> str:
    return "" if event.step in machine.scopes else f"{event.step} is not running"


def _objection_to_turn(machine: Machine, event: Event) -> str:
    if machine.turned:
        return "the saga has turned round"
    if machine.pivoted:
        return "the saga is past its point of no return"
    return "" if event.name == "CancelRequested" else _objection_to_plan(machine, event)


def _objection_to_completion(machine: Machine, _event: Event) -> str:
    if machine.turned:
        return "the saga has turned round"
    held = [step for (step, undo), state in machine.open.items() if not undo and state == HELD]
    if held:
        return f"{', '.join(held)} waits for a person"
    return f"{', '.join(machine.parts)} is still being undone" if machine.parts else ""


def _objection_to_revocation(machine: Machine, _event: Event) -> str:
    unsettled = dict.fromkeys([*machine.left, *machine.undos(SENT, FAILED, PARKED, FAILED_FOR_GOOD, AGAIN)])
    if unsettled:
        return f"{', '.join(unsettled)} is not undone"
    return "" if machine.turned else "nothing was undone"


def _objection_to_suspension(machine: Machine, event: Event) -> str:
    if not machine.turned:
        return "nothing is being undone"
    if machine.left:
        return f"{', '.join(machine.left)} is not tried"
    named, failed = sorted(event.fields["steps"]), sorted(machine.undos(FAILED_FOR_GOOD))
    return "" if named == failed else f"it names {', '.join(named) or 'no step'}, and {', '.join(failed)} failed"


def _objection_to_pivot(machine: Machine, event: Event) -> str:
    return "" if machine.open.get((event.step, False)) == COMPLETED else f"{event.step} is not done"


def _objection_to_holding(machine: Machine, event: Event) -> str:
    if machine.turned:
        return "the saga has turned round"
    return "it waits already" if machine.open.get((event.step, False)) == HELD else ""


def _objection_to_intervention(machine: Machine, event: Event) -> str:
    fields = event.fields
    if fields["action"] == "skip" and not fields["reason"].strip():
        return "skipped without a reason"
    if event.undo and machine.turned and machine.ended != "SagaSuspended":
        return "no compensation waits for a person"
    if event.undo and not machine.turned and not _in_held_parts(machine, fields["steps"]):
        return "no part of a scope waits for a person"
    wanted = FAILED_FOR_GOOD if event.undo else HELD
    free = [step for step in fields["steps"] if machine.open.get((step, event.undo)) != wanted]
    if free or not fields["steps"]:
        return f"{', '.join(free) or 'nothing'} waits for no person"
    return ""


def _in_held_parts(machine: Machine, steps: Sequence[str]) -> bool:
    """Tell whether each of the steps is in a part of a scope that waits because it could not be undone."""
    held = [part for part in machine.parts if machine.open.get((part, False)) == HELD]
    return all(any(step.startswith(f"{part}/") for part in held) for step in steps)


def _objection_to_undo(machine: Machine, event: Event) -> str:
    settled = machine.pivoted or machine.ended in ("SagaRevoked", "SagaSuspended")
    return "" if event.fields["settled"] == settled else f"settled is {event.fields['settled']}, it should be {settled}"


def _objection_to_migration(machine: Machine, _event: Event) -> str:
    return "a saga that turned round keeps its version" if machine.turned else ""


def _objection_to_parking_record(machine: Machine, event: Event) -> str:
    expected = machine.parked[-1] + 1 if machine.parked else 0
    number = event.fields["number"]
    return "" if number == expected else f"record {number} instead of {expected}"


def _objection_to_unparking(machine: Machine, event: Event) -> str:
    number = event.fields["number"]
    return "" if machine.parked[:1] == [number] else f"record {number} is not the first that waits"


_OBJECTIONS: Mapping[str, Callable[[Machine, Event], str]] = {
    "StepScheduled": _objection_to_sending,
    "StepCompleted": _objection_to_result,
    "StepFailed": _objection_to_result,
    "StepRetryScheduled": _objection_to_retry,
    "StepParked": _objection_to_parking,
    "StepHeld": _objection_to_holding,
    "ScopeEntered": _objection_to_scope,
    "ScopeFailed": _objection_to_leaving,
    "ScopeUnwound": _objection_to_unwound,
    "GatherClosed": _objection_to_gathering,
    "PivotPassed": _objection_to_pivot,
    "InterventionMade": _objection_to_intervention,
    "UndoRequested": _objection_to_undo,
    "SagaMigrated": _objection_to_migration,
    "RecordParked": _objection_to_parking_record,
    "RecordUnparked": _objection_to_unparking,
    "CancelRequested": _objection_to_turn,
    "CompensationStarted": _objection_to_turn,
    "SagaCompleted": _objection_to_completion,
    "SagaRevoked": _objection_to_revocation,
    "SagaSuspended": _objection_to_suspension,
}
