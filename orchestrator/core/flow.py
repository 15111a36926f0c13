"""Moving forward through the graph until the saga waits, ends, or turns round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.core import compensation, scopes
from orchestrator.core.actions import Action, Enter, Fail, Settle, Unwind
from orchestrator.core.attempts import dispatch
from orchestrator.core.definition import (
    Call,
    Emit,
    End,
    Fork,
    Join,
    Listen,
    Local,
    Loop,
    Milestone,
    Node,
    Race,
    Raise,
    ScopeEnd,
    Switch,
    Try,
    Wait,
)
from orchestrator.core.errors import EXPRESSION_FAILED, NO_BRANCH_MATCHES, TOO_MANY_EVENTS
from orchestrator.core.events import (
    BranchChosen,
    ContextExported,
    EventEmitted,
    FailureKind,
    PivotPassed,
    SagaCompleted,
    SignalAwaited,
    StepCompleted,
    StepFailed,
    TimerStarted,
)
from orchestrator.core.joins import joined
from orchestrator.core.paths import prefix_of
from orchestrator.core.scope import UNREADABLE, Compute, Refused
from orchestrator.core.state import Phase
from orchestrator.core.turn import Turn
from orchestrator.core.view import data_of, exported, scope_at, shaping_scope, task_scope


def advance(turn: Turn, actions: Sequence[Action]) -> None:
    """Do these and all that follows from them. What settles a scope comes last: by then its parts have begun.

    Ends because definitions have no way round but loops, whose parts are bounded, and because of `max_events`.
    """
    stack = list(reversed(actions))
    settling: list[Action] = []
    nodes, most = turn.definition.nodes, turn.definition.max_events
    while stack or settling:
        action = stack.pop() if stack else settling.pop()
        if type(action) is Settle and (stack or action in settling):
            if action not in settling:
                settling.append(action)
            continue
        if type(action) is Enter and turn.state.phase is Phase.FORWARD:
            if turn.state.sequence >= most:
                message = f"the saga has more than {most} events"
                following = compensation.start(turn, TOO_MANY_EVENTS, message, action.prefix + action.target)
            elif action.prefix and not scopes.is_alive(turn.state, action.prefix):
                continue
            else:
                following = _enter(turn, nodes[action.target], action)
        else:
            following = _do(turn, action)
        if following:
            stack += reversed(following) if len(following) > 1 else following


def complete(turn: Turn, node: Call | Local, path: str, output: Any, *, local: bool) -> list[Action]:
    """Record a step's result, shaped and exported as its author wants it, and go on."""
    held = turn.state.steps.get(path)
    shaped = output
    failed: Fail | None = None
    try:
        if node.output is not None:
            shaped = node.output(shaping_scope(turn.definition, turn.state, path, output, node.given))
    except UNREADABLE as error:
        failed = Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")
    turn.record(StepCompleted(path, False, held.attempt if held else 0, shaped, local), node.on_end)
    if isinstance(node, Call) and node.pivot:
        turn.record(PivotPassed(path))
    if node.export is not None and failed is None:
        failed = export(turn, node.export, path, node.given)
    return [failed or Enter(node.then, prefix_of(path), path)]


def export(turn: Turn, compute: Compute, path: str, given: str | None = None) -> Fail | None:
    """Record the context that a step's result makes. Returns its failure where it makes none."""
    definition, state = turn.definition, turn.state
    try:
        data = data_of(definition, state, path)
        scope = shaping_scope(definition, state, path, data, given)
        context = compute(scope._replace(variables={**scope.variables, "output": data}))
    except UNREADABLE as error:
        return Fail(path, EXPRESSION_FAILED, f"{path}: {error!r}")
    if not isinstance(context, dict):
        return Fail(path, EXPRESSION_FAILED, f"{path}: export.as must give an object")
    turn.record(ContextExported(path, exported(definition, state, path, context)))
    return None


def _do(turn: Turn, action: Action) -> list[Action]:
    match action:
        case Unwind(""):
            # Going forward, an undo of no plan belongs to what a person did without: nothing follows from it.
            if turn.state.phase is not Phase.FORWARD:
                compensation.proceed(turn)
            return []
        case Unwind(part):
            return scopes.unwind(turn, part)
        case Settle(scope) if turn.state.phase is Phase.FORWARD:
            return scopes.settle(turn, scope)
        case Fail() if turn.state.phase is Phase.FORWARD:
            return scopes.fail(turn, action)
        case _:
            return []


def _enter(turn: Turn, node: Node, at: Enter) -> list[Action]:  # noqa: PLR0911 - one for each kind of node
    """Enter one node. Returns what follows: nothing where the saga waits or has ended."""
    path = at.prefix + node.name
    match node:
        case Call():
            return _call(turn, node, path, at.source)
        case Local():
            return _compute(turn, node, path, at.source)
        case Switch():
            return _choose(turn, node, path, at)
        case Fork():
            return [Enter(branch, at.prefix, at.source) for branch in node.branches]
        case Join():
            has_joined = joined(turn.definition.nodes, turn.state.steps, node, at.prefix)
            return [Enter(node.then, at.prefix, path)] if has_joined else []
        case Loop() | Race() | Try():
            return scopes.enter(turn, node, path, at.source)
        case ScopeEnd():
            return scopes.ended(turn, at.prefix, at.source)
        case End():
            return _end(turn, at.source)
        case _:
            return _enter_rarer(turn, node, path, at)


def _enter_rarer(turn: Turn, node: Listen | Wait | Emit | Raise, path: str, at: Enter) -> list[Action]:
    match node:
        case Listen():
            timeout_at = None if node.timeout_ms is None else turn.now + node.timeout_ms
            turn.record(SignalAwaited(path, node.signals, timeout_at, node.every), node.on_start)
            return []
        case Wait():
            turn.record(TimerStarted(path, turn.now + node.wait_ms, at.source), node.on_start)
            return []
        case Emit():
            return _emit(turn, node, path, at)
        case Raise():
            return [Fail(path, node.code, _message(turn, node, path, at.source))]


def _source(turn: Turn, source: str) -> str:
    return source if turn.definition.tracks_data else ""


def _call(turn: Turn, node: Call, path: str, source: str) -> list[Action]:
    if node.child is None or node.child.awaited:
        dispatch(turn, node, path, undo=False, source=_source(turn, source))
        return []
    # Nobody waits for a child that runs on its own: what comes next has the input that this step had.
    definition, state = turn.definition, turn.state
    output: Any = data_of(definition, state, source) if definition.tracks_data else {}
    if node.reads.shape is not None:
        try:
            output = task_scope(definition, state, path, node.reads, source).data
        except UNREADABLE as error:
            return [Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")]
    dispatch(turn, node, path, undo=False, source=_source(turn, source))
    return complete(turn, node, path, output, local=False)


def _compute(turn: Turn, node: Local, path: str, source: str) -> list[Action]:
    try:
        output = node.compute(task_scope(turn.definition, turn.state, path, node.reads, source))
    except Refused as refusal:
        turn.record(StepFailed(path, False, 0, FailureKind.REJECTED, refusal.code, refusal.message, (), True))
        return [Fail(path, refusal.code, refusal.message)]
    except UNREADABLE as error:
        return [Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")]
    return complete(turn, node, path, output, local=True)


def _choose(turn: Turn, node: Switch, path: str, at: Enter) -> list[Action]:
    try:
        scope = task_scope(turn.definition, turn.state, path, node.reads, at.source)
        chosen = next((case for case in node.cases if case.when is None or case.when(scope)), None)
    except UNREADABLE as error:
        return [Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")]
    if chosen is None:
        return [Fail(path, NO_BRANCH_MATCHES, f"no case of {node.name} holds")]
    if chosen.name not in node.silent:
        turn.record(BranchChosen(path, chosen.name, chosen.then, _source(turn, at.source)))
    return [Enter(chosen.then, at.prefix, at.source)]


def _emit(turn: Turn, node: Emit, path: str, at: Enter) -> list[Action]:
    try:
        scope = task_scope(turn.definition, turn.state, path, node.reads, at.source)
        data, subject = node.data(scope), None if node.subject is None else node.subject(scope)
    except UNREADABLE as error:
        return [Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")]
    if subject is not None and (not isinstance(subject, str) or not subject):
        return [Fail(path, EXPRESSION_FAILED, f"{node.name}: the subject must be the id of a saga")]
    event_id = f"{turn.state.saga_id}:{path}"
    turn.record(EventEmitted(path, event_id, node.type, subject, data, _source(turn, at.source)), node.on_end)
    return [Enter(node.then, at.prefix, path)]


def _message(turn: Turn, node: Raise, path: str, source: str) -> str:
    if node.detail is None:
        return node.message
    data = data_of(turn.definition, turn.state, source)
    try:
        return str(node.detail(scope_at(turn.definition, turn.state, path, data)))
    except UNREADABLE as error:
        return f"{node.message} ({error!r})"


def _end(turn: Turn, source: str) -> list[Action]:
    definition, state = turn.definition, turn.state
    output: Any = {}
    try:
        if definition.output is not None:
            output = definition.output(scope_at(definition, state, "", data_of(definition, state, source)))
        elif state.parent is not None:
            output = data_of(definition, state, source)
    except UNREADABLE as error:
        return [Fail("", EXPRESSION_FAILED, f"output: {error!r}")]
    turn.record(SagaCompleted(output), _completed(turn))
    return []


def _completed(turn: Turn) -> Milestone:
    """Return the milestone of completion, with what a late signal that came early already brought."""
    milestone, state = turn.definition.milestones.completed, turn.state
    for late in turn.definition.late_signals.values():
        if late.name in state.steps and state.lifecycle == late.requires:
            return Milestone(late.lifecycle, milestone.status)
    return milestone
