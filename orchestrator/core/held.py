"""Loops, races and tries that wait for a person: tried again, skipped, or neither."""

from __future__ import annotations

from orchestrator.core.actions import Action, Enter, Settle
from orchestrator.core.definition import Scoped, Try
from orchestrator.core.errors import SKIPPED
from orchestrator.core.events import Leaving, ScopeEntered, ScopeFailed, ScopeUnwound
from orchestrator.core.parts import count_of, is_unwinding, parts_of
from orchestrator.core.paths import CATCH, prefix_of
from orchestrator.core.turn import Turn


def resume(turn: Turn, node: Scoped, path: str) -> list[Action]:
    """Let a scope that waited for a person go on, its time counted anew; a try with nothing under way begins again."""
    held = turn.state.steps[path]
    begun, settled = parts_of(turn.state, path)
    if not begun:
        return [Enter(node.name, prefix_of(path), held.source)]
    attempt = 0 if not isinstance(node, Try) else max(int(part) for part in begun if part != CATCH)
    anew = isinstance(node, Try) and begun == settled and not is_unwinding(turn.state, path)
    timeout_at = None if node.timeout_ms is None else turn.now + node.timeout_ms
    turn.record(ScopeEntered(path, attempt + anew, (), timeout_at, held.source))
    if isinstance(node, Try) and anew:
        return [Enter(node.entry, f"{path}/{attempt + 1}/", held.source)]
    return [Settle(path)]


def abandon(turn: Turn, path: str, reason: str) -> None:
    """Close what is under way in a scope that a person skipped, and leave what it did as it is."""
    begun, settled = parts_of(turn.state, path)
    for part in sorted(begun - settled):
        turn.record(ScopeFailed(path, part, SKIPPED, reason, None, (), Leaving.CLOSE))
        turn.record(ScopeUnwound(path, part))


def objection(turn: Turn, node: Scoped, path: str, *, skip: bool) -> str | None:
    """Return why a person cannot have a scope that waits skipped, or tried again; None where they can."""
    unwinding = is_unwinding(turn.state, path)
    if skip:
        return f"what {path} did is still being undone" if unwinding else None
    if isinstance(node, Try) or unwinding:
        return None
    _, settled = parts_of(turn.state, path)
    spent = settled and len(settled) >= count_of(turn.state, path, node)
    return f"every part of {path} has ended: it can be skipped, not tried again" if spent else None
