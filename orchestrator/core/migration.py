"""Taking a running saga over to another version of its definition."""

from __future__ import annotations

from orchestrator.core.definition import Call, Definition, Listen, Migration, Node, Race, Try
from orchestrator.core.events import Json, SagaMigrated
from orchestrator.core.evolve_steps import rename, renamed
from orchestrator.core.expected import refuse
from orchestrator.core.inputs import Migrate
from orchestrator.core.joins import misplaced
from orchestrator.core.paths import name_of
from orchestrator.core.scope import UNREADABLE
from orchestrator.core.state import OPEN, Phase, State, StepState
from orchestrator.core.turn import Turn
from orchestrator.core.view import scope_at


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
        refuse(turn, asked, "migrate", reason or "")
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
    unlike = next((reason for reason in reasons if reason is not None), None)
    return unlike or next(misplaced(target, renamed(state.steps, migration.renamed)), None)


def _no_like(path: str, step: StepState, old: Node | None, target: Definition, migration: Migration) -> str | None:
    """Return why a step has no like in the other version; None where it has, or needs none."""
    is_open = step.status in OPEN
    if step.undo and is_open:
        return _no_undo(step, target)
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
    return _unlike(path, old, new, target) if is_open else None


def _no_undo(step: StepState, target: Definition) -> str | None:
    """Return why an undo on its way could not go on; None where it can."""
    node = target.nodes.get(name_of(step.step))
    if isinstance(node, Call) and node.compensation is not None:
        return None
    return f"{step.step} is being undone, and cannot be in version {target.version}"


def _unlike(path: str, old: Node, new: Node, target: Definition) -> str | None:
    """Return why a wait or a scope that is under way could not go on; None where it can."""
    if isinstance(new, Listen) and isinstance(old, Listen) and new.signals != old.signals:
        return f"{path} waits for other signals in version {target.version}"
    if isinstance(old, Race) and isinstance(new, Race) and len(old.entries) != len(new.entries):
        return f"{path} has {len(old.entries)} branches, but {len(new.entries)} in version {target.version}"
    if isinstance(old, Try) and isinstance(new, Try) and (old.catch is None) != (new.catch is None):
        return f"{path} catches what it fails with in one of the versions only"
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
