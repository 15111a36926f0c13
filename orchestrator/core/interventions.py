"""What people and other sagas may do about a saga: take it back, deal with what failed for good, change its version."""

from __future__ import annotations

from orchestrator.core import attempts, compensation
from orchestrator.core.actions import Action, Enter, Unwind
from orchestrator.core.definition import Call, Definition, Listen, Migration, Milestone, Node
from orchestrator.core.events import (
    InputIgnored,
    InterventionMade,
    Json,
    RecordParked,
    RecordUnparked,
    SagaMigrated,
    UndoRequested,
)
from orchestrator.core.evolve_steps import rename
from orchestrator.core.inputs import Action as Deed
from orchestrator.core.inputs import Migrate, Park, Resolve, Undo, Unpark
from orchestrator.core.paths import name_of, prefix_of
from orchestrator.core.scope import UNREADABLE
from orchestrator.core.state import OPEN, Phase, State, StepState, StepStatus
from orchestrator.core.turn import Turn
from orchestrator.core.view import scope_at


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
    held = tuple(path for path, step in state.steps.items() if step.status is StepStatus.HELD)
    waiting = undos or held
    chosen = waiting if asked.step is None else tuple(step for step in waiting if step == asked.step)
    if not chosen or (asked.action is Deed.SKIP and not asked.reason):
        reason = f"{asked.step or 'nothing'} waits for no person" if not chosen else "skipping needs a reason"
        turn.record(InputIgnored(asked.action, asked.input_id, asked.actor, reason))
        return []
    if undos:
        return _resolve_undos(turn, asked, chosen)
    return _resolve_held(turn, asked, chosen)


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
        turn.record(done, _going_on(turn, (*chosen, *parts)))
        following.append(Unwind(part))
    if steps:
        done = InterventionMade(asked.action, steps, False, asked.actor, asked.reason)
        turn.record(done, _going_on(turn, chosen))
        following += [action for path in steps for action in _let_go(turn, asked, path)]
    return following


def _going_on(turn: Turn, chosen: tuple[str, ...]) -> Milestone:
    """Return the business state after a decision: the saga runs again when nothing else waits for a person."""
    waits = [path for path, step in turn.state.steps.items() if step.status is StepStatus.HELD and path not in chosen]
    return Milestone() if waits else Milestone(None, turn.definition.milestones.started.status)


def _let_go(turn: Turn, asked: Resolve, path: str) -> list[Action]:
    node = turn.definition.nodes[name_of(path)]
    if asked.action is Deed.SKIP:
        then = getattr(node, "then", None)
        return [Enter(then, prefix_of(path), path)] if then is not None else []
    if isinstance(node, Call):
        attempts.dispatch(turn, node, path, undo=False)
        return []
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


def migrate(turn: Turn, before: Definition, asked: Migrate) -> None:
    """Go on under another version, where every step that is not settled has its like there."""
    target, state = asked.target, turn.state
    migration = target.migrations.get(state.version)
    reason = _objection(before, target, state, migration)
    outputs: Json | None = None
    if reason is None and migration is not None and migration.context is not None:
        try:
            outputs = _transformed(before, state, migration)
        except UNREADABLE as error:
            reason = f"the context cannot be transformed: {error!r}"
    if reason is not None or migration is None:
        turn.record(InputIgnored("migrate", asked.input_id, asked.actor, reason or ""))
        return
    turn.record(SagaMigrated(target.version, dict(migration.renamed), outputs, asked.actor))


def _objection(before: Definition, target: Definition, state: State, migration: Migration | None) -> str | None:
    """Return why the saga cannot go over, None where it can."""
    if state.phase is not Phase.FORWARD:
        return f"a saga in {state.phase}, {state.status} keeps its version"
    if migration is None:
        return f"version {target.version} declares no migration from version {state.version}"
    reasons = (
        _no_like(path, step, before.nodes.get(name_of(path)), target, migration) for path, step in state.steps.items()
    )
    return next((reason for reason in reasons if reason is not None), None)


def _no_like(path: str, step: StepState, old: Node | None, target: Definition, migration: Migration) -> str | None:
    """Return why a step has no like in the other version; None where it has, or needs none."""
    is_open = step.status in OPEN
    if old is None or step.undo or not (is_open or isinstance(old, Call)):
        return None
    if isinstance(old, Call) and rename(path, migration.renamed) != path:
        return f"{path} sent a command and must keep its name, of which the token of its effect is made"
    new = target.nodes.get(name_of(rename(path, migration.renamed)))
    if new is None:
        needed = is_open or (isinstance(old, Call) and old.compensation is not None)
        return f"{path} has no like in version {target.version}" if needed else None
    if type(new) is not type(old):
        return f"{path} is a {type(old).__name__}, but a {type(new).__name__} in version {target.version}"
    if isinstance(new, Listen) and isinstance(old, Listen) and new.signals != old.signals:
        return f"{path} waits for other signals in version {target.version}"
    return None


def _transformed(before: Definition, state: State, migration: Migration) -> Json:
    """Return the results under the new names, those at the top as the migration's expression makes them."""
    assert migration.context is not None
    seen = scope_at(before, state, "", dict(state.outputs))
    made = migration.context(seen)
    if not isinstance(made, dict):
        raise TypeError("it must give an object")
    inner = {path: output for path, output in state.outputs.items() if "/" in path or ":" in path}
    return {**{rename(path, migration.renamed): output for path, output in inner.items()}, **made}
