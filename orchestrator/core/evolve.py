"""evolve(state, event) -> state: the one place where a saga's state changes; total over every event ever written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core import evolve_scopes as scopes
from orchestrator.core import evolve_steps as progress
from orchestrator.core.events import (
    BranchChosen,
    CancelRequested,
    CompensationStarted,
    ContextExported,
    EventEmitted,
    GatherClosed,
    InputIgnored,
    InterventionMade,
    PivotPassed,
    Recorded,
    RecordParked,
    RecordUnparked,
    SagaCompleted,
    SagaMigrated,
    SagaRevoked,
    SagaStarted,
    SagaSuspended,
    ScopeEntered,
    ScopeFailed,
    ScopeUnwound,
    SignalAwaited,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepHeld,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
    TimerStarted,
    UndoRequested,
)
from orchestrator.core.parts import counted, counts_of
from orchestrator.core.state import CONTEXT, Origin, Phase, State


def begin(saga_id: str, definition: str, version: int, traceparent: str, recorded: Recorded) -> State:
    """Return the state after a saga's first event. Raises TypeError where that is not SagaStarted."""
    event = recorded.event
    if not isinstance(event, SagaStarted):
        raise TypeError(f"the first event of {saga_id} is {type(event).__name__}")
    return State(
        saga_id=saga_id,
        definition=definition,
        version=version,
        sequence=recorded.sequence,
        lifecycle=recorded.lifecycle,
        status=recorded.status,
        phase=Phase.FORWARD,
        outcome=None,
        started_at=recorded.at,
        updated_at=recorded.at,
        deadline=event.deadline,
        steps={},
        plan=(),
        outputs={},
        code=None,
        message=None,
        failed_step=None,
        origin=Origin(event.data, event.parameters, traceparent, event.options),
        parent=event.parent,
    )


def evolve(state: State, recorded: Recorded) -> State:  # noqa: C901, PLR0912 - one case for each event that is frequent
    """Return the state after the event."""
    steps, plan, outputs = state.steps, state.plan, state.outputs
    phase, outcome, unwinding = state.phase, state.outcome, state.unwinding
    code, message, failed_step = state.code, state.message, state.failed_step
    match recorded.event:
        case StepScheduled() as event:
            steps = progress.scheduled(steps, event)
        case StepCompleted() as event:
            steps = progress.completed(steps, event.step, event.undo)
            if event.undo:
                plan, unwinding = scopes.undone(plan, unwinding, event.step)
            else:
                outputs = {**outputs, event.step: event.output}
        case StepFailed() as event:
            steps = progress.failed(steps, event)
            if event.undo and event.final:
                plan, unwinding = scopes.undone(plan, unwinding, event.step)
        case StepRetryScheduled() as event:
            steps = progress.retrying(steps, event)
        case StepParked() as event:
            steps = progress.parked(steps, event)
        case BranchChosen() as event:
            steps = progress.completed(steps, event.step, False, event.source)
            outputs = {**outputs, event.step: {"branch": event.branch, "target": event.target}}
        case SignalAwaited() as event:
            steps = progress.waiting(steps, event.step, event.timeout_at)
        case SignalReceived() as event:
            steps, outputs = _received(steps, outputs, event)
        case CompensationStarted() as event:
            phase, plan, unwinding, outcome = Phase.COMPENSATING, event.plan, {}, None
            code, message, failed_step = event.code, event.message, event.failed_step
            steps = {path: progress.closed(step, event.plan) for path, step in steps.items()}
        case SagaCompleted():
            phase, outcome = Phase.ENDED, "COMPLETED"
        case SagaRevoked():
            phase, outcome = Phase.ENDED, "REVOKED"
        case SagaSuspended():
            phase, outcome = Phase.ENDED, "SUSPENDED"
        case SagaStarted() | InputIgnored() | CancelRequested():
            pass
        case _:
            after = _rarer(state, recorded)
            is_new = len(after.steps) > len(state.steps)
            return after._replace(parts=counted(after.parts, after.steps)) if is_new else after
    return State(
        state.saga_id,
        state.definition,
        state.version,
        recorded.sequence,
        recorded.lifecycle,
        recorded.status,
        phase,
        outcome,
        state.started_at,
        recorded.at,
        state.deadline,
        steps,
        plan,
        outputs,
        code,
        message,
        failed_step,
        state.origin,
        unwinding,
        state.parent,
        state.pivoted,
        state.parked,
        state.parts if len(steps) == len(state.steps) else counted(state.parts, steps),
    )


def _rarer(state: State, recorded: Recorded) -> State:  # noqa: C901, PLR0911 - one for each event
    """Return the state after an event of a kind that plain sagas have none of."""
    after = state._replace(
        sequence=recorded.sequence,
        lifecycle=recorded.lifecycle,
        status=recorded.status,
        updated_at=recorded.at,
    )
    match recorded.event:
        case ScopeEntered() | ScopeFailed() | ScopeUnwound() | GatherClosed() as event:
            return scopes.changed(after, event)
        case TimerStarted() as event:
            steps = progress.waiting(state.steps, event.step, event.due_at, event.source)
            return after._replace(steps=steps)
        case EventEmitted() as event:
            steps = progress.completed(state.steps, event.step, False, event.source)
            return after._replace(steps=steps, outputs={**state.outputs, event.step: event.data})
        case ContextExported() as event:
            return after._replace(outputs={**state.outputs, CONTEXT: event.context})
        case PivotPassed():
            return after._replace(pivoted=True)
        case StepHeld() as event:
            return after._replace(steps=progress.held(state.steps, event))
        case InterventionMade() as event:
            return _intervened(after, event)
        case UndoRequested() as event:
            return after._replace(parent=event.parent)
        case RecordParked() as event:
            return after._replace(parked=(*state.parked, (event.number, event.code)))
        case RecordUnparked() as event:
            return after._replace(parked=tuple(one for one in state.parked if one[0] != event.number))
        case SagaMigrated() as event:
            return _migrated(after, event)
        case _:
            raise TypeError(f"{type(recorded.event).__name__} is no event of a saga")


def _received(
    steps: Mapping[str, Any], outputs: Mapping[str, Any], event: SignalReceived
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return steps and outputs after a signal; where more are awaited they are collected under `signals`."""
    one = {"signal": event.signal, "actor": event.actor, "data": event.data}
    before = outputs.get(event.step)
    earlier = before.get("signals", []) if isinstance(before, dict) else []
    if event.settles and not earlier:
        return progress.completed(steps, event.step, False), {**outputs, event.step: one}
    collected = {"signals": [*earlier, one]}
    if event.settles:
        steps = progress.completed(steps, event.step, False)
    return steps, {**outputs, event.step: collected}


def _intervened(state: State, event: InterventionMade) -> State:
    """Return the state after a person's decision: skipped steps are settled, others go out again from attempt 0."""
    steps = progress.intervened(state.steps, event)
    if event.undo and state.phase is Phase.FORWARD:
        return scopes.taken_up(state._replace(steps=steps), event)
    if not event.undo or event.action == "skip":
        return state._replace(steps=steps)
    return state._replace(steps=steps, phase=Phase.COMPENSATING, outcome=None, plan=event.steps)


def _migrated(state: State, event: SagaMigrated) -> State:
    steps = progress.renamed(state.steps, event.renamed)
    if event.outputs is not None:
        outputs: Mapping[str, Any] = event.outputs
    else:
        outputs = {progress.rename(path, event.renamed): output for path, output in state.outputs.items()}
    return state._replace(version=event.version, steps=steps, outputs=outputs, parts=counts_of(steps))
