"""What people and other sagas may do about a saga: take it back, deal with what failed for good."""

from __future__ import annotations

from orchestrator.core import attempts, compensation, held
from orchestrator.core.actions import Action, Enter, Unwind
from orchestrator.core.definition import Call, Scoped
from orchestrator.core.events import (
    InputIgnored,
    InterventionMade,
    RecordParked,
    RecordUnparked,
    UndoRequested,
)
from orchestrator.core.expected import refuse
from orchestrator.core.inputs import Action as Deed
from orchestrator.core.inputs import Park, Resolve, Undo, Unpark
from orchestrator.core.paths import name_of, prefix_of
from orchestrator.core.state import Phase, StepStatus
from orchestrator.core.turn import Turn


def undo(turn: Turn, asked: Undo) -> list[Action]:
    """Turn the saga round on behalf of the one that started it, though it may have completed."""
    state = turn.state
    settled = state.pivoted or state.outcome in ("REVOKED", "SUSPENDED")
    turn.record(UndoRequested(asked.actor, asked.reason, asked.parent, settled))
    if settled or state.phase is Phase.COMPENSATING:
        return []
    return compensation.start(turn, "undone", asked.reason, None)


def resolve(turn: Turn, asked: Resolve) -> list[Action]:
    """Try again or skip what waits for a person."""
    state = turn.state
    undos = compensation.failed_undos(state) if state.outcome == "SUSPENDED" else ()
    waits = tuple(path for path, step in state.steps.items() if step.status is StepStatus.HELD)
    waiting = undos or waits
    chosen = waiting if asked.step is None else tuple(step for step in waiting if step == asked.step)
    objections = {path: why for path in chosen if (why := _objection_to(turn, asked, path)) is not None}
    chosen = tuple(path for path in chosen if path not in objections)
    if not chosen:
        reason = next(iter(objections.values()), f"{asked.step or 'nothing'} waits for no person")
        refuse(turn, asked, asked.action, reason)
        return []
    if undos:
        return _resolve_undos(turn, asked, chosen)
    return _resolve_held(turn, asked, chosen)


def _objection_to(turn: Turn, asked: Resolve, path: str) -> str | None:
    """Return why what waits for a person cannot be dealt with in this way; None where it can."""
    skip = asked.action is Deed.SKIP
    if skip and not asked.reason:
        return "skipping needs a reason"
    node = turn.definition.nodes.get(name_of(path))
    return held.objection(turn, node, path, skip=skip) if isinstance(node, Scoped) else None


def _resolve_undos(turn: Turn, asked: Resolve, chosen: tuple[str, ...]) -> list[Action]:
    milestones = turn.definition.milestones
    skipped = asked.action is Deed.SKIP
    done = InterventionMade(asked.action, chosen, True, asked.actor, asked.reason)
    turn.record(done, milestones.suspended if skipped else milestones.compensating)
    if skipped and compensation.failed_undos(turn.state):
        return []
    return [Unwind("")]


def _resolve_held(turn: Turn, asked: Resolve, chosen: tuple[str, ...]) -> list[Action]:
    """Let held steps go on, and parts whose undos failed past the point of no return be undone again."""
    parts = tuple(path for path in chosen if path in turn.state.unwinding)
    steps = tuple(path for path in chosen if path not in parts)
    following: list[Action] = []
    for part in parts:
        undos = compensation.failed_undos(turn.state, part + "/")
        done = InterventionMade(asked.action, undos, True, asked.actor, asked.reason)
        turn.record(done, compensation.going_on(turn, chosen))
        following.append(Unwind(part))
    if steps:
        done = InterventionMade(asked.action, steps, False, asked.actor, asked.reason)
        turn.record(done, compensation.going_on(turn, chosen))
        following += [action for path in steps for action in _let_go(turn, asked, path)]
    return following


def _let_go(turn: Turn, asked: Resolve, path: str) -> list[Action]:
    node = turn.definition.nodes[name_of(path)]
    if asked.action is Deed.SKIP:
        if isinstance(node, Scoped):
            held.abandon(turn, path, asked.reason)
        then = getattr(node, "then", None)
        return [Enter(then, prefix_of(path), path)] if then is not None else []
    if isinstance(node, Call):
        attempts.dispatch(turn, node, path, undo=False)
        return []
    if isinstance(node, Scoped):
        return held.resume(turn, node, path)
    return [Enter(node.name, prefix_of(path), turn.state.steps[path].source)]


def park(turn: Turn, asked: Park) -> None:
    """Note that a record waits."""
    number = turn.state.parked[-1][0] + 1 if turn.state.parked else 0
    turn.record(RecordParked(number, asked.topic, asked.partition, asked.offset, asked.code, asked.detail))


def unpark(turn: Turn, asked: Unpark) -> None:
    """Note that the first record that waits does so no longer."""
    refused = asked.refused or (None if turn.state.parked else "no record of this saga waits")
    if refused is not None:
        turn.record(InputIgnored(asked.action, asked.input_id, asked.actor, refused))
    else:
        turn.record(RecordUnparked(turn.state.parked[0][0], asked.action, asked.actor, asked.reason))
