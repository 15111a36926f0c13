"""The oracle's own fold of a saga's events into its state, written from the published schemas alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from verify.evidence import TERMINAL, Event
from verify.fold_parts import (
    gather_closed,
    intervened,
    migrated,
    scope_entered,
    scope_failed,
    scope_unwound,
)
from verify.folded import Folded, Step


def fold(events: Sequence[Event]) -> Folded:
    """Return the state after the events; total: an event that has no effect of its own moves the common fields only."""
    folded = Folded()
    for event in events:
        folded.sequence = event.sequence
        folded.definition, folded.version = event.definition, event.version
        folded.lifecycle, folded.status = event.lifecycle, event.status
        effect = _EFFECTS.get(event.name)
        if effect is not None:
            effect(folded, event)
        if event.name in TERMINAL:
            folded.phase, folded.outcome = "ENDED", TERMINAL[event.name]
    return folded


def _step(folded: Folded, event: Event) -> Step:
    return folded.step(event.step, event.undo)


def _started(folded: Folded, event: Event) -> None:
    folded.started_at = event.at_ms
    folded.deadline = event.fields["deadline"]
    folded.parent = _document(event.fields["parent"])


def _scheduled(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt, step.source = "SCHEDULED", event.fields["attempt"], event.fields["source"]
    step.dispatches += 1
    step.waits_for, step.until = "", event.fields.get("timeout_at")


def _completed(folded: Folded, event: Event) -> None:
    folded.settle(event.step, event.undo)
    if event.undo:
        folded.undone(event.step)
    else:
        folded.outputs[event.step] = json.loads(event.fields["output"])


def _failed(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.attempt, step.code = event.fields["attempt"], event.fields["code"]
    step.uncertain = step.uncertain or event.fields["kind"] == "UNKNOWN"
    if not event.fields["final"]:
        step.status = "RETRYING"
        return
    step.status = "UNKNOWN" if step.uncertain else "FAILED"
    if event.undo:
        folded.undone(event.step)


def _retry_scheduled(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt, step.until = "RETRYING", event.fields["attempt"], event.fields["due_at"]


def _step_parked(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt = "PARKED", event.fields["attempt"]


def _held(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.code = "HELD", event.fields["code"]


def _branch_chosen(folded: Folded, event: Event) -> None:
    folded.settle(event.step, source=event.fields["source"])
    folded.outputs[event.step] = {"branch": event.fields["branch"], "target": event.fields["target"]}


def _awaited(folded: Folded, event: Event) -> None:
    fields = event.fields
    signals, every = tuple(fields.get("signals", ())), bool(fields.get("every", False))
    folded.steps[event.step, False] = Step(
        "WAITING", waits_for="signal", signals=signals, every=every, until=fields.get("timeout_at")
    )


def _timed(folded: Folded, event: Event) -> None:
    fields = event.fields
    folded.steps[event.step, False] = Step(
        "WAITING", source=fields["source"], waits_for="timer", until=fields["due_at"]
    )


def _received(folded: Folded, event: Event) -> None:
    """Take a signal in; where each of several is waited for, they are collected until the last of them."""
    fields = event.fields
    one = {"signal": fields["signal"], "actor": fields["actor"], "data": json.loads(fields["data"])}
    before = folded.outputs.get(event.step)
    collected = before["signals"] if isinstance(before, dict) and before.get("signals") else []
    if fields["settles"]:
        folded.settle(event.step)
    elif (step := folded.steps.get((event.step, False))) is not None:
        step.signals = tuple(name for name in step.signals if name != fields["signal"])
    one_is_all = fields["settles"] and not collected
    folded.outputs[event.step] = one if one_is_all else {"signals": [*collected, one]}


def _emitted(folded: Folded, event: Event) -> None:
    folded.settle(event.step, source=event.fields["source"])
    folded.outputs[event.step] = json.loads(event.fields["data"])


def _exported(folded: Folded, event: Event) -> None:
    folded.outputs[":context"] = json.loads(event.fields["context"])


def _pivot_passed(folded: Folded, _event: Event) -> None:
    folded.pivoted = True


def _undo_requested(folded: Folded, event: Event) -> None:
    folded.parent = _document(event.fields["parent"])


def _parked(folded: Folded, event: Event) -> None:
    folded.parked.append([event.fields["number"], event.fields["code"]])


def _unparked(folded: Folded, event: Event) -> None:
    folded.parked = [one for one in folded.parked if one[0] != event.fields["number"]]


def _compensation_started(folded: Folded, event: Event) -> None:
    """Turn the saga round: a step still in flight is unknown where it will be undone, and skipped where not."""
    folded.phase, folded.outcome = "COMPENSATING", None
    folded.plan, folded.unwinding = list(event.fields["plan"]), {}
    folded.code, folded.message = event.fields["code"], event.fields["message"]
    folded.failed_step = event.fields["failed_step"]
    folded.close("", folded.plan)


def _document(written: str | None) -> object:
    return None if written is None else json.loads(written)


_EFFECTS: Mapping[str, Callable[[Folded, Event], None]] = {
    "SagaStarted": _started,
    "StepScheduled": _scheduled,
    "StepCompleted": _completed,
    "StepFailed": _failed,
    "StepRetryScheduled": _retry_scheduled,
    "StepParked": _step_parked,
    "StepHeld": _held,
    "BranchChosen": _branch_chosen,
    "SignalAwaited": _awaited,
    "TimerStarted": _timed,
    "SignalReceived": _received,
    "EventEmitted": _emitted,
    "ContextExported": _exported,
    "ScopeEntered": scope_entered,
    "ScopeFailed": scope_failed,
    "ScopeUnwound": scope_unwound,
    "GatherClosed": gather_closed,
    "PivotPassed": _pivot_passed,
    "InterventionMade": intervened,
    "UndoRequested": _undo_requested,
    "RecordParked": _parked,
    "RecordUnparked": _unparked,
    "SagaMigrated": migrated,
    "CompensationStarted": _compensation_started,
}
