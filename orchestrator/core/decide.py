"""decide(definition, state, input) -> events: what an input causes. Duplicates and late replies cause nothing."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core import attempts, compensation
from orchestrator.core.definition import Call, Definition, LateSignal, Listen, Milestone
from orchestrator.core.events import (
    CancelRequested,
    FailureKind,
    InputIgnored,
    Recorded,
    SagaStarted,
    SignalReceived,
    StepCompleted,
    StepFailed,
)
from orchestrator.core.evolve import begin
from orchestrator.core.flow import advance
from orchestrator.core.inputs import Cancel, Failed, Input, Signal, Start, Succeeded, TimerDue
from orchestrator.core.state import (
    AWAITING_REPLY,
    Phase,
    State,
    StepState,
    StepStatus,
    next_due,
    path_of,
)
from orchestrator.core.turn import Turn


class Decision(NamedTuple):
    """The events, and the state that is their fold over the state before."""

    events: list[Recorded]
    state: State


def start(definition: Definition, saga_id: str, command: Start, now: int) -> Decision:
    """Begin a saga at `now` (milliseconds since the epoch)."""
    milestone = definition.milestones.started
    deadline = None if definition.deadline_ms is None else now + definition.deadline_ms
    first = Recorded(
        1,
        now,
        milestone.lifecycle or "",
        milestone.status or "",
        command.input_id,
        SagaStarted(command.data, command.parameters, deadline),
    )
    state = begin(saga_id, definition.name, definition.version, command.traceparent, first)
    turn = Turn(definition, state, now, command.input_id)
    turn.events.append(first)
    advance(turn, definition.entry)
    return Decision(turn.events, turn.state)


def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
    """Decide what the input causes at `now` (milliseconds since the epoch); no events where it causes nothing."""
    match given:
        case Succeeded():
            turn = Turn(definition, state, now, given.command_id)
            _succeeded(turn, given)
        case Failed():
            turn = Turn(definition, state, now, given.command_id)
            _failed(turn, given)
        case TimerDue():
            turn = Turn(definition, state, now, f"{state.saga_id}:timer")
            _timers(turn)
        case Signal():
            turn = Turn(definition, state, now, given.input_id)
            _signal(turn, given)
        case Cancel():
            turn = Turn(definition, state, now, given.input_id)
            _cancel(turn, given)
        case Start():
            return Decision([], state)
    return Decision(turn.events, turn.state)


def _awaiting(turn: Turn, step: str, undo: bool) -> tuple[Call, StepState] | None:
    """Return the step a reply is for, or None where the reply comes too late or again."""
    held = turn.state.steps.get(path_of(step, undo))
    call = turn.definition.nodes.get(step)
    if held is None or held.status not in AWAITING_REPLY or not isinstance(call, Call):
        return None
    return call, held


def _succeeded(turn: Turn, reply: Succeeded) -> None:
    awaited = _awaiting(turn, reply.step, reply.undo)
    if awaited is None:
        return
    call, held = awaited
    if reply.undo:
        turn.record(StepCompleted(call.name, True, held.attempt, reply.output, False))
        compensation.proceed(turn)
        return
    turn.record(StepCompleted(call.name, False, held.attempt, call.project(reply.output), False), call.on_end)
    advance(turn, call.then)


def _failed(turn: Turn, reply: Failed) -> None:
    awaited = _awaiting(turn, reply.step, reply.undo)
    if awaited is None:
        return
    call, held = awaited
    newest = f"{turn.state.saga_id}:{path_of(call.name, held.undo)}:{held.dispatches - 1}"
    if reply.kind is not FailureKind.REJECTED and (
        reply.command_id != newest or held.status is not StepStatus.SCHEDULED
    ):
        return
    if reply.kind is FailureKind.UNAVAILABLE and attempts.park(turn, call, held, reply.code, reply.retry_after_ms or 0):
        return
    _attempt_failed(turn, call, held, reply)


def _attempt_failed(turn: Turn, call: Call, held: StepState, failure: Failed) -> None:
    if not attempts.fail(turn, call, held, failure):
        return
    if held.undo:
        compensation.proceed(turn)
    elif call.optional:
        advance(turn, call.then)
    else:
        compensation.start(turn, failure.code, failure.message, call.name)


def _timers(turn: Turn) -> None:
    """Handle every timer that is due, earliest first; each one handled is cleared or moved, so this ends."""
    while True:
        state = turn.state
        due = next_due(state)
        if due is None or due > turn.now:
            return
        if state.phase is Phase.FORWARD and due == state.deadline:
            compensation.start(turn, "workflow_deadline", "the saga took longer than its definition allows", None)
            continue
        held = next(
            step
            for step in state.steps.values()
            if due == (step.due_at if step.due_at is not None else step.timeout_at)
        )
        _timer(turn, held)


def _timer(turn: Turn, held: StepState) -> None:
    node = turn.definition.nodes[held.step]
    if isinstance(node, Listen):
        code, message = node.timeout_code, f"none of {', '.join(node.signals)} came in time"
        turn.record(StepFailed(node.name, False, 0, FailureKind.REJECTED, code, message, (), True))
        compensation.start(turn, code, message, node.name)
        return
    assert isinstance(node, Call)
    if held.status is StepStatus.SCHEDULED:
        message = f"no reply to {node.name} in time"
        timeout = Failed(turn.cause, node.name, held.undo, FailureKind.UNKNOWN, "timeout", message, (), None)
        _attempt_failed(turn, node, held, timeout)
    else:
        attempts.dispatch(turn, node, held.undo)


def _signal(turn: Turn, signal: Signal) -> None:
    state = turn.state
    if state.phase is Phase.FORWARD:
        for step in state.steps.values():
            node = turn.definition.nodes.get(step.step)
            if step.status is StepStatus.WAITING and isinstance(node, Listen) and signal.name in node.signals:
                turn.record(SignalReceived(node.name, signal.name, signal.actor, signal.data), node.on_end)
                advance(turn, node.then)
                return
    late = turn.definition.late_signals.get(signal.name)
    if late is not None and _late(turn, late, signal):
        return
    reason = f"a saga in {state.phase}, {state.status} takes no {signal.name}"
    turn.record(InputIgnored(signal.name, signal.input_id, signal.actor, reason))


def _late(turn: Turn, late: LateSignal, signal: Signal) -> bool:
    """Take a late signal. Returns False where it is not legal in this state."""
    state = turn.state
    if late.name in state.steps:
        return True
    legal = state.phase is Phase.FORWARD or state.outcome == "COMPLETED"
    if not legal or late.after.isdisjoint(state.steps):
        return False
    reached = Milestone(late.lifecycle) if state.lifecycle == late.requires else Milestone()
    turn.record(SignalReceived(late.name, signal.name, signal.actor, signal.data), reached)
    return True


def _cancel(turn: Turn, cancel: Cancel) -> None:
    state = turn.state
    over = any(name in state.steps for name in turn.definition.late_signals)
    if state.phase is not Phase.FORWARD or over:
        reason = f"a saga in {state.phase}, {state.status} cannot be cancelled"
        turn.record(InputIgnored("cancel", cancel.input_id, cancel.actor, reason))
        return
    turn.record(CancelRequested(cancel.actor, cancel.reason))
    compensation.start(turn, "cancelled", cancel.reason or "cancelled on request", None)
