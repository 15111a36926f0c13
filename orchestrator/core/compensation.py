"""Turning round: which steps are undone, in which order, and how a saga that turned round ends."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.core.actions import Action, Unwind
from orchestrator.core.attempts import dispatch
from orchestrator.core.definition import UNCHANGED, Call, Definition, Milestone
from orchestrator.core.events import (
    CompensationStarted,
    Leaving,
    SagaRevoked,
    SagaSuspended,
    ScopeFailed,
    StepHeld,
)
from orchestrator.core.paths import name_of, part_of
from orchestrator.core.state import AWAITING_REPLY, FAILED_FOR_GOOD, State, StepState, StepStatus, path_of
from orchestrator.core.turn import Turn

COMPENSATION_FAILED = "compensation_failed"

_UNRESOLVED = frozenset({StepStatus.SCHEDULED, StepStatus.UNKNOWN})
_MAYBE = frozenset({StepStatus.RETRYING, StepStatus.PARKED, StepStatus.HELD, StepStatus.SKIPPED})
"""Statuses of a step that count as unresolved where an earlier attempt gave no answer; a person may have skipped it."""
_REFUSED = frozenset({StepStatus.FAILED, StepStatus.HELD})


def start(turn: Turn, code: str, message: str, failed_step: str | None) -> list[Action]:
    """Record that the saga turns round; past the point of no return the step waits for a person instead."""
    if turn.state.pivoted:
        if failed_step is not None:
            hold(turn, failed_step, code, message)
        return []
    plan = plan_of(turn.definition, turn.state)
    turn.record(CompensationStarted(code, message, failed_step, plan), turn.definition.milestones.compensating)
    return [Unwind("")]


def hold(turn: Turn, path: str, code: str, message: str) -> None:
    """Record that the step at `path` waits for a person."""
    turn.record(StepHeld(path, code, message), turn.definition.milestones.suspended)


def going_on(turn: Turn, but: Collection[str]) -> Milestone:
    """Return the business state once `but` wait for no person any more: running again where nothing else does."""
    waits = [path for path, step in turn.state.steps.items() if step.status is StepStatus.HELD and path not in but]
    return UNCHANGED if waits else Milestone(None, turn.definition.milestones.started.status)


def leave(turn: Turn, scope: str, part: str, error: tuple[str, str, str | None], leaving: Leaving) -> Action:
    """Record that one part of a scope is closed because of an error: its code, its message and the failed step."""
    path = part_of(scope, part)
    plan = plan_of(turn.definition, turn.state, path + "/")
    turn.record(ScopeFailed(scope, part, *error, plan, leaving))
    return Unwind(path)


def proceed(turn: Turn) -> None:
    """Send the next undo of the saga's plan, or end the saga where nothing is left to undo."""
    state = turn.state
    if state.plan:
        send_undo(turn, state.plan[0])
        return
    code, message = state.code or "", state.message or ""
    failed = failed_undos(state)
    milestones = turn.definition.milestones
    if failed:
        turn.record(SagaSuspended(code, message, failed), milestones.suspended)
    else:
        turn.record(SagaRevoked(code, message), milestones.revoked)


def send_undo(turn: Turn, path: str) -> None:
    """Send the undo of the step at `path`, unless it is on its way."""
    held = turn.state.steps.get(path_of(path, True))
    if held is not None and held.status in AWAITING_REPLY:
        return
    call = turn.definition.nodes[name_of(path)]
    assert isinstance(call, Call)
    dispatch(turn, call, path, undo=True)


def failed_undos(state: State, prefix: str = "") -> tuple[str, ...]:
    """Return the steps whose compensation failed for good."""
    return tuple(
        step.step
        for step in state.steps.values()
        if step.undo and step.status in FAILED_FOR_GOOD and step.step.startswith(prefix)
    )


def plan_of(definition: Definition, state: State, prefix: str = "") -> tuple[str, ...]:
    """Return the steps to undo: undos on their way, unresolved steps, then completed ones, last completed first."""
    begun: list[str] = []
    unresolved: list[str] = []
    settled: list[str] = []
    within = [path for path in state.steps if path.startswith(prefix)]
    for path in reversed(within):
        step = state.steps[path]
        node = definition.nodes.get(name_of(step.step))
        if step.undo or not isinstance(node, Call) or node.compensation is None:
            continue
        undo = state.steps.get(path_of(path, True))
        if undo is not None:
            if undo.status in AWAITING_REPLY:
                begun.append(path)
        elif _may_have_happened(step):
            unresolved.append(path)
        elif step.status is StepStatus.COMPLETED or (node.compensation.always and step.status in _REFUSED):
            settled.append(path)
    return (*begun, *unresolved, *settled)


def _may_have_happened(step: StepState) -> bool:
    """Tell whether the step has no result and its effect cannot be ruled out."""
    return step.status in _UNRESOLVED or (step.uncertain and step.status in _MAYBE)
