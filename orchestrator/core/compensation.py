"""Turning round: which steps are undone, in which order, and how a saga that turned round ends."""

from __future__ import annotations

from orchestrator.core.attempts import dispatch
from orchestrator.core.definition import Call, Definition
from orchestrator.core.events import CompensationStarted, SagaRevoked, SagaSuspended
from orchestrator.core.state import State, StepState, StepStatus
from orchestrator.core.turn import Turn

_UNRESOLVED = frozenset({StepStatus.SCHEDULED, StepStatus.UNKNOWN})


def start(turn: Turn, code: str, message: str, failed_step: str | None) -> None:
    """Record that the saga turns round, and send the first undo."""
    plan = plan_of(turn.definition, turn.state)
    turn.record(CompensationStarted(code, message, failed_step, plan), turn.definition.milestones.compensating)
    proceed(turn)


def proceed(turn: Turn) -> None:
    """Send the next undo of the plan, or end the saga where nothing is left to undo."""
    state = turn.state
    if state.plan:
        call = turn.definition.nodes[state.plan[0]]
        assert isinstance(call, Call)
        dispatch(turn, call, undo=True)
        return
    code, message = state.code or "", state.message or ""
    failed = tuple(
        step.step
        for step in state.steps.values()
        if step.undo and step.status in (StepStatus.FAILED, StepStatus.UNKNOWN)
    )
    milestones = turn.definition.milestones
    if failed:
        turn.record(SagaSuspended(code, message, failed), milestones.suspended)
    else:
        turn.record(SagaRevoked(code, message), milestones.revoked)


def plan_of(definition: Definition, state: State) -> tuple[str, ...]:
    """Return the steps to undo: unresolved ones first, then completed ones, last completed first."""
    unresolved: list[str] = []
    settled: list[str] = []
    for step in reversed(list(state.steps.values())):
        node = definition.nodes.get(step.step)
        if step.undo or not isinstance(node, Call) or node.compensation is None:
            continue
        if _may_have_happened(step):
            unresolved.append(step.step)
        elif step.status is StepStatus.COMPLETED or (node.compensation.always and step.status is StepStatus.FAILED):
            settled.append(step.step)
    return (*unresolved, *settled)


def _may_have_happened(step: StepState) -> bool:
    """Tell whether the step is not settled and its effect cannot be ruled out."""
    if step.status in _UNRESOLVED:
        return True
    return step.uncertain and step.status in (StepStatus.RETRYING, StepStatus.PARKED)
