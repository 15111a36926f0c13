"""Moving forward through the graph until the saga waits, ends, or turns round."""

from __future__ import annotations

from orchestrator.core import compensation
from orchestrator.core.attempts import dispatch
from orchestrator.core.definition import (
    Call,
    End,
    Fork,
    Join,
    Listen,
    Local,
    Milestone,
    Node,
    Raise,
    Refused,
    Switch,
)
from orchestrator.core.events import (
    BranchChosen,
    FailureKind,
    SagaCompleted,
    SignalAwaited,
    StepCompleted,
    StepFailed,
)
from orchestrator.core.state import OPEN, Phase
from orchestrator.core.turn import Turn, scope_of

EXPRESSION_FAILED = "expression_failed"
UNREADABLE = (AttributeError, KeyError, TypeError)
"""What an expression raises where the data is not what its author expected."""


def advance(turn: Turn, target: str) -> None:
    """Enter the node `target` and go on from there. Definitions have no cycles, so this ends."""
    following: str | None = target
    while following is not None and turn.state.phase is Phase.FORWARD:
        following = _enter(turn, turn.definition.nodes[following])


def _enter(turn: Turn, node: Node) -> str | None:
    """Enter one node. Returns the next one, or None where the saga waits or has ended."""
    following: str | None = None
    match node:
        case Call():
            dispatch(turn, node, undo=False)
        case Local():
            following = _compute(turn, node)
        case Switch():
            following = _choose(turn, node)
        case Listen():
            timeout_at = None if node.timeout_ms is None else turn.now + node.timeout_ms
            turn.record(SignalAwaited(node.name, node.signals, timeout_at), node.on_start)
        case Fork():
            for branch in node.branches:
                advance(turn, branch)
        case Join():
            following = node.then if _joined(turn, node) else None
        case Raise():
            compensation.start(turn, node.code, node.message, None)
        case End():
            turn.record(SagaCompleted({}), _completed(turn))
    return following


def _compute(turn: Turn, node: Local) -> str | None:
    try:
        output = node.compute(scope_of(turn.definition, turn.state))
    except Refused as refusal:
        failed = StepFailed(node.name, False, 0, FailureKind.REJECTED, refusal.code, refusal.message, (), True)
        turn.record(failed)
        compensation.start(turn, refusal.code, refusal.message, node.name)
        return None
    except UNREADABLE as error:
        compensation.start(turn, EXPRESSION_FAILED, f"{node.name}: {error!r}", node.name)
        return None
    turn.record(StepCompleted(node.name, False, 0, output, True), node.on_end)
    return node.then


def _choose(turn: Turn, node: Switch) -> str | None:
    scope = scope_of(turn.definition, turn.state)
    try:
        chosen = next((case for case in node.cases if case.when is None or case.when(scope)), None)
    except UNREADABLE as error:
        compensation.start(turn, EXPRESSION_FAILED, f"{node.name}: {error!r}", node.name)
        return None
    if chosen is None:
        compensation.start(turn, "no_branch_matches", f"no case of {node.name} holds", node.name)
        return None
    turn.record(BranchChosen(node.name, chosen.name, chosen.then))
    return chosen.then


def _joined(turn: Turn, join: Join) -> bool:
    """Tell whether every branch has come to its end."""
    return all(any(_settled(turn, name) for name in branch) for branch in join.branches)


def _settled(turn: Turn, name: str) -> bool:
    """Tell whether a step is settled; a branch that ends in a fork of its own ends where that one is joined."""
    node = turn.definition.nodes[name]
    if isinstance(node, Join):
        return _joined(turn, node)
    step = turn.state.steps.get(name)
    return step is not None and step.status not in OPEN


def _completed(turn: Turn) -> Milestone:
    """Return the milestone of completion, with what a late signal that came early already brought."""
    milestone, state = turn.definition.milestones.completed, turn.state
    for late in turn.definition.late_signals.values():
        if late.name in state.steps and state.lifecycle == late.requires:
            return Milestone(late.lifecycle, milestone.status)
    return milestone
