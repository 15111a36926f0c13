"""evolve(state, event) -> state: the one place where a saga's state changes; total over every event ever written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.core.events import (
    BranchChosen,
    CancelRequested,
    CompensationStarted,
    FailureKind,
    InputIgnored,
    Recorded,
    SagaCompleted,
    SagaRevoked,
    SagaStarted,
    SagaSuspended,
    SignalAwaited,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.state import OPEN, Origin, Phase, State, StepState, StepStatus, path_of

_NEW = StepState("", False, StepStatus.SCHEDULED)


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
        origin=Origin(event.data, event.parameters, traceparent),
    )


def evolve(state: State, recorded: Recorded) -> State:  # noqa: C901, PLR0912 - one case for each event of the union
    """Return the state after the event."""
    steps, plan, outputs = state.steps, state.plan, state.outputs
    phase, outcome = state.phase, state.outcome
    code, message, failed_step = state.code, state.message, state.failed_step
    match recorded.event:
        case StepScheduled() as event:
            steps = _scheduled(steps, event)
        case StepCompleted() as event:
            steps = _completed(steps, event.step, event.undo)
            if event.undo:
                plan = tuple(step for step in plan if step != event.step)
            else:
                outputs = {**outputs, event.step: event.output}
        case StepFailed() as event:
            steps = _failed(steps, event)
            if event.undo and event.final:
                plan = tuple(step for step in plan if step != event.step)
        case StepRetryScheduled() as event:
            steps = _retrying(steps, event)
        case StepParked() as event:
            steps = _parked(steps, event)
        case BranchChosen() as event:
            steps = _completed(steps, event.step, False)
            outputs = {**outputs, event.step: {"branch": event.branch, "target": event.target}}
        case SignalAwaited() as event:
            waiting = StepState(event.step, False, StepStatus.WAITING, timeout_at=event.timeout_at)
            steps = {**steps, event.step: waiting}
        case SignalReceived() as event:
            steps = _completed(steps, event.step, False)
            outputs = {**outputs, event.step: {"signal": event.signal, "actor": event.actor, "data": event.data}}
        case CompensationStarted() as event:
            phase, plan = Phase.COMPENSATING, event.plan
            code, message, failed_step = event.code, event.message, event.failed_step
            steps = {path: _closed(step, event.plan) for path, step in steps.items()}
        case SagaCompleted():
            phase, outcome = Phase.ENDED, "COMPLETED"
        case SagaRevoked():
            phase, outcome = Phase.ENDED, "REVOKED"
        case SagaSuspended():
            phase, outcome = Phase.ENDED, "SUSPENDED"
        case SagaStarted() | InputIgnored() | CancelRequested():
            pass
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
    )


def _scheduled(steps: Mapping[str, StepState], event: StepScheduled) -> Mapping[str, StepState]:
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    scheduled = StepState(
        event.step,
        event.undo,
        StepStatus.SCHEDULED,
        event.attempt,
        held.dispatches + 1,
        held.uncertain,
        event.timeout_at,
        event.budget_at,
        None,
        held.code,
    )
    return {**steps, path: scheduled}


def _completed(steps: Mapping[str, StepState], step: str, undo: bool) -> Mapping[str, StepState]:
    """Return the steps with this one settled, moved to the end: the order of completion is the order to undo."""
    path = path_of(step, undo)
    changed = dict(steps)
    held = changed.pop(path, _NEW)
    changed[path] = StepState(step, undo, StepStatus.COMPLETED, held.attempt, held.dispatches, held.uncertain)
    return changed


def _failed(steps: Mapping[str, StepState], event: StepFailed) -> Mapping[str, StepState]:
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    uncertain = held.uncertain or event.kind is FailureKind.UNKNOWN
    status = (StepStatus.UNKNOWN if uncertain else StepStatus.FAILED) if event.final else StepStatus.RETRYING
    failed = StepState(
        event.step,
        event.undo,
        status,
        event.attempt,
        held.dispatches,
        uncertain,
        budget_at=None if event.final else held.budget_at,
        code=event.code,
    )
    return {**steps, path: failed}


def _retrying(steps: Mapping[str, StepState], event: StepRetryScheduled) -> Mapping[str, StepState]:
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    return {
        **steps,
        path: StepState(
            event.step,
            event.undo,
            StepStatus.RETRYING,
            event.attempt,
            held.dispatches,
            held.uncertain,
            budget_at=held.budget_at,
            due_at=event.due_at,
            code=held.code,
        ),
    }


def _parked(steps: Mapping[str, StepState], event: StepParked) -> Mapping[str, StepState]:
    """Return the steps with this one parked; nothing was tried, so its budget begins anew with the next command."""
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    return {
        **steps,
        path: StepState(
            event.step,
            event.undo,
            StepStatus.PARKED,
            event.attempt,
            held.dispatches,
            held.uncertain,
            due_at=event.until,
            code=held.code,
        ),
    }


def _closed(step: StepState, plan: tuple[str, ...]) -> StepState:
    """Return a forward step as compensation leaves it: nothing that happens to it from now on counts."""
    if step.status not in OPEN:
        return step
    status = StepStatus.UNKNOWN if step.step in plan else StepStatus.SKIPPED
    return replace(step, status=status, timeout_at=None, budget_at=None, due_at=None)
