"""decide(definition, state, input) -> events: what an input causes. Duplicates and late replies cause nothing."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core import attempts, compensation, interventions, migration, scopes
from orchestrator.core.actions import Action, Enter, Fail, Unwind
from orchestrator.core.definition import (
    Call,
    Definition,
    LateSignal,
    Listen,
    Loop,
    Milestone,
    Milestones,
    Race,
    Strategy,
    Try,
    Wait,
)
from orchestrator.core.errors import EXPRESSION_FAILED
from orchestrator.core.events import (
    CancelRequested,
    FailureKind,
    Recorded,
    SagaStarted,
    SignalReceived,
    StepCompleted,
    StepFailed,
)
from orchestrator.core.evolve import begin
from orchestrator.core.expected import is_refused, refuse
from orchestrator.core.flow import advance, complete, export
from orchestrator.core.inputs import (
    Cancel,
    Failed,
    GiveUp,
    Input,
    Migrate,
    Park,
    Resolve,
    Signal,
    Start,
    Succeeded,
    TimerDue,
    Undo,
    Unpark,
)
from orchestrator.core.paths import name_of, prefix_of
from orchestrator.core.scope import UNREADABLE
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
from orchestrator.core.view import data_of, scope_at

NO_DEFINITION = Definition("", 0, "", {}, None, {}, {}, Milestones(), {})
"""Stands in where the saga's own is not loaded: enough to note that a record waits."""


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
        SagaStarted(command.data, command.parameters, deadline, command.options, command.parent),
    )
    state = begin(saga_id, definition.name, definition.version, command.traceparent, first)
    turn = Turn(definition, state, now, command.input_id)
    turn.events.append(first)
    advance(turn, _first(turn))
    return Decision(turn.events, turn.state)


def _first(turn: Turn) -> list[Action]:
    """Return where a saga begins; one whose input has no shape that its definition can read has nothing to undo."""
    if turn.definition.input is not None:
        try:
            data_of(turn.definition, turn.state, "")
        except UNREADABLE as error:
            return [Fail("", EXPRESSION_FAILED, f"input: {error!r}")]
    return [Enter(turn.definition.entry, "", "")]


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
        case GiveUp():
            turn = Turn(definition, state, now, f"{state.saga_id}:{given.code}")
            if state.phase is Phase.FORWARD:
                advance(turn, compensation.start(turn, given.code, given.message, None))
        case Migrate():
            turn = Turn(given.target, state, now, given.input_id)
            if not is_refused(turn, given, "migrate"):
                migration.migrate(turn, definition, given)
        case Start():
            return Decision([], state)
        case _:
            turn = Turn(definition, state, now, given.input_id)
            _told(turn, given)
    return Decision(turn.events, turn.state)


def _told(turn: Turn, given: Signal | Cancel | Undo | Resolve | Park | Unpark) -> None:
    """Take what the saga is told from outside, by people, programs and its parent."""
    match given:
        case Signal():
            if not is_refused(turn, given, given.name):
                _signal(turn, given)
        case Cancel():
            if not is_refused(turn, given, "cancel"):
                _cancel(turn, given)
        case Undo():
            advance(turn, interventions.undo(turn, given))
        case Resolve():
            if not is_refused(turn, given, given.action):
                advance(turn, interventions.resolve(turn, given))
        case Park():
            interventions.park(turn, given)
        case Unpark():
            interventions.unpark(turn, given)


def _awaiting(turn: Turn, path: str, undo: bool) -> tuple[Call, StepState] | None:
    """Return the step a reply is for, or None where the reply comes too late or again."""
    held = turn.state.steps.get(path_of(path, undo))
    call = turn.definition.nodes.get(name_of(path))
    if held is None or held.status not in AWAITING_REPLY or not isinstance(call, Call):
        return None
    return call, held


def _succeeded(turn: Turn, reply: Succeeded) -> None:
    awaited = _awaiting(turn, reply.step, reply.undo)
    if awaited is None:
        return
    call, held = awaited
    if reply.undo:
        following: list[Action] = [_part_undoing(turn.state, held.step)]
        turn.record(StepCompleted(held.step, True, held.attempt, reply.output, False))
    else:
        following = complete(turn, call, held.step, reply.output, local=False)
    advance(turn, following)


def _part_undoing(state: State, path: str) -> Unwind:
    """Return the part of a scope whose plan names the step; the whole saga's has no name."""
    return Unwind(next((part for part, one in state.unwinding.items() if path in one.plan), ""))


def _failed(turn: Turn, reply: Failed) -> None:
    awaited = _awaiting(turn, reply.step, reply.undo)
    if awaited is None:
        return
    call, held = awaited
    newest = f"{turn.state.saga_id}:{path_of(held.step, held.undo)}:{held.dispatches - 1}"
    if reply.kind is FailureKind.REJECTED:
        # What a person had tried anew is refused only by an answer to what was asked since.
        if reply.business is not None and reply.business < held.business:
            return
    elif reply.command_id != newest or held.status is not StepStatus.SCHEDULED:
        return
    if reply.kind is FailureKind.UNAVAILABLE and attempts.park(turn, held, reply.code, reply.retry_after_ms or 0):
        return
    _attempt_failed(turn, call, held, reply)


def _attempt_failed(turn: Turn, call: Call, held: StepState, failure: Failed) -> None:
    part = _part_undoing(turn.state, held.step) if held.undo else None
    if not attempts.fail(turn, call, held, failure):
        return
    if part is not None:
        advance(turn, [part])
    elif call.optional:
        advance(turn, [Enter(call.then, prefix_of(held.step), held.step)])
    elif call.strategy in (Strategy.RETRY, Strategy.DEAD_LETTER):
        compensation.hold(turn, held.step, failure.code, failure.message)
    else:
        advance(turn, [Fail(held.step, failure.code, failure.message)])


def _timers(turn: Turn) -> None:
    """Handle every timer that is due, earliest first; each one handled is cleared or moved, so this ends.

    Raises RuntimeError where one is not: better a saga that is blamed than a process that hangs.
    """
    while True:
        state = turn.state
        due = next_due(state)
        if due is None or due > turn.now:
            return
        if state.phase is Phase.FORWARD and due == state.deadline and not state.pivoted:
            message = "the saga took longer than its definition allows"
            advance(turn, compensation.start(turn, "workflow_deadline", message, None))
            continue
        held = next(
            step
            for step in state.steps.values()
            if due == (step.due_at if step.due_at is not None else step.timeout_at)
        )
        _timer(turn, held)
        if turn.state is state:
            raise RuntimeError(f"nothing follows from the timer of {path_of(held.step, held.undo)}")


def _timer(turn: Turn, held: StepState) -> None:
    node = turn.definition.nodes[name_of(held.step)]
    match node:
        case Listen():
            code, message = node.timeout_code, f"none of {', '.join(node.signals)} came in time"
            turn.record(StepFailed(held.step, False, 0, FailureKind.REJECTED, code, message, (), True))
            advance(turn, [Fail(held.step, code, message)])
        case Wait():
            turn.record(StepCompleted(held.step, False, 0, _passed_on(turn, held), True), node.on_end)
            advance(turn, [Enter(node.then, prefix_of(held.step), held.step)])
        case Try() if held.status is StepStatus.RETRYING:
            advance(turn, scopes.again(turn, node, held))
        case Loop() | Race() | Try():
            advance(turn, scopes.time_is_up(turn, held.step, node))
        case Call() if held.status is StepStatus.SCHEDULED:
            message = f"no reply to {node.name} in time"
            timeout = Failed(turn.cause, held.step, held.undo, FailureKind.UNKNOWN, "timeout", message, (), None)
            _attempt_failed(turn, node, held, timeout)
        case Call():
            attempts.dispatch(turn, node, held.step, undo=held.undo)
        case _:
            raise TypeError(f"a {type(node).__name__} waits for no time")


def _passed_on(turn: Turn, held: StepState) -> object:
    return data_of(turn.definition, turn.state, held.source) if turn.definition.tracks_data else {}


def _signal(turn: Turn, signal: Signal) -> None:
    state = turn.state
    if state.phase is Phase.FORWARD:
        for path, step in state.steps.items():
            if step.status is not StepStatus.WAITING or signal.step not in (None, path):
                continue
            node = turn.definition.nodes.get(name_of(path))
            if isinstance(node, Listen) and _takes(turn, node, path, signal):
                _receive(turn, node, path, signal)
                return
    late = turn.definition.late_signals.get(signal.name) if signal.step is None else None
    if late is not None and _late(turn, late, signal):
        return
    reason = f"a saga in {state.phase}, {state.status} takes no {signal.name}"
    refuse(turn, signal, signal.name, reason if signal.step is None else f"{reason} at {signal.step}")


def _takes(turn: Turn, node: Listen, path: str, signal: Signal) -> bool:
    """Tell whether a listen still waits for this signal; a condition that cannot be computed does not hold."""
    if node.every and signal.name in _received(turn.state, path):
        return False
    for awaited in node.awaited:
        if awaited.name != signal.name:
            continue
        try:
            if awaited.matches is None or awaited.matches(scope_at(turn.definition, turn.state, path, signal.data)):
                return True
        except UNREADABLE:
            continue
    return False


def _received(state: State, path: str) -> set[str]:
    return {one["signal"] for one in state.outputs.get(path, {}).get("signals", ())}


def _receive(turn: Turn, node: Listen, path: str, signal: Signal) -> None:
    settles = not node.every or _received(turn.state, path) | {signal.name} == set(node.signals)
    milestone = node.on_end if settles else Milestone()
    turn.record(SignalReceived(path, signal.name, signal.actor, signal.data, settles), milestone)
    if settles:
        failed = None if node.export is None else export(turn, node.export, path)
        advance(turn, [failed or Enter(node.then, prefix_of(path), path)])


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
    over = state.pivoted or any(name in state.steps for name in turn.definition.late_signals)
    if state.phase is not Phase.FORWARD or over:
        reason = f"a saga in {state.phase}, {state.status} cannot be cancelled"
        refuse(turn, cancel, "cancel", reason)
        return
    turn.record(CancelRequested(cancel.actor, cancel.reason))
    message = cancel.reason or "cancelled on request"
    advance(turn, compensation.start(turn, "cancelled", message, None))
