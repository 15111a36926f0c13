"""Loops, races and tries that wait for a person: tried again, skipped, or neither."""

from __future__ import annotations

from orchestrator.core.actions import Action, Enter, Settle
from orchestrator.core.definition import Loop, Race, Scoped, Try
from orchestrator.core.errors import SKIPPED
from orchestrator.core.events import Leaving, ScopeEntered, ScopeFailed, ScopeUnwound
from orchestrator.core.parts import NO_PARTS, count_of, is_unwinding, missing, parts_of
from orchestrator.core.paths import CATCH, prefix_of
from orchestrator.core.scopes import ends_at
from orchestrator.core.turn import Turn


def resume(turn: Turn, node: Scoped, path: str) -> list[Action]:
    """Let a scope that waited for a person go on, its time counted anew; where nothing is under way it begins again."""
    held = turn.state.steps[path]
    begun, settled = parts_of(turn.state, path)
    if not begun:
        return [Enter(node.name, prefix_of(path), held.source)]
    is_over = begun == settled and not is_unwinding(turn.state, path)
    if not isinstance(node, Try):
        return _go_on(turn, node, path, anew=is_over)
    attempt = max(int(part) for part in begun if part != CATCH) + is_over
    turn.record(ScopeEntered(path, attempt, (), ends_at(turn, node), held.source))
    return [Enter(node.entry, f"{path}/{attempt}/", held.source)] if is_over else [Settle(path)]


def _go_on(turn: Turn, node: Loop | Race, path: str, *, anew: bool) -> list[Action]:
    """Let a loop or a race go on, or begin those of its parts anew that have no result.

    Only races and what is gathered come to an end without having ended well.
    """
    source, count = turn.state.steps[path].source, count_of(turn.state, path, node)
    number = turn.state.parts[path].last // count + anew
    again = missing(turn.state, path, count, number) if anew else []
    turn.record(ScopeEntered(path, number, (), ends_at(turn, node), source))
    if isinstance(node, Loop) or not anew:
        return [Settle(path)]
    return [Enter(node.entries[part % count], f"{path}/{part}/", source) for part in again]


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
    parts, count = turn.state.parts.get(path, NO_PARTS), count_of(turn.state, path, node)
    spent = count > 0 and not parts.running and not missing(turn.state, path, count, 0)
    return f"every part of {path} has its answer: it can be skipped, not tried again" if spent else None
